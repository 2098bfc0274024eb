from typing import Any

import pytest

from shamal.providers.feast.errors import InvalidDefinitions

pytestmark = pytest.mark.integration


def test_the_registry_keeps_the_table_and_not_the_catalog() -> None:
    from feast.data_source import DataSource

    from shamal.providers.feast.sources import IcebergTableSource

    source = IcebergTableSource(table="a.b", timestamp_field="at", created_timestamp_column="made")
    assert DataSource.from_proto(source.to_proto()) == source


@pytest.mark.parametrize(
    "arguments", [{"table": "b", "timestamp_field": "at"}, {"table": "a.b", "timestamp_field": ""}]
)
def test_an_incomplete_source_is_refused(arguments: dict[str, Any]) -> None:
    from shamal.providers.feast.sources import IcebergTableSource

    with pytest.raises(InvalidDefinitions, match=r"namespace\.table"):
        IcebergTableSource(**arguments)
