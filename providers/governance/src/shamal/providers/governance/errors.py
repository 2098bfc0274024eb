"""Errors of the governance provider."""

from airflow.exceptions import AirflowClusterPolicyViolation


class ResidencyFileRefused(AirflowClusterPolicyViolation):
    """The residency rules are missing or wrong: no DAG of a model can be judged, so none is accepted."""


class DagRefused(AirflowClusterPolicyViolation):
    """A DAG of a model breaks a rule; the message lists every broken one."""


class PodRefused(AirflowClusterPolicyViolation):
    """A pod of a model asks for power over its node."""


class RunRefused(ValueError):
    """A person asked for a run that can only fail; a ValueError, because Airflow answers that with 400."""
