"""Where a job's source files are, and the proof that they are the recorded ones."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from shamal.providers.lakehouse.errors import SourceChanged, SourceMissing

PACKAGE = "package:"


def resolve_source(source: str) -> Path:
    """Return the folder of a source.

    :param source: a folder, or `package:<name>` for the folder of an installed package (which is never imported).
    :raises SourceMissing: the folder or package does not exist.
    """
    if source.startswith(PACKAGE):
        return _package_folder(source.removeprefix(PACKAGE))
    folder = Path(source)
    if not folder.is_dir():
        raise SourceMissing(
            f"source {source!r} is no folder on this worker. Mount it here or correct the model's source."
        )
    return folder


def _package_folder(name: str) -> Path:
    # A dotted name would make find_spec import the parent package.
    spec = importlib.util.find_spec(name) if name.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise SourceMissing(
            f"source 'package:{name}' names no installed top-level package. "
            f"Install it in the workers' environment or correct the model's source."
        )
    return Path(spec.submodule_search_locations[0])


def check_digests(folder: Path, digests: Mapping[str, str]) -> None:
    """Raise unless each listed file of the folder exists and has its recorded digest.

    :param digests: SHA-256 (hexadecimal) by file path relative to the folder.
    :raises SourceMissing: a file does not exist in the folder.
    :raises SourceChanged: a file's digest differs (a truncated file counts as changed).
    """
    for name, expected in digests.items():
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            raise SourceMissing(
                f"source file {name!r} does not exist in {folder}. "
                f"Restore it, or correct source_sha256 in the model's spec."
            )
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != expected.lower():
            raise SourceChanged(
                f"source file {path} has SHA-256 {found}, the spec expects {expected}. If the new file is meant, "
                f"record its digest in source_sha256; otherwise restore the file. Nothing was read."
            )
