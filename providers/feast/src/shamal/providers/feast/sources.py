"""`IcebergTableSource`: what a features.py names as the table its feature view reads."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from feast.data_source import DataSource  # noqa: TID253 - only definitions and the stores import this
from feast.protos.feast.core.DataSource_pb2 import (  # noqa: TID253
    DataSource as DataSourceProto,
)
from feast.repo_config import RepoConfig  # noqa: TID253
from feast.type_map import pa_to_feast_value_type  # noqa: TID253
from feast.value_type import ValueType  # noqa: TID253
from shamal.providers.feast.errors import InvalidDefinitions
from shamal.providers.feast.iceberg import load_table


class IcebergTableSource(DataSource):  # type: ignore[misc]
    """An Iceberg table, by name only: the catalog comes from the connection.

    Feast's own IcebergSource writes the catalog's address into the registry, which ties definitions to one
    environment; with this one the same features.py works on a laptop and on a cluster.

    :param table: `namespace.table` in the catalog of the connection; its main branch is read
    :param timestamp_field: column with the time at which a row's features became known
    :param created_timestamp_column: column that breaks ties between rows of one key and time; newest wins
    :param field_mapping: `{column: feature}` for features named otherwise than their column
    """

    def __init__(
        self,
        *,
        table: str,
        timestamp_field: str,
        created_timestamp_column: str | None = None,
        field_mapping: dict[str, str] | None = None,
        name: str | None = None,
        description: str = "",
        tags: dict[str, str] | None = None,
        owner: str = "",
    ) -> None:
        if not timestamp_field or "." not in table:
            raise InvalidDefinitions(
                f"IcebergTableSource(table={table!r}, timestamp_field={timestamp_field!r}): needs a table "
                "as namespace.table and the name of its time column."
            )
        super().__init__(
            name=name or table,
            timestamp_field=timestamp_field,
            created_timestamp_column=created_timestamp_column,
            field_mapping=field_mapping,
            description=description,
            tags=tags,
            owner=owner,
        )
        self.table = table

    @staticmethod
    def from_proto(data_source: DataSourceProto) -> Any:
        """Return the source as the registry keeps it."""
        return IcebergTableSource(
            table=json.loads(data_source.custom_options.configuration)["table"],
            timestamp_field=data_source.timestamp_field,
            created_timestamp_column=data_source.created_timestamp_column,
            field_mapping=dict(data_source.field_mapping),
            name=data_source.name,
            description=data_source.description,
            tags=dict(data_source.tags),
            owner=data_source.owner,
        )

    def _to_proto_impl(self) -> DataSourceProto:
        return DataSourceProto(
            name=self.name,
            type=DataSourceProto.CUSTOM_SOURCE,
            data_source_class_type=f"{type(self).__module__}.{type(self).__qualname__}",
            custom_options=DataSourceProto.CustomSourceOptions(
                configuration=json.dumps({"table": self.table}).encode()
            ),
            timestamp_field=self.timestamp_field,
            created_timestamp_column=self.created_timestamp_column,
            field_mapping=self.field_mapping,
            description=self.description,
            tags=self.tags,
            owner=self.owner,
        )

    def source_type(self) -> Any:
        """Return Feast's number for sources defined outside Feast."""
        return DataSourceProto.CUSTOM_SOURCE

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IcebergTableSource) and bool(super().__eq__(other)) and self.table == other.table

    def __hash__(self) -> int:
        return hash((self.name, self.table))

    def validate(self, config: RepoConfig) -> None:
        """Fail when the table cannot be loaded."""
        load_table(config.offline_store.catalog, self.table)

    def get_table_column_names_and_types(self, config: RepoConfig) -> Iterable[tuple[str, str]]:
        """Return (column, Arrow type) pairs, from which Feast infers a schema that definitions leave out."""
        schema = load_table(config.offline_store.catalog, self.table).schema().as_arrow()
        return [(field.name, str(field.type)) for field in schema]

    @staticmethod
    def source_datatype_to_feast_value_type() -> Callable[[str], ValueType]:
        """Return the function from Arrow type names to Feast types."""
        return pa_to_feast_value_type  # type: ignore[no-any-return]

    def get_table_query_string(self) -> str:
        """Return the table's name."""
        return self.table
