"""A registered version as the training output and training set that it came from, so that it can be judged again."""

from pathlib import Path

from shamal.providers.mlflow import releases
from shamal.providers.mlflow.errors import InvalidTrainingSet
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.training_output import TrainingOutput, load_training_output
from shamal.providers.mlflow.training_set import TrainingSet, load_training_set


def fetch(
    hook: MlflowRegistryHook, model: str, destination: str, *, version: int | None
) -> tuple[TrainingOutput, TrainingSet]:
    """Download a version with what its training recorded, and find its training set.

    :param destination: empty folder.
    :param version: version number; None for the newest candidate.
    :raises VersionNotFound: no such version or alias.
    :raises DigestMismatch: a file is not the one that was registered.
    :raises InvalidTrainingSet: the training set is gone, or is no longer the one that the version came from.
    """
    found = hook.find_version(model, alias="candidate", version=version)
    reference = releases.fetch(hook, model, destination, alias="candidate", version=found["version"])
    folder = Path(reference["path"])
    for name in ("training.json", "weights.safetensors"):
        hook.download_file(found["run_id"], name, folder)
    training_set = load_training_set(reference["training_set"])
    registered = found["tags"]["shamal.training_set_digest"]
    if training_set.digest != registered:
        raise InvalidTrainingSet(
            f"{training_set.folder} has the digest {training_set.digest}, version {found['version']} of model "
            f"{model!r} came from {registered}: make that training set again, or judge a newer version"
        )
    return load_training_output(str(folder)), training_set
