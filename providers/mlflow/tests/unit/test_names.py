import pytest

from shamal.providers.mlflow.errors import InvalidName
from shamal.providers.mlflow.names import require_alias, require_model, require_run_id, require_version


def test_good_names_pass() -> None:
    assert require_model("flight_delays") == "flight_delays"
    assert require_alias("champion") == "champion"
    assert require_run_id("0" * 32) == "0" * 32
    assert require_version("12") == 12


@pytest.mark.parametrize("name", ["", "Flight", "../etc", "a" * 64, "a b", "x'y", "a.lock", "a\n"])
def test_odd_names_are_refused(name: str) -> None:
    for require in (require_model, require_alias, require_run_id):
        with pytest.raises(InvalidName, match="does not match"):
            require(name)


@pytest.mark.parametrize("version", ["", "0", "-1", "1.0", None, True, "²"])
def test_odd_versions_are_refused(version: object) -> None:
    with pytest.raises(InvalidName, match="whole number"):
        require_version(version)
