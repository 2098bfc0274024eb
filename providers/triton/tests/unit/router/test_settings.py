import pytest

from shamal.providers.triton.router import settings
from shamal.providers.triton.router.settings import ServingSettings


def test_settings_survive_their_file(tmp_path):
    given = ServingSettings(2, 64, 500, 20.5, 100)
    (tmp_path / settings.FILE).write_text(given.to_json())
    assert settings.read(tmp_path) == given


def test_a_version_deployed_before_the_file_existed_has_the_defaults(tmp_path):
    assert settings.read(tmp_path) == ServingSettings()


@pytest.mark.parametrize("text", ["{", '{"instances": 0}', '{"instnces": 1}', "[]"])
def test_a_broken_file_is_refused(tmp_path, text):
    (tmp_path / settings.FILE).write_text(text)
    with pytest.raises(ValueError, match=r"\w"):
        settings.read(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"instances": 0}, "instances is 0; give a whole number from 1"),
        ({"instances": True}, "instances is True"),
        ({"instances": 1.5}, "instances is 1.5"),
        ({"max_batch_rows": -1}, "max_batch_rows is -1; give a whole number from 0"),
        ({"queue_delay_us": 100}, "give max_batch_rows"),
        ({"warm_up_p99_ms": 0}, "warm_up_p99_ms is 0; give milliseconds above 0"),
        ({"candidate_timeout_ms": float("inf")}, "candidate_timeout_ms is inf"),
        ({"candidate_timeout_ms": float("nan")}, "candidate_timeout_ms is nan"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong, says):
    with pytest.raises(ValueError, match=says):
        ServingSettings(**wrong)
