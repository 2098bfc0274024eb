import os
from pathlib import Path

import pytest

from local.bench import process
from local.bench.result import CannotMeasure


def module(folder: Path, source: str) -> dict[str, str]:
    (folder / "probe.py").write_text(source)
    return dict(os.environ)


def test_the_last_line_is_the_result(tmp_path: Path) -> None:
    environment = module(tmp_path, "import sys; print('noise'); print('[1.5, \"' + sys.argv[1] + '\"]')")
    assert process.run("probe", "x", environment=environment, folder=tmp_path) == [1.5, "x"]


def test_a_failure_shows_its_last_lines(tmp_path: Path) -> None:
    environment = module(tmp_path, "raise SystemExit('no model is served')")
    with pytest.raises(CannotMeasure, match="no model is served"):
        process.run("probe", environment=environment, folder=tmp_path)


def test_what_hangs_is_ended(tmp_path: Path) -> None:
    environment = module(tmp_path, "import time; time.sleep(60)")
    with pytest.raises(CannotMeasure, match="did not end"):
        process.run("probe", environment=environment, folder=tmp_path, timeout=0.2)
