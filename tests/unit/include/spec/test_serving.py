from dataclasses import asdict
from typing import Any

import pytest
from pydantic import ValidationError

from include.spec.serving import Serving
from shamal.providers.triton.router.settings import ServingSettings


def test_fields_and_defaults_are_those_of_the_provider() -> None:
    assert Serving().model_dump() == asdict(ServingSettings())


def test_what_the_spec_allows_the_provider_takes() -> None:
    given = {
        "instances": 64,
        "max_batch_rows": 65_536,
        "queue_delay_us": 1_000_000,
        "warm_up_p99_ms": 0.5,
        "candidate_timeout_ms": 60_000,
    }
    assert asdict(ServingSettings(**Serving.model_validate(given).model_dump())) == given


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"instances": 0}, "instances"),
        ({"instances": 1.5}, "instances"),
        ({"max_batch_rows": -1}, "max_batch_rows"),
        ({"queue_delay_us": 100}, "max_batch_rows"),
        ({"warm_up_p99_ms": 0}, "warm_up_p99_ms"),
        ({"candidate_timeout_ms": float("inf")}, "candidate_timeout_ms"),
        ({"keys": 1}, "keys"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        Serving.model_validate(wrong)
