import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from local.shares import until_share
from shamal.providers.triton.repository import ModelRepository
from shamal.providers.triton.router.route import Route


@pytest.fixture
def repository(tmp_path: Path) -> ModelRepository:
    made = ModelRepository(tmp_path / "models")
    made.write_route("churn", None, Route(1, None, {1: 1.0}), tmp_path, 2.0)
    return made


def test_a_share_is_seen_when_it_is_given_and_when_it_lapses(repository: ModelRepository, tmp_path: Path) -> None:
    def give() -> None:
        time.sleep(0.2)
        route = repository.route("churn")
        assert route is not None
        shared = replace(route, weights={1: 0.9, 2: 0.1}, expires=time.time() + 0.5)
        repository.write_route("churn", route, shared, tmp_path, 2.0)

    threading.Thread(target=give).start()
    given = until_share(repository, "churn", 2, given=True, seconds=5)
    taken = until_share(repository, "churn", 2, given=False, seconds=5)
    assert 0.3 < taken - given < 2


def test_a_share_that_never_comes_is_named(repository: ModelRepository) -> None:
    with pytest.raises(TimeoutError, match="churn: after 0 s version 2 has no share"):
        until_share(repository, "churn", 2, given=True, seconds=0.1)
