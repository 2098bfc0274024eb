import json
import os

import pytest

from shamal.providers.triton.canary import plan
from shamal.providers.triton.canary.controller import SHARE_SECONDS, Canary
from shamal.providers.triton.errors import RouteChanged
from shamal.providers.triton.repository import ModelRepository
from shamal.providers.triton.router.route import Route

NOW = 1_800_000_000.0
LATENCIES = ("1", "2", "5", "10", "20", "50", "100", "200", "500", "inf")


class Scripted:
    """A canary of version 2 against version 1, with observations written by hand and a clock of its own."""

    def __init__(self, hook, run="dag/run/canary"):
        self.hook, self.now = hook, NOW
        self.canary = Canary(hook, "churn", run)
        self.lines: list[str] = []

    def begin(self, shadow=0, steps=((0.1, 3), (0.5, 3)), hold=10, unsure="rollback", **limits):
        planned = plan.make(
            [{"share": share, "seconds": seconds} for share, seconds in steps],
            shadow_seconds=shadow,
            limits=limits,
            confidence=0.999,
            hold_seconds=hold,
            unsure=unsure,
        )
        return self.canary.begin(2, self.route, planned, self.now)

    @property
    def route(self):
        return self.hook.repository.route("churn")

    @property
    def state(self):
        return json.loads(self.canary.path.read_text())

    def observe(self, version, requests, errors=0, slow=0, disagreed=0):
        folder = self.hook.prediction_log / "churn"
        folder.mkdir(parents=True, exist_ok=True)
        latency = dict.fromkeys(LATENCIES, 0) | {"2": requests - slow, "inf": slow}
        line = {"time": self.now, "version": version, "shadow": False, "requests": requests, "errors": errors}
        line |= {"latency_ms": latency, "compared": requests, "disagreed": disagreed}
        with (folder / "observations.ndjson").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def look(self, seconds=1.0):
        self.now += seconds
        look = self.canary.look(self.now)
        self.lines += look.lines
        return look.result

    def good_second(self):
        self.observe(1, 5000)
        self.observe(2, 1000)
        return self.look()

    def until_result(self, second, most=60):
        for _ in range(most):
            if result := second():
                return result
        raise AssertionError(f"no result after {most} looks")


@pytest.fixture
def scripted(triton, deploy):
    for version in (1, 2):
        deploy(version)
    triton.repository.write_route("churn", None, Route(1, None, {1: 1.0}), triton.prediction_log, 2.0)
    return Scripted(triton)


def alone(route):
    return route.champion == 1 and set(route.weights) == {1} and route.shadow is None and route.expires is None


def test_a_good_candidate_walks_through_every_step(scripted):
    scripted.begin(shadow=2)
    shares = []

    def second():
        result = scripted.good_second()
        shares.append((scripted.route.weights, scripted.route.shadow))
        return result

    result = scripted.until_result(second)
    assert result["decision"] == "promote"
    assert [step["share"] for step in result["steps"]] == [0.0, 0.1, 0.5]
    steps = [share for number, share in enumerate(shares) if not number or share != shares[number - 1]]
    assert steps == [({1: 1.0}, 2), ({1: 0.9, 2: 0.1}, None), ({1: 0.5, 2: 0.5}, None)]
    assert scripted.route.arms == {1: "champion", 2: "candidate"}
    assert all(step["candidate"]["requests"] >= 100 for step in result["steps"])
    assert any("passed the step of 10%" in line for line in scripted.lines)
    assert len(json.dumps(result)) < 4000


@pytest.mark.parametrize(
    ("bad", "named"),
    [({"errors": 50}, "errors"), ({"slow": 60}, "slow"), ({"disagreed": 95}, "disagreed")],
)
def test_a_bad_candidate_is_stopped_at_the_next_look(scripted, bad, named):
    scripted.begin()
    assert scripted.good_second() is None
    scripted.observe(1, 1000)
    scripted.observe(2, 3000, **{name: 30 * count for name, count in bad.items()})
    result = scripted.look()
    assert result["decision"] == "rollback"
    assert result["reason"].startswith(f"{named} ")
    assert "limit" in result["reason"]
    assert alone(scripted.route)


def test_the_share_is_taken_before_anything_else(scripted, monkeypatch):
    scripted.begin()
    scripted.look()
    scripted.observe(2, 100, errors=100)
    monkeypatch.setattr(ModelRepository, "approve", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scripted.look()
    assert alone(scripted.route)
    monkeypatch.undo()
    result = scripted.look()
    assert result["decision"] == "rollback", "the next controller finds the same evidence"
    assert "errors" in result["reason"]


def test_the_share_is_renewed_before_it_ends_and_never_beyond_the_bound(scripted):
    scripted.begin(steps=[(0.1, 600)])
    for _ in range(40):
        scripted.look()
        assert scripted.now + SHARE_SECONDS / 2 < scripted.route.expires <= scripted.now + SHARE_SECONDS
    assert scripted.route.generation <= 7


def test_few_requests_never_promote(scripted):
    scripted.begin(unsure="promote")
    result = scripted.until_result(lambda: scripted.observe(2, 1) or scripted.look())
    assert result["decision"] == "undecided"
    assert "100 are needed" in result["reason"]
    assert alone(scripted.route)


@pytest.mark.parametrize(("unsure", "decision"), [("rollback", "undecided"), ("promote", "promote")])
def test_without_proof_the_plan_says_what_follows_the_hold(scripted, unsure, decision):
    scripted.begin(unsure=unsure)
    result = scripted.until_result(lambda: scripted.observe(2, 20) or scripted.look())
    assert result["decision"] == decision
    assert "errors 0.0000 of" in result["reason"]
    assert result["seconds"] >= 13


def test_another_process_goes_on_where_the_first_was_lost(scripted):
    scripted.begin(steps=[(0.1, 3), (0.5, 30)])
    while scripted.state["step"] == 0:
        scripted.good_second()
    before = scripted.state
    successor = Scripted(scripted.hook)
    successor.now = scripted.now + 120
    assert successor.begin(steps=[(0.1, 3), (0.5, 30)]) is True
    assert not successor.route._fresh(successor.now), "nobody renewed it"
    assert successor.look() is None
    assert successor.route._fresh(successor.now)
    assert successor.state["step"] == 1
    assert successor.state["elapsed"] <= before["elapsed"] + SHARE_SECONDS, "time without a share is no test"
    assert successor.state["begun"] == before["begun"]


def test_two_controllers_at_once_count_nothing_twice(scripted):
    scripted.begin(steps=[(0.1, 600)])
    scripted.look()
    woken = Scripted(scripted.hook)
    for _ in range(5):
        scripted.observe(2, 10)
        woken.now = scripted.now
        assert scripted.look() is woken.look() is None
    assert scripted.state["candidate"]["requests"] == 50
    assert scripted.state["elapsed"] == pytest.approx(5)


def test_another_run_or_plan_starts_anew(scripted):
    scripted.begin()
    scripted.good_second()
    assert scripted.begin(hold=11) is False
    assert scripted.state["candidate"]["requests"] == 0
    other = Scripted(scripted.hook, run="dag/other/canary")
    assert other.begin(hold=11) is False
    assert scripted.look()["decision"] == "stopped"


def test_a_decision_stays_until_it_is_taken_over(scripted):
    scripted.begin()
    scripted.look()
    scripted.observe(2, 100, errors=100)
    result = scripted.look()
    assert scripted.look() == result
    scripted.canary.forget()
    assert not scripted.canary.path.exists()


def test_a_promotion_or_rollback_by_somebody_else_stops_the_canary_and_stays(scripted):
    scripted.begin()
    scripted.look()
    hook = scripted.hook
    theirs = hook.repository.write_route("churn", scripted.route, Route(2, 1, {2: 1.0}), hook.prediction_log, 2.0)
    result = scripted.look()
    assert (result["decision"], result["reason"]) == ("stopped", "the champion was 1 and now is 2")
    assert scripted.route == theirs


def test_a_share_that_somebody_took_away_is_not_given_again(scripted):
    scripted.begin()
    scripted.look()
    hook = scripted.hook
    hook.repository.write_route("churn", scripted.route, Route(1, None, {1: 1.0}), hook.prediction_log, 2.0)
    assert scripted.look()["decision"] == "stopped"
    assert alone(scripted.route)


def test_a_race_with_another_writer_is_looked_at_again(scripted, monkeypatch):
    scripted.begin()
    write, lost = ModelRepository.write_route, iter([True, False, True, False])

    def sometimes(self, *arguments):
        if next(lost):
            raise RouteChanged("churn")
        return write(self, *arguments)

    monkeypatch.setattr(ModelRepository, "write_route", sometimes)
    assert scripted.look() is None
    assert scripted.look() is None
    assert 2 in scripted.route.weights
    scripted.observe(2, 100, errors=100)
    assert scripted.look()["decision"] == "rollback"
    assert alone(scripted.route)


def test_a_killed_task_gives_the_traffic_back(scripted):
    scripted.begin()
    scripted.look()
    scripted.canary.withdraw()
    assert alone(scripted.route)
    assert scripted.look()["decision"] == "stopped"
    scripted.canary.withdraw()


def test_the_server_would_load_the_candidate_again_during_the_canary_only(scripted):
    def approved():
        return json.loads((scripted.hook.repository.root / "approved.json").read_text())["load"]

    scripted.begin()
    scripted.look()
    assert "churn__v2" in approved()
    scripted.observe(2, 100, errors=100)
    scripted.look()
    assert "churn__v2" not in approved()


def test_worse_labels_stop_a_candidate_that_looks_healthy(scripted):
    scripted.begin(steps=[(0.5, 600)], max_quality_loss=0.05, max_disagreement_rate=None)
    scripted.good_second()
    folder = scripted.hook.prediction_log / "churn"
    (folder / "labels").mkdir()
    rows = [("1", 1, 0.9), ("2", 2, 0.1)]
    time = "2027-01-15T08:00:05+00:00"
    predictions, labels = [], []
    for number in range(300):
        for prefix, version, score in rows:
            entity = f"{prefix}-{number}"
            row = {"time": time, "entity_id": entity, "version": version, "score": score, "features": [0.0]}
            predictions.append(json.dumps(row) + "\n")
            labels.append(json.dumps({"entity_id": entity, "label": 1}) + "\n")
    (folder / "p.jsonl").write_text("".join(predictions))
    (folder / "labels" / "l.jsonl").write_text("".join(labels))
    for path in (folder / "p.jsonl", folder / "labels" / "l.jsonl"):
        os.utime(path, (NOW + 5, NOW + 5))
    result = scripted.until_result(scripted.good_second, most=15)
    assert result["decision"] == "rollback"
    assert result["reason"].startswith("quality loss 1.0000 of 300")
