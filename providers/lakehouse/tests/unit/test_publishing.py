"""The full behaviour is in the contract test; here is what only a real table can show."""

from pathlib import Path

from lakehouse_contract import JANUARY, TABLE, rows, stage

from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook


def test_publishing_writes_no_data_file(lake: Path) -> None:
    hook = LakehouseHook()
    stage(hook, JANUARY, rows(1))
    before = {path for path in lake.rglob("*") if path.suffix in (".parquet", ".avro")}
    hook.publish(TABLE, "staged")
    assert {path for path in lake.rglob("*") if path.suffix in (".parquet", ".avro")} == before
