"""What can go wrong with Triton, and what to do about it.

TritonUnavailable        the server does not answer; a retry may cure it
TrafficNotRouted         the router did not take the new version in time; a retry may cure it
BenchmarkFailed          perf_analyzer does not run or fails
RouteChanged             somebody else changed the model's route meanwhile; a retry may cure it
DeploymentRefused        (AirflowFailException: no retry can cure it)
├── InvalidDeployment    a name, version, path or file that cannot be meant
├── DigestMismatch       the file is not the one that was registered
├── VersionConflict      the version's folder holds another file
├── VersionNotDeployed   the version has no folder
├── ModelLoadFailed      Triton cannot load the file
├── GoldenMismatch       the version's answers differ from the known ones
└── NothingToRollBackTo  there is no previous version
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class TritonUnavailable(AirflowException):
    """Triton does not answer."""


class TrafficNotRouted(AirflowException):
    """The router still answers with another version; the route was put back."""


class BenchmarkFailed(AirflowException):
    """NVIDIA's perf_analyzer does not run or fails."""


class RouteChanged(AirflowException):
    """The route is not the one that this change was made from; nothing was written."""


class DeploymentRefused(AirflowFailException):
    """A deployment that no retry can cure; nothing of it takes traffic."""


class InvalidDeployment(DeploymentRefused):
    """A name, version, path or file that cannot be meant."""


class DigestMismatch(DeploymentRefused):
    """The file is not the one that was registered."""


class VersionConflict(DeploymentRefused):
    """The version's folder holds another file; versions never change."""


class VersionNotDeployed(DeploymentRefused):
    """The version has no folder in the model repository."""


class ModelLoadFailed(DeploymentRefused):
    """Triton cannot load the version; what served before goes on serving."""


class GoldenMismatch(DeploymentRefused):
    """The version's answers to the golden requests differ from the known ones."""


class NothingToRollBackTo(DeploymentRefused):
    """The model has no previous version."""
