import json

import pytest

from shamal.providers.triton.router.route import Route

NOW = 1_800_000_000.0
SPLIT = {3: 0.9, 4: 0.1}


def test_a_route_survives_its_file():
    route = Route(3, 2, SPLIT, NOW, 5, shadow=6, arms={3: "control", 4: "blue"}, generation=7, disagreement=0.5)
    assert Route.from_json(route.to_json()) == route


def test_shares_count_while_they_are_fresh():
    assert Route(3, 2, SPLIT, NOW + 10).shares(NOW) == SPLIT


def test_a_shadow_gets_copies_while_its_expiry_is_fresh():
    assert Route(3, expires=NOW + 10, shadow=4).shadowed(NOW) == 4
    assert Route(3, expires=NOW - 1, shadow=4).shadowed(NOW) is None
    assert Route(3, 2, shadow=4).versions == [2, 3, 4]


@pytest.mark.parametrize("expires", [None, NOW, NOW - 1, NOW + 31, float("nan"), float("inf")])
def test_without_a_fresh_expiry_the_champion_answers_alone(expires):
    assert Route(3, 2, SPLIT, expires).shares(NOW) == {3: 1.0}


@pytest.mark.parametrize(
    "change",
    [
        {"champion": None},
        {"champion": 0},
        {"champion": "3"},
        {"weights": {"3": 0.5}},
        {"weights": {"3": -1, "4": 2}},
        {"weights": {"x": 1}},
        {"weights": {"3": float("nan")}},
        {"expires": "soon"},
        {"previous": True},
        {"shadow": 0},
        {"arms": {"x": "blue"}},
        {"generation": -1},
        {"generation": "7"},
        {"disagreement": 0},
        {"disagreement": True},
        {"disagreement": "0.1"},
        {"disagreement": float("nan")},
        {"disagreement": float("inf")},
    ],
)
def test_a_bad_file_is_refused(change):
    good = {"champion": 3, "weights": {"3": 1.0}, "previous": 2, "expires": None}
    with pytest.raises(ValueError, match=r"\w"):
        Route.from_json(json.dumps(good | change))
