import pytest

from shamal.providers.triton.canary import plan, state
from shamal.providers.triton.canary.checks import Check
from shamal.providers.triton.canary.observations import Counts, Position
from shamal.providers.triton.canary.state import State
from shamal.providers.triton.errors import InvalidDeployment


@pytest.fixture
def running():
    made = plan.make(
        [{"share": 0.1, "seconds": 10}],
        shadow_seconds=5,
        limits={"max_quality_loss": 0.1},
        confidence=0.99,
        hold_seconds=60,
        unsure="promote",
    )
    return State(
        "dag/run/task",
        version=2,
        champion=1,
        plan=made,
        begun=100.0,
        seen=107.5,
        step=1,
        granted=True,
        position=Position(7, 1234),
        candidate=Counts(10, 1, 2, 3, 4),
        labels=[Check("quality loss", 3, 0.1, -0.2, 0.3, 0.1, "open")],
        steps=[{"share": 0.0}],
    )


def test_another_process_finds_everything(running, tmp_path):
    running.save(tmp_path / "canary.json")
    assert state.load(tmp_path / "canary.json") == running


def test_no_file_is_no_canary(tmp_path):
    assert state.load(tmp_path / "canary.json") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"plan": 1}'])
def test_a_broken_file_is_named_with_the_way_out(tmp_path, text):
    (tmp_path / "canary.json").write_text(text)
    with pytest.raises(InvalidDeployment, match=r"canary\.json.*remove the file"):
        state.load(tmp_path / "canary.json")
