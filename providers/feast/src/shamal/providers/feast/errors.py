"""What can go wrong, and what to do about it.

FeastError                  no retry can cure any of these
├── InvalidConnection       the connection lacks a setting
├── InvalidInterval         start, split and end are not in order
├── InvalidDefinitions      a features.py that does not load or apply
├── UnknownProject          nothing was applied under this name
├── UnknownFeatureView      ┐ the project has no object of this name
├── UnknownFeatureService   ┘
├── UnsupportedSource       a data source or request the offline store cannot serve
├── NotServableByKey        a key or feature that a router cannot read from the online store
├── MissingTable            the catalog has no such table
├── MissingColumn           a table or feature service has no such column
├── InvalidTrainingSet      the label is a feature, or a category code is out of range
└── EmptyTrainingSet        no labelled rows in the interval
"""

from collections.abc import Iterable
from difflib import get_close_matches

from airflow.sdk.exceptions import AirflowFailException


class FeastError(AirflowFailException):
    """Base of this provider's errors; the task does not retry."""


class InvalidConnection(FeastError):
    """The Airflow connection lacks a setting."""


class InvalidInterval(FeastError):
    """The start, split and end of a request are not in order."""


class InvalidDefinitions(FeastError):
    """A definitions file does not load, or Feast refuses what it defines; the registry is unchanged."""


class UnknownProject(FeastError):
    """No definitions were applied under this project's name."""


class UnknownFeatureView(FeastError):
    """The project has no feature view of this name."""


class UnknownFeatureService(FeastError):
    """The project has no feature service of this name."""


class UnsupportedSource(FeastError):
    """The offline store cannot read this data source or answer this kind of request."""


class NotServableByKey(FeastError):
    """A router cannot read this key or feature from the online store; serve the model with `features` in requests."""


class MissingTable(FeastError):
    """The Iceberg catalog has no such table, or the table has no published snapshot."""


class MissingColumn(FeastError):
    """A table or feature service has no such column."""


class InvalidTrainingSet(FeastError):
    """The rows were found but a model could not learn from them honestly."""


class EmptyTrainingSet(FeastError):
    """The interval holds no labelled rows."""


def choices(given: str, allowed: Iterable[str]) -> str:
    """Return the allowed names as text, with the nearest one suggested when there is one.

    :param given: the name that was not found
    :param allowed: the names that exist
    """
    names = sorted(allowed)
    near = get_close_matches(given, names, n=1)
    suggestion = f" Did you mean {near[0]!r}?" if near else ""
    return f"allowed: {', '.join(names) or 'none'}.{suggestion}"
