"""What the demo does: which days it ingests, and for which flights it asks."""

from dataclasses import dataclass

MODEL = "flight_delays"
KEY = "flight_id"


@dataclass(frozen=True)
class Month:
    """One month of 2013: its days, and the night whose report looks back on it."""

    name: str
    first: str
    last: str
    night: str


FIRST_DAY = "2013-01-01"
"""Ingestion starts here and ends with the evaluation month, so the model learns from January and February."""
EVALUATED = Month("March 2013", "2013-03-01", "2013-03-31", "2013-04-01")
"""The month after training: it judges the model, and its report must come out ok."""
LATER = Month("July 2013", "2013-07-01", "2013-07-31", "2013-08-01")
"""A summer month, unlike the winter that the model learned from: its report must find drift."""

PREDICTIONS_PER_MONTH = 5000
"""How many flights of a month are asked for; the monitor needs `watch.min_rows`."""
