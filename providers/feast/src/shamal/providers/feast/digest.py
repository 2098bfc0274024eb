"""A digest of rows: the same names, types and values give the same digest, however the file was written."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyarrow import ChunkedArray, Table


def digest(header: str, tables: list["Table"]) -> str:
    """Return the SHA-256 of a header and the tables' content, in hexadecimal.

    :param header: text that must also be equal, such as the columns' roles
    :param tables: rows in the order that counts
    """
    sha = hashlib.sha256(header.encode())
    for table in tables:
        sha.update(f"rows {table.num_rows}\n".encode())
        for name in table.column_names:
            for part in _column(table[name]):
                sha.update(part)
            sha.update(f"column {name}\n".encode())
    return sha.hexdigest()


def _column(column: "ChunkedArray") -> list[bytes]:
    """Return type, nulls and values; what memory holds under a null, and how it is chunked, do not count."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    nulls = np.packbits(column.is_null().to_numpy()).tobytes()
    if pa.types.is_temporal(kind):
        column = column.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    if pa.types.is_boolean(kind):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        values = column.fill_null(0).to_numpy().tobytes()
        return [str(kind).encode(), nulls, values]
    texts = column.cast(pa.large_string()).fill_null("")
    lengths = pc.binary_length(texts).to_numpy().tobytes()
    return [str(kind).encode(), nulls, lengths, "".join(texts.to_pylist()).encode()]
