from pathlib import Path

import pytest

from shamal.providers.mlflow.errors import VersionNotFound
from shamal.providers.mlflow.testing import FakeMlflow


def test_a_new_fake_is_empty_and_says_so_as_the_server_does(tmp_path: Path) -> None:
    with pytest.raises(VersionNotFound):
        FakeMlflow(tmp_path).find_version("flight_delays", version=1)
