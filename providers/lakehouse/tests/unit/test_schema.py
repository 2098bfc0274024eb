import pyarrow as pa  # noqa: TID253 - a test module is a leaf
import pytest

from shamal.providers.lakehouse.errors import SchemaChanged
from shamal.providers.lakehouse.schema import check_schema, without_large_types


def test_all_differences_are_listed() -> None:
    old = pa.schema([("a", pa.int64()), ("b", pa.large_string()), ("c", pa.float64())])
    check_schema("m.t", pa.schema([("c", pa.float64()), ("b", pa.string()), ("a", pa.int64())]), old)
    with pytest.raises(SchemaChanged) as error:
        check_schema("m.t", pa.schema([("a", pa.int32()), ("b", pa.string()), ("d", pa.timestamp("ns"))]), old)
    for part in ("m.t", "a is int32, the table has int64", "c (double) is missing", "d (timestamp[ns]) is new"):
        assert part in str(error.value)


def test_large_types_become_plain() -> None:
    assert without_large_types(pa.large_list(pa.large_string())) == pa.list_(pa.string())
    nested = pa.struct([("x", pa.large_list(pa.float32()))])
    assert without_large_types(nested) == pa.struct([("x", pa.list_(pa.float32()))])
