"""What can go wrong with Triton, and what to do about it.

TritonUnavailable        the server does not answer; a retry may cure it
TrafficNotRouted         the router did not take the new version in time; a retry may cure it
BenchmarkFailed          perf_analyzer does not run or fails
RepositoryFull           the model repository's disk has no room; a retry may cure it
RouteChanged             somebody else changed the model's route meanwhile; a retry may cure it
ReleaseUnderWay          another promotion of the model has begun; a retry may cure it
ReleaseOvertaken         this promotion stood still and another process took over; a retry may cure it
DeploymentRefused        (AirflowFailException: no retry can cure it)
├── InvalidDeployment    a name, version, path or file that cannot be meant
├── DigestMismatch       the file is not the one that was registered
├── VersionConflict      the version's folder holds another file
├── VersionNotDeployed   the version has no folder
├── ModelLoadFailed      Triton cannot load the file
├── GoldenMismatch       the version's answers differ from the known ones
├── WarmUpFailed         the version stays slower than its limit
├── ChampionChanged      another version answers than the one that the release was compared with
├── CanaryFailed         the candidate broke a limit of its canary
├── CanaryUndecided      too few requests to judge the candidate
├── CanaryStopped        somebody else moved the traffic during the canary
└── NothingToRollBackTo  there is no previous version
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class TritonUnavailable(AirflowException):
    """Triton does not answer."""


class TrafficNotRouted(AirflowException):
    """The router still answers with another version; the route was put back."""


class BenchmarkFailed(AirflowException):
    """NVIDIA's perf_analyzer does not run or fails."""


class RepositoryFull(AirflowException):
    """The disk of the model repository has no room; nothing of the version was left there."""


class RouteChanged(AirflowException):
    """The route is not the one that this change was made from; nothing was written."""


class ReleaseUnderWay(AirflowException):
    """Another promotion of the model has begun; nothing was changed."""


class ReleaseOvertaken(AirflowException):
    """The promotion stood still and another process finished or undid it; nothing more was changed."""


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


class ChampionChanged(DeploymentRefused):
    """Another version answers than the one that the release was compared with."""


class WarmUpFailed(DeploymentRefused):
    """The version stays slower than its limit, however often it is asked."""


class CanaryFailed(DeploymentRefused):
    """The candidate certainly broke a limit; it has no traffic."""


class CanaryUndecided(DeploymentRefused):
    """Too few requests came to judge the candidate; it has no traffic."""


class CanaryStopped(DeploymentRefused):
    """Somebody else moved the traffic during the canary, which left it as they wanted it."""


class NothingToRollBackTo(DeploymentRefused):
    """The model has no previous version."""
