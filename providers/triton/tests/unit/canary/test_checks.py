import pytest

from shamal.providers.triton.canary import checks, plan
from shamal.providers.triton.canary.labels import Losses
from shamal.providers.triton.canary.observations import Counts
from shamal.providers.triton.canary.sequential import Sum


def planned(**limits):
    return plan.make(
        [{"share": 0.1, "seconds": 10}],
        shadow_seconds=0,
        limits=limits,
        confidence=0.99,
        hold_seconds=60,
        unsure="rollback",
    )


def verdicts(found):
    return {check.name: check.verdict for check in found}


BUSY = Counts(requests=10_000)


@pytest.mark.parametrize(
    ("candidate", "expected"),
    [
        (Counts(2000, compared=2000), {"errors": "kept", "slow": "kept", "disagreed": "kept"}),
        (Counts(50, compared=50), {"errors": "open", "slow": "open", "disagreed": "kept"}),
        (Counts(), {"errors": "open", "slow": "open", "disagreed": "open"}),
        (Counts(50, errors=10, compared=20), {"errors": "broken", "slow": "open", "disagreed": "open"}),
        (Counts(50, slow=25, compared=50), {"errors": "open", "slow": "broken", "disagreed": "kept"}),
        (Counts(50, compared=50, disagreed=40), {"errors": "open", "slow": "open", "disagreed": "broken"}),
    ],
)
def test_each_limit_is_kept_broken_or_open(candidate, expected):
    assert verdicts(checks.of_traffic(planned(), candidate, BUSY)) == expected


def test_a_limit_of_none_is_not_tested():
    found = checks.of_traffic(planned(max_slow_rate=None, max_disagreement_rate=None), Counts(2000), BUSY)
    assert verdicts(found) == {"errors": "kept"}


def test_a_candidate_is_not_blamed_for_a_machine_that_is_slow_for_both():
    slow = Counts(200, slow=60)
    assert verdicts(checks.of_traffic(planned(), slow, Counts(2000, slow=600)))["slow"] == "open"
    assert verdicts(checks.of_traffic(planned(), slow, Counts(2000, slow=20)))["slow"] == "broken"


def test_quality_is_compared_with_the_champion():
    losses = Losses({1: Sum(2000, 200.0), 2: Sum(500, 200.0)})
    found = checks.of_labels(planned(max_quality_loss=0.1), 2, 1, losses)
    assert verdicts(found) == {"quality loss": "broken"}
    assert found[0].figure == pytest.approx(0.3)
    as_good = Losses({1: Sum(2000, 200.0), 2: Sum(500, 50.0)})
    assert verdicts(checks.of_labels(planned(max_quality_loss=0.1), 2, 1, as_good)) != {"quality loss": "broken"}


def test_groups_are_compared_with_each_other():
    losses = Losses({2: Sum(1000, 300.0)}, {"1.0": Sum(500, 50.0), "2.0": Sum(500, 250.0), "3.0": Sum(2, 0.0)})
    found = checks.of_labels(planned(max_group_gap=0.1, group_feature=0), 2, 1, losses)
    assert verdicts(found) == {"group gap 2.0 to 1.0": "broken"}


@pytest.mark.parametrize("losses", [Losses(), Losses({1: Sum(10, 1.0)})])
def test_without_labels_nothing_is_said(losses):
    found = checks.of_labels(planned(max_quality_loss=0.1, max_group_gap=0.1, group_feature=0), 2, 1, losses)
    assert [str(check) for check in found] == ["quality loss no labels", "group gap no labels"]
