"""Kubernetes resource quantities: `500m`, `2`, `512Mi`, `1G`."""

import re

_SUFFIXES = {"": 1.0, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12} | {
    f"{letter}i": 1024.0**power for power, letter in enumerate("KMGT", start=1)
}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?(?:[eE]\d+)?)([a-zA-Z]*)")


def parse_quantity(text: str | float) -> float:
    """Return a quantity as a number of cores, bytes or devices.

    :raises ValueError: not a quantity.
    """
    found = _QUANTITY.fullmatch(str(text))
    if found is None or found[2] not in _SUFFIXES:
        raise ValueError(f"{text!r} is not a quantity such as 500m, 2, 512Mi or 1G")
    return float(found[1]) * _SUFFIXES[found[2]]
