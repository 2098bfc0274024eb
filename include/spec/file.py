"""Reads a YAML file strictly and remembers the line of every field, so that errors can point at it."""

from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 64 * 1024
"""A spec is a page of decisions; anything larger is not one."""

Location = tuple[str | int, ...]


class SpecError(ValueError):
    """A model folder cannot be used as it is; the message names file, line, field and next step."""


class SpecFile:
    """One parsed YAML document: `data` as plain Python, and `line(location)` for error messages.

    :param path: the file to read; UTF-8, one document, at most 64 KiB.
    :raises SpecError: the file is missing, too large, not YAML, not a mapping, or repeats or aliases a key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        text = self._read()
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            self._refuse_repeats_and_aliases(root, set())
            self.data: Any = yaml.safe_load(text)
        except (yaml.YAMLError, RecursionError) as error:
            mark = getattr(error, "problem_mark", None)
            line = mark.line + 1 if mark else 1
            problem = getattr(error, "problem", None) or str(error).splitlines()[0]
            raise SpecError(f"{path}:{line}: not valid YAML: {problem}") from error
        if root is None or not isinstance(self.data, dict):
            raise SpecError(f"{path}:1: expected a mapping of fields, found {type(self.data).__name__}")
        self._root = root

    def line(self, location: Location) -> int:
        """Return the 1-based line of a field, or of its nearest existing parent."""
        node: yaml.Node = self._root
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            node = child
        return int(node.start_mark.line) + 1

    def _read(self) -> str:
        try:
            raw = self.path.read_bytes()
        except OSError as error:
            raise SpecError(f"{self.path}: cannot be read ({error.strerror}); every model folder needs it") from error
        if len(raw) > MAX_BYTES:
            raise SpecError(f"{self.path}: {len(raw)} bytes; a spec has at most {MAX_BYTES}")
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SpecError(f"{self.path}: byte {error.start} is not UTF-8; save the file as UTF-8") from error

    def _refuse_repeats_and_aliases(self, node: yaml.Node | None, seen: set[int]) -> None:
        if node is None:
            return
        if id(node) in seen:
            line = node.start_mark.line + 1
            raise SpecError(f"{self.path}:{line}: YAML aliases are not allowed here; write the value out")
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                if key.value in keys:
                    line = key.start_mark.line + 1
                    raise SpecError(f"{self.path}:{line}: {key.value} is given twice; keep one of them")
                keys.add(key.value)
                self._refuse_repeats_and_aliases(value, seen)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._refuse_repeats_and_aliases(item, seen)


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    found: yaml.Node | None = None
    if isinstance(node, yaml.MappingNode):
        found = next((value for key, value in node.value if key.value == str(step)), None)
    elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found = node.value[step]
    return found
