"""Errors of the lakehouse provider.

LakehouseError (no retry can cure it: the task fails at once)
├── InvalidConnection   a setting of the connection is missing or wrong
├── InvalidName         a table name breaks the pattern
├── InvalidInterval     start and end are no half-open range of dates
├── SourceMissing       the source folder, or a file in it, does not exist
├── SourceChanged       a source file's digest differs from the recorded one
├── JobMissing          the Spark job's file does not exist
├── NoData              the job produced no row for the interval
├── InvalidRows         staged rows lie outside the interval, or lack a key
├── SchemaChanged       the job's columns differ from the table's
├── UnreadableFile      a file to load is damaged or of an unknown kind
├── TableMissing        the catalog has no such table
├── SnapshotMissing     the table has no such snapshot or branch
└── PublishConflict     main moved since the rows were staged
LakehouseUnavailable    the catalog does not answer (the task is retried)
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class LakehouseError(AirflowFailException):
    """Base of the errors that a retry cannot cure."""


class InvalidConnection(LakehouseError):
    """A setting of the connection is missing or wrong."""


class InvalidName(LakehouseError):
    """A table name breaks the pattern `<model>.<table>`."""


class InvalidInterval(LakehouseError):
    """Start and end are no half-open range of ISO dates."""


class SourceMissing(LakehouseError):
    """The source folder, or a file in it, does not exist."""


class SourceChanged(LakehouseError):
    """A source file's digest differs from the recorded one."""


class JobMissing(LakehouseError):
    """The Spark job's file does not exist."""


class NoData(LakehouseError):
    """The job produced no row for the interval."""


class InvalidRows(LakehouseError):
    """Rows lie outside the interval or lack a key."""


class SchemaChanged(LakehouseError):
    """The columns to write differ from the table's."""


class UnreadableFile(LakehouseError):
    """A file to load is damaged or of an unknown kind."""


class TableMissing(LakehouseError):
    """The catalog has no such table."""


class SnapshotMissing(LakehouseError):
    """The table has no such snapshot or branch."""


class PublishConflict(LakehouseError):
    """Main moved since the rows were staged."""


class LakehouseUnavailable(AirflowException):
    """The catalog does not answer; the task is retried."""
