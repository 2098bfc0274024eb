import pytest
from airflow.sdk.exceptions import ParamValidationError
from jinja2 import Template

from include.model_spec import load_model
from include.stages.conventions import artifacts, dag_arguments, day_param

MODEL = load_model("flight_delays")


def test_a_dag_carries_the_tags_of_its_model_and_its_runbook() -> None:
    arguments = dag_arguments(MODEL, "train", "What it does.")
    assert arguments["dag_id"] == "flight_delays_train"
    assert arguments["tags"] == {"model:flight_delays", "stage:train", "classification:internal", "residency:US"}
    assert arguments["doc_md"].startswith("What it does.")
    assert arguments["doc_md"].endswith(MODEL.runbook)
    assert arguments["default_args"]["owner"] == "operations"


def test_retries_outlive_ten_minutes_of_outage() -> None:
    defaults = dag_arguments(MODEL, "train", "")["default_args"]
    first, factor = defaults["retry_delay"].total_seconds(), defaults["retry_exponential_backoff"]
    delays = (first * factor**retry for retry in range(defaults["retries"]))
    assert sum(min(delay, defaults["max_retry_delay"].total_seconds()) for delay in delays) > 600


def test_the_folder_of_a_run_has_no_character_that_paths_dislike() -> None:
    folder = Template(artifacts(MODEL, "train")).render(
        var={"value": {"artifact_root": "/artifacts"}}, run_id="manual__2026-01-01T00:00:00.5+00:00"
    )
    assert folder == "/artifacts/flight_delays/train/manual__2026-01-01T000000.5_0000"


def test_a_day_is_a_date_or_empty() -> None:
    param = day_param("First day", "The first one.")
    assert param.resolve() is None
    assert param.resolve("2013-03-01") == "2013-03-01"
    with pytest.raises(ParamValidationError, match="yesterday"):
        param.resolve("yesterday")
