"""Watches a model's route: when a version is given a share of the requests, and when it is taken away."""

import time

from shamal.providers.triton.repository import ModelRepository

LOOK_EVERY_SECONDS = 0.02


def until_share(repository: ModelRepository, model: str, version: int, *, given: bool, seconds: float = 60.0) -> float:
    """Wait until the version has a share that counts, or none; return when that was (Unix seconds).

    :param seconds: how long to wait.
    :raises TimeoutError: it did not happen.
    """
    deadline = time.time() + seconds
    while (now := time.time()) < deadline:
        route = repository.route(model)
        if route is not None and (version in route.shares(now)) == given:
            return now
        time.sleep(LOOK_EVERY_SECONDS)
    raise TimeoutError(
        f"{model}: after {seconds:.0f} s version {version} {'has no share' if given else 'still has its share'}"
    )
