"""The section `serving` of a model's spec: how the model answers requests."""

from pydantic import Field, model_validator

from include.spec.types import Strict


class Serving(Strict):
    """How each version of the model answers requests; every field has a default."""

    instances: int = Field(default=1, ge=1, le=64)
    """Processes that answer, of each version and of the router; one keeps about one core busy."""
    max_batch_rows: int = Field(default=0, ge=0, le=65_536)
    """Triton gathers waiting requests for a version's own model up to so many rows; 0: it does not."""
    queue_delay_us: int = Field(default=0, ge=0, le=1_000_000)
    """Microseconds for which it may hold a request back to gather more."""
    warm_up_p99_ms: float = Field(default=1000.0, gt=0, le=60_000)
    """A new version must answer one row within so many milliseconds (p99, over REST) before it may serve."""
    candidate_timeout_ms: float = Field(default=1000.0, gt=0, le=60_000)
    """Milliseconds after which the champion answers for a version in a canary, and an error is counted."""

    @model_validator(mode="after")
    def _delay_gathers(self) -> "Serving":
        if self.queue_delay_us and not self.max_batch_rows:
            raise ValueError(f"queue_delay_us {self.queue_delay_us} gathers nothing without max_batch_rows; give both")
        return self
