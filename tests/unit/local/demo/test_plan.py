from datetime import date, timedelta

import pytest

from include.model_spec import load_model
from local.demo.plan import EVALUATED, FIRST_DAY, KEY, LATER, MODEL, PREDICTIONS_PER_MONTH, Month

SPEC = load_model(MODEL)


@pytest.mark.parametrize("month", [EVALUATED, LATER], ids=lambda month: month.name)
def test_the_night_looks_back_on_exactly_the_month(month: Month) -> None:
    night = date.fromisoformat(month.night)
    assert night - timedelta(days=1) == date.fromisoformat(month.last)
    assert night - timedelta(days=SPEC.watch.window_days) == date.fromisoformat(month.first)


def test_the_source_has_every_day_and_the_model_learns_before_it_is_judged() -> None:
    days = [SPEC.source.first_day.isoformat(), FIRST_DAY, EVALUATED.first, EVALUATED.last, LATER.first, LATER.last]
    assert days == sorted(days)
    assert LATER.last <= SPEC.source.last_day.isoformat()
    assert EVALUATED.first > FIRST_DAY


def test_enough_flights_are_asked_for_and_by_the_models_key() -> None:
    assert SPEC.watch.min_rows <= PREDICTIONS_PER_MONTH
    assert SPEC.features.keys == [KEY]
