"""A model name of its own on the real server, and nothing of it left afterwards."""

import shutil
import time
import uuid

import pytest

from shamal.providers.triton.hooks.triton import TritonHook


@pytest.fixture
def hook(airflow_connections):
    return TritonHook()


@pytest.fixture
def model(hook):
    name, repository = f"it_{uuid.uuid4().hex[:8]}", hook.repository
    yield name
    hook.unload(name)
    for version in repository.versions(name):
        hook.unload(f"{name}__v{version}")
        repository.remove_version(name, version)
    for file in repository.root.glob(f"{name}__v*.benchmark.json"):
        file.unlink()
    if (repository.root / name).exists():
        time.sleep(1)  # an unloaded router writes its last counts
        repository.remove_router(name)
        repository.approve()
    shutil.rmtree(hook.prediction_log / name, ignore_errors=True)
