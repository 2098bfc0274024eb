"""Errors of the Great Expectations provider.

ValidationError (no retry can cure it: the task fails at once)
├── InvalidConnection     a setting of the connection is missing
├── InvalidExpectations   the expectations file, or the operator's limits, are wrong
├── InvalidInterval       start and end are no half-open range of dates
├── TableMissing          the table, or its branch, does not exist
├── ContractViolated      the rows break the contract: nothing may be published
└── RowsLost              good + quarantined differs from the rows read (a bug: report it)
"""

from airflow.sdk.exceptions import AirflowFailException


class ValidationError(AirflowFailException):
    """Base of the errors that a retry cannot cure."""


class InvalidConnection(ValidationError):
    """A setting of the connection is missing."""


class InvalidExpectations(ValidationError):
    """The expectations file, or the operator's limits, are wrong."""


class InvalidInterval(ValidationError):
    """Start and end are no half-open range of ISO dates."""


class TableMissing(ValidationError):
    """The table, or its branch, does not exist."""


class ContractViolated(ValidationError):
    """The rows break the contract."""


class RowsLost(ValidationError):
    """Good plus quarantined rows differ from the rows read."""
