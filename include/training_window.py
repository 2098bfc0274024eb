"""Which days a model learns from and which days judge it."""

from datetime import UTC, date, datetime, timedelta

from airflow.sdk.exceptions import AirflowFailException

from include.model_spec import ModelSpec


class InvalidWindow(AirflowFailException):
    """The days given, or the rows published, leave nothing to learn from or to evaluate on."""


def training_window(model: ModelSpec, start: str | None, evaluation: str | None, last: str | None) -> dict[str, str]:
    """Return {"start", "split", "end"}: learn from [start, split), evaluate on [split, end), as ISO dates.

    :param start: first day to learn from, or None for `history_days` before the evaluation.
    :param evaluation: first day of the evaluation, or None for the newest `evaluation_days`.
    :param last: last day of the evaluation (included), or None for the newest published day.
    :raises InvalidWindow: the days are not in order, or nothing was published.
    """
    end = date.fromisoformat(last) + timedelta(days=1) if last else _newest_day(model) + timedelta(days=1)
    split = date.fromisoformat(evaluation) if evaluation else end - timedelta(days=model.training.evaluation_days)
    first = date.fromisoformat(start) if start else split - timedelta(days=model.training.history_days)
    if not first < split < end:
        raise InvalidWindow(
            f"{model.name}: learn from {first}, evaluate from {split} to before {end}: these days are not in order; "
            "give start_date before evaluation_date, and evaluation_date no later than end_date"
        )
    return {"start": first.isoformat(), "split": split.isoformat(), "end": end.isoformat()}


def _newest_day(model: ModelSpec) -> date:
    from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

    newest = (
        LakehouseHook()
        .query("SELECT max(event_timestamp) AS newest FROM published", tables={"published": model.published_table})
        .column("newest")[0]
        .as_py()
    )
    if newest is None:
        raise InvalidWindow(f"table {model.published_table} has no rows; run {model.name}_ingest first")
    stamp: datetime = newest
    return stamp.astimezone(UTC).date()
