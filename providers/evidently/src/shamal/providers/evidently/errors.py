"""Every error of this provider; no retry cures any of them.

AirflowFailException
└── DriftReportError
    ├── InvalidNight        the night is not a date
    ├── InvalidColumns      columns are missing, doubled or not numbers
    ├── InvalidThresholds   a threshold is unknown or out of range
    └── InvalidWindow       a Parquet file is missing or unreadable
"""

from airflow.sdk.exceptions import AirflowFailException


class DriftReportError(AirflowFailException):
    """Base of the provider's errors."""


class InvalidNight(DriftReportError):
    """The night is not a date, so it cannot name a folder."""


class InvalidColumns(DriftReportError):
    """Columns are missing, named twice or not numbers."""


class InvalidThresholds(DriftReportError):
    """A threshold or task is unknown or out of range."""


class InvalidWindow(DriftReportError):
    """A Parquet file of the reference or the current window is missing or unreadable."""
