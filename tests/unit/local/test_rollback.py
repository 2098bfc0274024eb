import getpass
from pathlib import Path

from local import rollback, settings
from shamal.providers.mlflow.testing import FakeMlflow
from shamal.providers.triton.testing import FakeTriton
from tests.released_model import ReleasedModel


def test_the_command_says_who_answers_and_what_is_owed(tmp_path: Path) -> None:
    triton = FakeTriton(tmp_path)
    model = ReleasedModel(triton, FakeMlflow(tmp_path / "mlflow"), tmp_path / "trained", "churn")
    model.candidates(1, 2)
    model.promote(1, None)
    model.promote(2, 1)
    told = rollback.rollback(triton, "churn", "it is bad")
    assert "churn: version 1 answers, version 2 does not any more" in told
    assert "Owed: the registry's alias" in told
    assert "Triton does not run" not in told
    entry = model.releases.journal()[-1]
    assert (entry["action"], entry["by"], entry["reason"]) == ("rollback", getpass.getuser(), "it is bad")
    triton.live = False
    assert "Owed: Triton does not run" in rollback.rollback(triton, "churn", "again")


def test_the_hook_is_the_stacks_without_asking_anybody() -> None:
    values = settings.load("test")
    hook = rollback.hook(values)
    assert hook.address == "127.0.0.1:18000"
    assert hook.repository.root == Path(values["SHAMAL_TRITON_MODELS"])
