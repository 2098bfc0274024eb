"""Judges a candidate by the gates of its spec, outside of Airflow: `python -m include.release.gate <model>`.

With a model alone it judges the newest candidate of the registry, or `--version`, found through the Airflow connection
`mlflow_default`. With `--training-output`, `--training-set` and `--champion` it needs no server: that is for CI.
The exit code is 0 when every gate says yes, 1 when one says no, 2 when nothing could be judged.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

from airflow.sdk.exceptions import AirflowException

from include.model_spec import ModelSpec, load_model
from include.spec.file import SpecError
from shamal.providers.mlflow.errors import InvalidTrainingOutput
from shamal.providers.mlflow.evaluation import Evaluation, evaluate
from shamal.providers.mlflow.gates import champion, registered, suite
from shamal.providers.mlflow.gates.champion import Champion
from shamal.providers.mlflow.hooks.registry import MlflowRegistryHook
from shamal.providers.mlflow.training_output import load_training_output
from shamal.providers.mlflow.training_set import load_training_set


def judge_registered(model: ModelSpec, version: int | None) -> Evaluation:
    """Judge a registered version against the champion of the moment.

    :param version: version number; None for the newest candidate.
    :raises VersionNotFound: no such version.
    :raises InvalidTrainingSet: its training set is gone or another one.
    """
    hook = MlflowRegistryHook()
    with tempfile.TemporaryDirectory() as candidates, tempfile.TemporaryDirectory() as champions:
        output, training_set = registered.fetch(hook, model.name, candidates, version=version)
        return evaluate(output, training_set, _suite(model), champion=champion.fetch(hook, model.name, champions))


def judge_files(model: ModelSpec, training_output: str, training_set: str, serving: str) -> Evaluation:
    """Judge what a training wrote, without any server.

    :param training_output: folder with model.onnx, weights.safetensors and training.json.
    :param training_set: folder with train.parquet, evaluation.parquet and training_set.json.
    :param serving: the champion's folder `<model>/<version>` as FetchModelOperator leaves it, or `none`.
    """
    return evaluate(
        load_training_output(training_output),
        load_training_set(training_set),
        _suite(model),
        champion=None if serving == "none" else _champion(Path(serving)),
    )


def _suite(model: ModelSpec) -> suite.Suite:
    return suite.parse(model.task, model.gates.definition(), approvers=model.approvers, owner=model.owner)


def _champion(folder: Path) -> Champion:
    if not folder.name.isdigit() or not (folder / "golden.json").is_file():
        raise InvalidTrainingOutput(
            f"champion {folder} is no folder <model>/<version> of FetchModelOperator; give one, or none before the "
            "first release"
        )
    return Champion(int(folder.name), folder)


def main(arguments: list[str] | None = None) -> int:
    """Judge, print the table or gates.json, and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m include.release.gate", description="Judge a candidate; release nothing."
    )
    parser.add_argument("model", help="folder below include/models")
    parser.add_argument("--version", type=int, help="registered version; default: the newest candidate")
    parser.add_argument("--training-output", metavar="FOLDER", help="judge these files instead of a version")
    parser.add_argument("--training-set", metavar="FOLDER")
    parser.add_argument("--champion", metavar="FOLDER", help="<model>/<version>, or none before the first release")
    parser.add_argument("--json", action="store_true", help="print gates.json instead of the table")
    given = parser.parse_args(arguments)
    files = [given.training_output, given.training_set, given.champion]
    if any(files) and (not all(files) or given.version is not None):
        parser.error("--training-output, --training-set and --champion belong together, and exclude --version")
    try:
        model = load_model(given.model)
        found = judge_files(model, *files) if all(files) else judge_registered(model, given.version)
    except (SpecError, AirflowException) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(found.as_dict(), indent=1, allow_nan=False) if given.json else found.report())
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
