"""What the Kubernetes manifests of every model share, from config/kubernetes/settings.yaml."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from include.model_spec import PROJECT
from include.spec.file import SpecError, SpecFile
from include.spec.types import Strict

SETTINGS = PROJECT / "config" / "kubernetes" / "settings.yaml"
IMAGE = re.compile(
    r"[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)*(:(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)


def _fixed_image(image: str) -> str:
    parts = IMAGE.fullmatch(image)
    if not parts:
        raise ValueError("not an image name; write name:tag, name@sha256:<64 digits> or both")
    if not parts["digest"] and parts["tag"] in (None, "latest"):
        raise ValueError("this image can change under the same name; give a version as its tag, or its digest")
    return image


Image = Annotated[str, AfterValidator(_fixed_image)]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
LabelKey = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]
Quantity = Annotated[str, StringConstraints(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi)?$")]
Cidr = Annotated[str, StringConstraints(pattern=r"^[0-9.]+/[0-9]{1,2}$|^[0-9a-f:]+/[0-9]{1,3}$")]


class Replicas(Strict):
    """Between how many the autoscaler chooses."""

    least: int = Field(ge=1)
    most: int = Field(ge=1, le=1000)

    @model_validator(mode="after")
    def _in_order(self) -> "Replicas":
        if self.most < self.least:
            raise ValueError(f"most {self.most} is below least {self.least}")
        return self


class ArtifactStore(Strict):
    """An address outside the cluster that replicas may connect to."""

    cidr: Cidr
    port: int = Field(ge=1, le=65535)


class KubernetesSettings(Strict):
    """Everything that settings.yaml says; the file's own comments explain it."""

    image: Image
    namespace: Label
    replicas: Replicas
    cpu: Quantity
    memory: Quantity
    queue_microseconds: int = Field(ge=1)
    repository_claim: Label
    prediction_log_claim: Label
    client_label: dict[LabelKey, Label] = Field(min_length=1)
    airflow_namespace: Label
    monitoring_namespace: Label
    artifact_store: ArtifactStore | None = None


def load_settings(path: Path = SETTINGS) -> KubernetesSettings:
    """Return the settings in a file.

    :raises SpecError: it is missing or a field is wrong; names file, line, field and what is wrong.
    """
    file = SpecFile(path)
    try:
        return KubernetesSettings.model_validate(file.data)
    except ValidationError as error:
        raise SpecError(
            "\n".join(
                f"{path}:{file.line(problem['loc'])}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}"
                for problem in error.errors()
            )
        ) from None
