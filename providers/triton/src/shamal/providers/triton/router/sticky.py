"""Which version answers: an entity keeps its version while a candidate's share grows."""

import hashlib


def point(model: str, entity_id: bytes) -> float:
    """Return where an entity lies in [0, 1), the same in every process and for ever.

    :param model: its name is part of what is hashed, so that an entity is not a guinea pig of every model at once.
    """
    digest = hashlib.blake2b(model.encode() + b"/" + entity_id, digest_size=7).digest()
    return int.from_bytes(digest, "big") / (1 << 56)


def version_at(point: float, shares: dict[int, float], champion: int) -> int:
    """Return the version that answers at a point of [0, 1).

    The candidates, smallest first, take the shares from 0 up and the champion the rest: an entity that a candidate
    answers at 5 % is still answered by it at 25 %.
    """
    end = 0.0
    for version in sorted(shares):
        if version != champion:
            end += shares[version]
            if point < end:
                return version
    return champion
