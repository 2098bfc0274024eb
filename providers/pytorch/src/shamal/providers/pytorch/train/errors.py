"""What the pod refuses to do.

TrainingInputError   exit code 2: the same input fails again
"""

REFUSED = 2


class TrainingInputError(ValueError):
    """A file, setting or device asked for is wrong or missing."""
