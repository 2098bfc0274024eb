import json
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from shamal.providers.triton.router.champion import Serving
from shamal.providers.triton.router.observations import Observations
from shamal.providers.triton.router.others import SHADOW_COPIES, Others, Split
from shamal.providers.triton.router.route import Route
from shamal.providers.triton.router.settings import ServingSettings

ROWS = np.arange(4, dtype=np.float32).reshape(4, 1)


class Session:
    """A champion that scores each row with its first column."""

    def run(self, outputs, inputs):
        return [inputs["features"][:, 0]]


SERVING = Serving(
    Route(1, weights={1: 0.5, 2: 0.5}, disagreement=0.5),
    Session(),
    None,
    {2: ServingSettings(candidate_timeout_ms=200, max_batch_rows=3), 3: ServingSettings(candidate_timeout_ms=200)},
)


@pytest.fixture
def asked(tmp_path):
    """Ask others as the router does; return the scores, versions and counts by version."""
    state = SimpleNamespace(warnings=[], sizes=[])

    def ask(answer, assigned):
        def ask_one(version, features):
            state.sizes.append(len(features))
            return answer(version, features)

        observations = Observations(tmp_path, state.warnings.append)
        state.others = Others(ask_one, observations, state.warnings.append)
        split, combined = Split(ROWS, assigned, SERVING), []
        assert state.others.submit(split, lambda: combined.append(state.others.combine(split)))
        deadline = time.monotonic() + 5
        while not combined and time.monotonic() < deadline:
            time.sleep(0.01)
        state.others.close()
        observations.close()
        lines = [json.loads(line) for line in (tmp_path / "observations.ndjson").read_text().splitlines()]
        state.counts = {}
        for line in lines:
            counts = state.counts.setdefault(line["version"], {})
            for key in ("requests", "errors", "compared", "disagreed"):
                counts[key] = counts.get(key, 0) + line[key]
        [(state.scores, state.versions)] = combined
        return state

    return ask


def test_each_row_is_answered_by_its_version(asked):
    result = asked(lambda version, features: features[:, 0] + 0.25 * version, [1, 2, 2, 3])
    assert result.versions == [1, 2, 2, 3]
    assert result.scores.tolist() == [0, 1.5, 2.5, 3.75]
    assert result.counts == {
        1: {"requests": 1, "errors": 0, "compared": 0, "disagreed": 0},
        2: {"requests": 1, "errors": 0, "compared": 2, "disagreed": 0},
        3: {"requests": 1, "errors": 0, "compared": 1, "disagreed": 1},
    }


def test_a_version_is_asked_for_no_more_rows_at_once_than_it_takes(asked):
    result = asked(lambda version, features: features[:, :1], [2, 2, 2, 2])
    assert result.sizes == [3, 1]
    assert result.scores.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "answer",
    [
        lambda version, features: 1 / 0,
        lambda version, features: np.full(len(features), np.nan, np.float32),
        lambda version, features: np.full(len(features), np.inf, np.float32),
        lambda version, features: np.zeros(len(features) + 1, np.float32),
        lambda version, features: np.zeros(0, np.float32),
        lambda version, features: np.zeros((len(features), 2), np.float32),
        lambda version, features: threading.Event().wait(0.6) or features[:, 0],
    ],
    ids=["raises", "nan", "inf", "too many", "none", "two columns", "too late"],
)
def test_the_champion_answers_for_a_version_that_fails_and_it_is_counted(asked, answer):
    result = asked(answer, [1, 2, 2, 1])
    assert result.versions == [1, 1, 1, 1]
    assert result.scores.tolist() == [0, 1, 2, 3]
    assert result.counts[2] == {"requests": 1, "errors": 1, "compared": 0, "disagreed": 0}
    assert result.counts[1]["requests"] == 1
    assert "version 2 failed, the champion answered" in result.warnings[0]


def test_copies_for_a_shadow_that_hangs_are_dropped_and_counted_and_never_wait(tmp_path):
    hang = threading.Event()
    observations = Observations(tmp_path, print)
    others = Others(lambda version, features: hang.wait(10) and features[:, 0] + 9, observations, print)
    start = time.monotonic()
    for _ in range(SHADOW_COPIES + 11):
        others.copy(2, ROWS, ROWS[:, 0], SERVING)
    assert time.monotonic() - start < 0.5
    time.sleep(0.4)
    hang.set()
    deadline = time.monotonic() + 5
    total = {}
    while total.get("requests") != SHADOW_COPIES + 1 and time.monotonic() < deadline:
        time.sleep(0.2)
        lines = (tmp_path / "observations.ndjson").read_text().splitlines()
        for key in ("requests", "errors", "compared", "disagreed", "dropped"):
            total[key] = sum(json.loads(line)[key] for line in lines)
        assert all(json.loads(line)["shadow"] for line in lines)
    others.close()
    observations.close()
    compared = 4 * SHADOW_COPIES
    assert total == {
        "requests": SHADOW_COPIES + 1,
        "errors": 1,
        "compared": compared,
        "disagreed": compared,
        "dropped": 10,
    }
