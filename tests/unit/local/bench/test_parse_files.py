from pathlib import Path

import pytest

from local.bench.parse_files import cpu_seconds

DAGS = Path(__file__).parents[4] / "dags"


def test_each_file_has_its_cpu_seconds() -> None:
    seconds = cpu_seconds([DAGS / "flight_delays.py", DAGS / "seattle_weather.py"])
    assert len(seconds) == 2
    assert min(seconds) > 0


def test_a_file_without_dags_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise ValueError('no such model')")
    with pytest.raises(ValueError, match="no such model"):
        cpu_seconds([tmp_path / "broken.py"])
