"""What the training operator raises.

TrainingFailed    the pod failed; another attempt resumes from the last checkpoint
TrainingRefused   the pod refused its input; no retry can cure it
"""

from airflow.sdk.exceptions import AirflowException, AirflowFailException


class TrainingFailed(AirflowException):
    """The training pod was killed, crashed or never started."""


class TrainingRefused(AirflowFailException):
    """The training pod, or the operator before it, refused the input."""
