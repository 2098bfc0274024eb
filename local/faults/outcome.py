"""What became of one injected fault, and whether it is what is promised."""

from dataclasses import dataclass

RESTORED_SECONDS = 30.0
REQUESTS_AFTER_SWITCH = 3


@dataclass(frozen=True)
class Outcome:
    """The figures of one fault.

    :param fault: what was broken.
    :param stopped_by: what noticed it; None when nothing did.
    :param detected: seconds from the fault's first effect to the decision.
    :param restored: seconds from the fault's first effect until the approved version alone answered.
    :param sent: requests sent meanwhile, at 50 per second.
    :param lost: those that nobody answered.
    :param after_switch: requests that the bad version answered after its share was taken away.
    :param may_lose: whether the fault takes the server itself away, so that requests cannot all be answered.
    """

    fault: str
    stopped_by: str | None
    detected: float
    restored: float
    sent: int
    lost: int
    after_switch: int = 0
    may_lose: bool = False

    @property
    def broken_promises(self) -> list[str]:
        """Return what should have been otherwise."""
        found = []
        if self.restored > RESTORED_SECONDS:
            found.append(f"restored after {self.restored:.1f} s, promised are {RESTORED_SECONDS:.0f}")
        if self.after_switch > REQUESTS_AFTER_SWITCH:
            found.append(f"{self.after_switch} answers after the switch, promised are {REQUESTS_AFTER_SWITCH}")
        if self.lost and not self.may_lose:
            found.append(f"{self.lost} requests lost")
        if self.stopped_by is None:
            found.append("nothing stopped it")
        if not self.sent:
            found.append("no request was sent")
        return found
