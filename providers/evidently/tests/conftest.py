"""Windows of a small model."""

# ruff: noqa: TID253 - tests use what the tasks use

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def window(tmp_path: Path) -> Callable[..., str]:
    """Return a function that writes a window and returns its path.

    shift moves the numerical columns, turn the categories and spread the scores.
    """

    def write(name: str, rows: int = 2000, *, shift: float = 0.0, seed: int = 1, **replaced: object) -> str:
        random = np.random.default_rng(seed)
        score = np.clip(random.beta(2, 5, rows) + shift / 4, 0, 1)
        columns: dict[str, object] = {
            "distance": random.normal(shift, 1, rows),
            "wind": random.normal(5 * shift, 3, rows),
            "carrier": np.where(random.random(rows) < shift, 2, random.integers(1, 6, rows)),
            "late": (random.random(rows) < score).astype(float),
            "score": score,
        }
        path = tmp_path / f"{name}.parquet"
        pd.DataFrame(columns | replaced).to_parquet(path)
        return str(path)

    return write
