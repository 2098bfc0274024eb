"""Every error of this provider.

AirflowException
├── MlflowUnavailable           the server does not answer; the task retries
├── PromotionInProgress         another promotion holds the model's lock; the task retries
└── AirflowFailException        no retry can cure it
    └── MlflowProviderError
        ├── InvalidConnection   the Airflow connection lacks something
        ├── MlflowDenied        the server refuses these credentials
        ├── InvalidName         a name breaks its pattern
        ├── InvalidGates        a gate, its limit, a section or a waiver is wrong
        ├── InvalidTrainingSet  the training set's files are missing or contradict each other
        ├── InvalidTrainingOutput  the training output's files are missing or unreadable
        ├── SignatureMismatch   the model's inputs or outputs are not those of the training set
        ├── GateDenied          at least one gate says no
        ├── VersionNotFound     no such model version or alias
        ├── AliasConflict       the alias points to another version than expected
        ├── DigestMismatch      a file is not the one that was registered
        └── UnsafeArtifact      a model folder holds something that is not plain ONNX
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class MlflowUnavailable(AirflowException):
    """The MLflow server does not answer; the task may be retried."""


class PromotionInProgress(AirflowException):
    """Another promotion of the same model holds its lock; the task may be retried."""


class MlflowProviderError(AirflowFailException):
    """Base of the errors that no retry can cure."""


class InvalidConnection(MlflowProviderError):
    """The Airflow connection lacks an address or credentials."""


class MlflowDenied(MlflowProviderError):
    """The MLflow server refuses the connection's credentials or what they ask for."""


class InvalidName(MlflowProviderError):
    """A model name, alias or run id breaks its pattern."""


class InvalidGates(MlflowProviderError):
    """A gate is unknown for the task, its limit has the wrong type, or a section or waiver is wrong."""


class InvalidTrainingSet(MlflowProviderError):
    """Files of the training set are missing, unreadable or contradict each other."""


class InvalidTrainingOutput(MlflowProviderError):
    """Files of the training output are missing or unreadable."""


class SignatureMismatch(MlflowProviderError):
    """The model's inputs or outputs are not those that the training set describes."""


class GateDenied(MlflowProviderError):
    """At least one gate says no, or the run to register never passed its gates."""


class VersionNotFound(MlflowProviderError):
    """No such run, model version, alias or recorded predecessor."""


class AliasConflict(MlflowProviderError):
    """The alias points to another version than the caller expected."""


class DigestMismatch(MlflowProviderError):
    """A file of a model version is not the one whose digest was recorded."""


class UnsafeArtifact(MlflowProviderError):
    """A model folder holds something other than a plain ONNX model."""
