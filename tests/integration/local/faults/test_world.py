from typing import Any

import pytest

from local.faults.world import world

pytestmark = pytest.mark.integration


@pytest.mark.usefixtures("airflow_connections")
def test_a_world_serves_a_good_version_and_goes_without_a_trace(stack: Any) -> None:
    with world(stack.settings, "none") as made:
        version = made.serve()
        assert [made.ask(number) for number in range(3)] == [version] * 3
        assert made.mlflow.alias_version(made.model, "champion") == version
        name, repository = made.model, made.triton.repository
    assert not list(repository.root.glob(f"{name}*"))
    assert name not in {model.removesuffix(f"__v{version}") for model in made.triton.loaded_models()}
    assert made.mlflow.alias_version(name, "champion") is None
