import json
import sys
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowNotFoundException

from shamal.providers.lakehouse.interval import Interval
from shamal.providers.lakehouse.spark import read_summary, submit_hook


def command(tmp_path: Path, conn_id: str = "spark_default") -> tuple[str, dict[str, str] | None]:
    hook = submit_hook(
        spark_conn_id=conn_id,
        application="models/flight_delays/ingest.py",
        source=Path("/data"),
        interval=Interval.parse("2013-01-01", "2013-02-01"),
        time_column="event_timestamp",
        folder=tmp_path,
    )
    return " ".join(hook._build_spark_submit_command("stage.py")), hook._env


def test_a_local_master_stays_on_this_machine_and_in_its_folder(lake: Path, tmp_path: Path) -> None:
    line, environment = command(tmp_path)
    for part in (
        "--master local[2]",
        "outputTimestampType=TIMESTAMP_MICROS",
        "spark.ui.enabled=false",
        "spark.driver.bindAddress=127.0.0.1",
        f"spark.local.dir={tmp_path}/scratch",
        "--start 2013-01-01 --end 2013-02-01",
    ):
        assert part in line
    assert environment is not None
    assert environment["PATH"].startswith(str(Path(sys.executable).parent))


def test_a_cluster_keeps_its_own_settings(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {"conn_type": "spark", "host": "spark://spark.example", "port": 7077}
    monkeypatch.setenv("AIRFLOW_CONN_CLUSTER", json.dumps(connection))
    line, environment = command(tmp_path, "cluster")
    assert "--master spark://spark.example:7077" in line
    assert "127.0.0.1" not in line
    assert environment is None


def test_a_missing_connection_is_no_yarn_cluster(tmp_path: Path) -> None:
    with pytest.raises(AirflowNotFoundException, match="nowhere"):
        command(tmp_path, "nowhere")


def test_summary(tmp_path: Path) -> None:
    (tmp_path / "_summary.json").write_text('{"rows": 3}')
    assert read_summary(tmp_path) == {"rows": 3}
