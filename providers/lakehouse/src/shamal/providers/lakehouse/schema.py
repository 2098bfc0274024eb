"""Which Parquet columns a table accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shamal.providers.lakehouse.errors import SchemaChanged

if TYPE_CHECKING:
    import pyarrow as pa

# Arrow types that mean one Iceberg type.
SAME = {"large_string": "string", "large_binary": "binary", "int8": "int32", "int16": "int32"}
TIMESTAMP = "timestamp[us, tz=UTC]"


def _types(schema: pa.Schema) -> dict[str, str]:
    return {
        field.name: SAME.get(
            str(field.type), str(field.type).replace("large_list", "list").replace("<item:", "<element:")
        )
        for field in schema
    }


def check_schema(table: str, found: pa.Schema, expected: pa.Schema | None) -> None:
    """Raise unless the columns found can be written to the table; their order does not matter.

    :param found: schema of the files to commit.
    :param expected: schema of the table, None for a table that is created from these files.
    :raises SchemaChanged: with every column that is missing, new, of another type, or a timestamp Iceberg cannot hold.
    """
    new = _types(found)
    problems = [
        f"{name} is {kind}; a timestamp must be {TIMESTAMP}"
        for name, kind in new.items()
        if kind.startswith("timestamp") and kind != TIMESTAMP
    ]
    if expected is not None:
        old = _types(expected)
        problems += [f"{name} ({kind}) is missing" for name, kind in old.items() if name not in new]
        problems += [f"{name} ({kind}) is new" for name, kind in new.items() if name not in old]
        problems += [
            f"{name} is {new[name]}, the table has {kind}"
            for name, kind in old.items()
            if name in new and new[name] != kind and not new[name].startswith("timestamp")
        ]
    if problems:
        raise SchemaChanged(
            f"columns for table {table} do not fit: {'; '.join(problems)}. Nothing was written. Correct the job, or, "
            f"if the change is meant, evolve the table first: LakehouseHook().table({table!r}).update_schema()."
        )


def without_large_types(kind: pa.DataType) -> pa.DataType:
    """Return the type with 32-bit offsets: Arrow's JSON reader knows no `large_` types, Iceberg's schemas have them."""
    import pyarrow as pa

    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(without_large_types(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, without_large_types(field.type)) for field in kind])
    return kind
