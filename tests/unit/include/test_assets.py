from types import SimpleNamespace

from include import assets


def test_every_asset_of_two_models_has_its_own_name_and_address() -> None:
    made = [
        make(model)
        for model in ("flight_delays", "seattle_weather")
        for make in (assets.features, assets.candidate, assets.deployment, assets.drift)
    ]
    assert len({asset.name for asset in made}) == len({asset.uri for asset in made}) == 8
    assert made[0].name == "flight_delays/features"
    assert made[0].uri == "shamal://flight_delays/features"


def test_the_result_of_an_operator_becomes_the_extra_of_its_event() -> None:
    candidate = assets.candidate("flight_delays")
    event = SimpleNamespace(extra={"kept": 1})
    assets.carries(candidate)({"outlet_events": {candidate: event}}, {"version": 3})
    assert event.extra == {"kept": 1, "version": 3}
