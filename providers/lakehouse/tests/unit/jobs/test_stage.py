"""The job itself runs in tests/integration/test_spark.py; here is how it finds `build`."""

from pathlib import Path

import pytest

from shamal.providers.lakehouse.jobs.stage import load_build


def test_build_is_loaded_by_path(tmp_path: Path) -> None:
    file = tmp_path / "ingest.py"
    file.write_text("def build(spark, source, start, end):\n    return source\n")
    assert load_build(file)(None, "here", None, None) == "here"
    file.write_text("x = 1\n")
    with pytest.raises(SystemExit, match="has no function build"):
        load_build(file)
