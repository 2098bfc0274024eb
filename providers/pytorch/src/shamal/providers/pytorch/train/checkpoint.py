"""Checkpoints of one training run: written beside and renamed, so that a kill leaves a whole one."""

import os
import pickle
from pathlib import Path
from typing import Any

import torch  # noqa: TID253 - this module is imported in the pod only

KEPT = 2


def save(folder: Path, epoch: int, state: dict[str, Any]) -> Path:
    """Write the state after an epoch and forget all but the newest two.

    :param epoch: epochs finished
    :param state: tensors, numbers and strings only, so that `weights_only=True` reads it
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"epoch-{epoch:06d}.pt"
    beside = path.with_suffix(".tmp")
    with beside.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink()
    return path


def load_newest(folder: Path, fingerprint: str) -> dict[str, Any] | None:
    """Return the newest readable state written for the same inputs, or None.

    :param fingerprint: digest of everything that decides the result; a state of other inputs is not resumed
    """
    for path in _newest_first(folder):
        try:
            state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            print(f"checkpoint {path.name} cannot be read, trying an older one: {error}", flush=True)
            continue
        if state.get("fingerprint") == fingerprint:
            return state
        print(f"checkpoint {path.name} belongs to other data, settings or code: starting anew", flush=True)
        return None
    return None


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("epoch-*.pt"), reverse=True)
