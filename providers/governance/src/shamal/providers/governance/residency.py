"""The regions in which data may live, and what belongs to each: `[governance] residency_file`."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shamal.providers.governance.errors import ResidencyFileRefused

# Without the `/`, `s3://lake` would also allow `s3://lake-of-someone-else`.
Prefix = Annotated[str, StringConstraints(pattern=r"^\S+/$")]


class Region(BaseModel):
    """What belongs to one region, as prefixes of addresses and of pod images."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    uris: list[Prefix] = Field(min_length=1)
    images: list[Prefix] = []


class Residency(BaseModel):
    """All regions by their name, which the tag `residency:<name>` gives."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    regions: dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")], Region] = Field(min_length=1)


def load(file: str) -> Residency:
    """Return the rules in `file`.

    :param file: path of a YAML file: `regions: {AE: {uris: [...], images: [...]}}`
    :raises ResidencyFileRefused: no file is set, it cannot be read, or it says something else
    """
    if not file:
        raise ResidencyFileRefused("[governance] residency_file is not set; set it to the YAML file of the regions")
    try:
        return Residency.model_validate(yaml.safe_load(Path(file).read_text()))
    except OSError as error:
        raise ResidencyFileRefused(
            f"residency file {file} cannot be read ({error.strerror}); correct the path"
        ) from error
    except (yaml.YAMLError, ValidationError) as error:
        raise ResidencyFileRefused(f"residency file {file}: {error}") from error
