"""What a DAG's tags say: `model:<name>`, `classification:<x>`, `residency:<X>`."""

from collections.abc import Iterable

NONE = "-"


def values(tags: Iterable[str], kind: str) -> list[str]:
    """Return what the tags `<kind>:<value>` say, sorted.

    :param kind: `model`, `classification` or `residency`
    """
    return sorted(tag.removeprefix(f"{kind}:") for tag in tags if tag.startswith(f"{kind}:"))


def value(tags: Iterable[str], kind: str) -> str:
    """Return the values of one kind joined by `,`, or `-` when no tag is of this kind."""
    return ",".join(values(tags, kind)) or NONE
