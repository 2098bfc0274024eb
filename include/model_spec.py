"""The typed spec of a model folder: what a data engineer must decide, nothing else.

`python -m include.model_spec` writes the JSON Schema that editors use (include/model_spec.schema.json).
"""

import ast
import difflib
import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, StringConstraints, ValidationError, model_validator

from include.spec.file import Location, SpecError, SpecFile
from include.spec.gates import Gates
from include.spec.rollout import Rollout
from include.spec.serving import Serving
from include.spec.types import MODEL_NAME, Column, Cron, Name, Person, RelativePath, Sha256, Share, Strict

PROJECT = Path(__file__).parent.parent
MODELS = PROJECT / "include" / "models"
SCHEMA = PROJECT / "include" / "model_spec.schema.json"


class Source(Strict):
    """Where the rows come from, and when."""

    location: Annotated[str, StringConstraints(pattern=r"^(package:[a-z][a-z0-9_]*|/[^\s]+|[a-z0-9]+://[^\s]+)$")]
    """A folder, or `package:<name>` for the folder of an installed Python package."""
    files: dict[RelativePath, Sha256] = Field(min_length=1)
    """Every file that the job reads, with its SHA-256: a changed file is refused before Spark starts."""
    schedule: Cron
    first_day: date
    """First day for which the source has rows."""
    last_day: date
    """Last day for which the source has rows."""
    replay_year: int | None = Field(default=None, ge=1900, le=2200)
    """For recorded data: scheduled runs take the same calendar days of this year."""

    @model_validator(mode="after")
    def _days_in_order(self) -> "Source":
        if self.last_day < self.first_day:
            raise ValueError(f"last_day {self.last_day} is before first_day {self.first_day}")
        return self


class Table(Strict):
    """The published Iceberg table and the one for rows that broke a rule."""

    name: Column
    quarantine: Column


class Contract(Strict):
    """What the ingested rows must satisfy before anyone can read them."""

    expectations: RelativePath = "expectations.yaml"
    """File in the model folder with the row rules and table rules."""
    max_quarantined: Share
    """Largest share of rows that may be quarantined; above it nothing is published."""
    min_rows: int = Field(ge=1)


class Features(Strict):
    """What the model may look at, in the order in which it sees it: numerical columns, then categorical ones."""

    service: Annotated[str, StringConstraints(pattern=MODEL_NAME)]
    """The Feast feature service."""
    keys: list[Column] = Field(min_length=1)
    """Entity key columns."""
    numerical: list[Column] = Field(default_factory=list)
    categorical: dict[Column, Annotated[int, Field(ge=2, le=1_000_000)]] = Field(default_factory=dict)
    """Column → number of codes, code 0 meaning unknown."""
    on_missing: Literal["refuse", "impute"] = "refuse"
    """What a request by key gets when a row's features are missing or expired: a refusal, or an answer without them."""

    @model_validator(mode="after")
    def _some_and_distinct(self) -> "Features":
        columns = self.columns
        if not columns:
            raise ValueError("needs at least one numerical or categorical column")
        repeated = {column for column in columns if columns.count(column) > 1}
        if repeated:
            raise ValueError(f"columns given twice: {', '.join(sorted(repeated))}")
        return self

    @property
    def columns(self) -> list[str]:
        """Return the columns of the feature matrix, in order."""
        return [*self.numerical, *self.categorical]


class Training(Strict):
    """How a model is made."""

    compute: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$")]
    """Name of a profile in config/compute.yaml."""
    schedule: Cron
    history_days: int = Field(ge=1, le=3660)
    """Days of rows before the evaluation window that the model learns from."""
    evaluation_days: int = Field(ge=1, le=366)
    """The newest days, which the model never sees and by which it is judged."""
    cooldown_hours: int = Field(default=24, ge=0, le=8784)
    """New features do not train again within this time of the last training; drift and people do."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Settings of the training loop: epochs, batch_size, learning_rate, seed, precision, …"""


class Watch(Strict):
    """When the served model no longer fits the world."""

    schedule: Cron = "30 2 * * *"
    window_days: int = Field(ge=1, le=366)
    """Days of predictions in one report."""
    min_rows: int = Field(ge=1)
    """Fewer predictions than this give the verdict `insufficient_data`."""
    column_distance: float = Field(default=0.1, gt=0)
    """A numerical column has drifted from this Wasserstein distance, in standard deviations of the training rows."""
    drifted_share: Share
    """Share of drifted columns from which the verdict is `drift`."""


class ModelSpec(Strict):
    """One model: everything that `include/models/<name>/model.yaml` says."""

    name: Name
    """The folder's name, the prefix of the four DAGs, the registered model's name."""
    title: str = Field(min_length=1, max_length=200)
    """One sentence for people who have never heard of this model."""
    owner: Person
    """The team that is called at night."""
    approvers: list[Person] = Field(default_factory=list)
    """Airflow user ids who may approve a release; none means no approval is asked."""
    classification: Literal["public", "internal", "confidential", "restricted"]
    residency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    """Region of config/residency.yaml in which data and model must stay."""
    task: Literal["binary_classification", "regression"]
    source: Source
    table: Table
    contract: Contract
    features: Features
    label: Column
    training: Training
    gates: Gates
    serving: Serving = Field(default_factory=Serving)
    rollout: Rollout | None = None
    """Canary of a new version; without it, a version that passed its golden requests gets all traffic at once."""
    watch: Watch

    @model_validator(mode="after")
    def _label_is_no_feature(self) -> "ModelSpec":
        if self.label in self.features.columns:
            raise ValueError(f"label {self.label} is among the features; the model would see the answer")
        return self

    @model_validator(mode="after")
    def _rollout_fits_the_features(self) -> "ModelSpec":
        if self.rollout:
            self.rollout.canary(self.features.columns)
        return self

    def check_gates(self) -> None:
        """Refuse gates that the provider which judges them would refuse.

        Not part of loading: the provider's rules import Airflow, which programs beside it can do without.

        :raises SpecError: names file, line, gate and what is allowed.
        """
        try:
            self.gates.check(self.task, self.features.columns, self.approvers, self.owner)
        except ValueError as error:
            file = SpecFile(self.folder / "model.yaml")
            raise SpecError(f"{file.path}:{file.line(('gates',))}: {error}") from error

    @property
    def folder(self) -> Path:
        """Return the model's folder."""
        return MODELS / self.name

    @property
    def published_table(self) -> str:
        """Return the Iceberg identifier of the published table."""
        return f"{self.name}.{self.table.name}"

    @property
    def quarantine_table(self) -> str:
        """Return the Iceberg identifier of the quarantine table."""
        return f"{self.name}.{self.table.quarantine}"

    @property
    def runbook(self) -> str:
        """Return the docstring of the model's DAG file, which is its runbook ("" where there is no such file)."""
        file = PROJECT / "dags" / f"{self.name}.py"
        return (ast.get_docstring(ast.parse(file.read_text())) or "") if file.exists() else ""


def load_model(name: str, models: Path = MODELS) -> ModelSpec:
    """Return the spec of the model folder `name`.

    :param name: folder below `models`; lower-case letters, digits and underscores.
    :param models: the folder of model folders.
    :raises SpecError: the name, file or a field is wrong; names file, line, field, allowed values and a suggestion.
    """
    if not re.fullmatch(MODEL_NAME, name):
        raise SpecError(
            f"model name {name!r}: use 1 to 63 lower-case letters, digits and underscores, starting with a letter"
        )
    if not (models / name).is_dir():
        known = sorted(folder.parent.name for folder in models.glob("*/model.yaml"))
        raise SpecError(f"no model folder {models / name}.{_suggest(name, known)} Known models: {', '.join(known)}")
    file = SpecFile(models / name / "model.yaml")
    try:
        spec = ModelSpec.model_validate(file.data)
    except ValidationError as error:
        raise SpecError("\n".join(_explain(file, problem) for problem in error.errors())) from None
    if spec.name != name:
        raise SpecError(
            f"{file.path}:{file.line(('name',))}: name is {spec.name}, but the folder is {name}; make them equal"
        )
    return spec


def _explain(file: SpecFile, problem: Any) -> str:
    location: Location = problem["loc"]
    field = ".".join(str(step) for step in location) or "(whole file)"
    message = problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        allowed = sorted(_fields_at(location[:-1]))
        message = f"unknown field.{_suggest(str(location[-1]), allowed)} Allowed here: {', '.join(allowed)}"
    elif problem["type"] == "missing":
        message = "required field is missing; add it"
    elif isinstance(problem.get("input"), str | int | float | bool):
        message = f"{problem['input']!r}: {message}"
    return f"{file.path}:{file.line(location)}: {field}: {message}"


def _fields_at(location: Location) -> list[str]:
    model: Any = ModelSpec
    for step in location:
        if isinstance(step, int):  # a place in a list; what the list holds was found with its name
            continue
        annotation = model.model_fields[step].annotation
        # Optional[Part] and list[Part] hold the part among their arguments.
        parts = [part for part in (annotation, *get_args(annotation)) if hasattr(part, "model_fields")]
        model = parts[0]
    return list(model.model_fields)


def _suggest(given: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(given, allowed, n=1)
    return f" Did you mean {close[0]}?" if close else ""


def schema() -> str:
    """Return the JSON Schema of model.yaml as text."""
    return json.dumps(ModelSpec.model_json_schema(), indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema())
