from dataclasses import asdict

import pytest

from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.plan import Plan, Step
from shamal.providers.triton.errors import InvalidDeployment

GOOD = {
    "steps": [{"share": 0.1, "seconds": 10}, {"share": 0.5, "seconds": 20}],
    "shadow_seconds": 0,
    "limits": {},
    "confidence": 0.999,
    "hold_seconds": 60,
    "unsure": "rollback",
}


def test_the_shadow_comes_first_and_the_error_is_shared_out():
    made = plan.make(**GOOD | {"shadow_seconds": 5})
    assert made.steps == (Step(0.0, 5.0), Step(0.1, 10.0), Step(0.5, 20.0))
    assert made.alpha == pytest.approx(0.001 / 9), "three steps with three limits"
    assert Plan.from_dict(asdict(made)) == made


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"share": 0.5, "seconds": 1}, {"share": 0.1, "seconds": 1}]}, "steps"),
        ({"steps": [{"share": 1.0, "seconds": 1}]}, "steps"),
        ({"steps": [{"share": 0.1, "seconds": -1}]}, "steps"),
        ({"steps": [{"share": 0.1}]}, "steps"),
        ({"shadow_seconds": -1}, "shadow_seconds"),
        ({"hold_seconds": float("nan")}, "hold_seconds"),
        ({"confidence": 1.0}, "confidence"),
        ({"unsure": "maybe"}, "unsure"),
        ({"limits": {"max_eror_rate": 0.1}}, "max_eror_rate"),
        ({"limits": {"max_error_rate": 0}}, "max_error_rate"),
        ({"limits": {"max_slow_rate": "few"}}, "max_slow_rate"),
        ({"limits": {"slow_ms": 30}}, "slow_ms"),
        ({"limits": {"min_requests": 0}}, "min_requests"),
        ({"limits": {"max_group_gap": 0.1}}, "group_feature"),
        ({"limits": {"label_scale": 0}}, "label_scale"),
    ],
)
def test_what_cannot_be_meant_is_named(changes, named):
    with pytest.raises(InvalidDeployment, match=named):
        plan.make(**GOOD | changes)
