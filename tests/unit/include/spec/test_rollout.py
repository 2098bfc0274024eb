from typing import get_args

import pytest
from pydantic import ValidationError

from include.spec.rollout import Limits, Rollout
from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.observations import EDGES_MS

STEPS = [{"share": 0.05, "seconds": 60}, {"share": 0.5, "seconds": 120}]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "steps"),
        ({"steps": []}, "steps"),
        ({"steps": [STEPS[1], STEPS[0]]}, "steps"),
        ({"steps": [STEPS[0], STEPS[0]]}, "steps"),
        ({"steps": [{"share": 0, "seconds": 1}]}, "steps.0.share"),
        ({"steps": [{"share": 1.0, "seconds": 1}]}, "steps.0.share"),
        ({"steps": [{"share": 0.5, "seconds": -1}]}, "steps.0.seconds"),
        ({"steps": [{"share": 0.5, "seconds": 1, "minutes": 1}]}, "steps.0.minutes"),
        ({"steps": STEPS, "shadow_seconds": float("inf")}, "shadow_seconds"),
        ({"steps": STEPS, "confidence": 1}, "confidence"),
        ({"steps": STEPS, "unsure": "hope"}, "unsure"),
        ({"steps": STEPS, "limits": {"slow_ms": 30}}, "limits.slow_ms"),
        ({"steps": STEPS, "limits": {"max_error_rate": 1.5}}, "limits.max_error_rate"),
        ({"steps": STEPS, "limits": {"min_requests": 0}}, "limits.min_requests"),
        ({"steps": STEPS, "limits": {"max_group_gap": 0.1}}, "limits"),
        ({"steps": STEPS, "limits": {"group": "carrier"}}, "limits"),
    ],
)
def test_what_cannot_be_meant_is_named(given, field):
    with pytest.raises(ValidationError) as error:
        Rollout.model_validate(given)
    assert field in {".".join(map(str, problem["loc"])) for problem in error.value.errors()}


@pytest.mark.parametrize(
    "given",
    [
        {"steps": STEPS},
        {
            "steps": STEPS,
            "shadow_seconds": 30,
            "limits": {"max_quality_loss": 0.1, "max_group_gap": 0.2, "group": "carrier", "label_scale": 5},
            "confidence": 0.99,
            "hold_seconds": 0,
            "unsure": "promote",
        },
    ],
)
def test_the_operator_accepts_what_the_spec_allows(given):
    rollout = Rollout.model_validate(given)
    made = plan.make(**rollout.canary(["distance", "carrier"]))
    assert [step.share for step in made.steps if step.share] == [0.05, 0.5]
    assert made.limits.group_feature == (1 if rollout.limits.group else None)
    assert made.limits.max_quality_loss == rollout.limits.max_quality_loss


def test_the_defaults_are_the_operators():
    assert plan.make(**Rollout.model_validate({"steps": STEPS}).canary([])).limits == plan.Limits()


def test_a_group_must_be_a_feature():
    limits = {"max_group_gap": 0.2, "group": "carier"}
    with pytest.raises(ValueError, match=r"rollout\.limits\.group 'carier' is no feature.*carrier"):
        Rollout.model_validate({"steps": STEPS, "limits": limits}).canary(["distance", "carrier"])


def test_slow_is_measured_at_the_routers_edges():
    assert get_args(Limits.model_fields["slow_ms"].annotation) == EDGES_MS
