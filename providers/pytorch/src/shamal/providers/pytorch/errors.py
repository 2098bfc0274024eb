"""What the operators raise.

TrainingFailed       the pod failed; another attempt resumes from the last checkpoint
TrainingRefused      the input or a setting is at fault; no retry can cure it
ClusterUnavailable   the cluster did not answer; another attempt finds the pod again
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class TrainingFailed(AirflowException):
    """The training pod was killed, crashed or never started."""


class TrainingRefused(AirflowFailException):
    """The training pod, the cluster or the operator refused the input."""


class ClusterUnavailable(AirflowException):
    """The cluster's API server is down, cannot be reached or fails."""
