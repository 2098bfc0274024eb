"""The seconds that the set-up took when it made the environments."""

from local.bench.context import Bench
from local.bench.result import CannotMeasure, Value
from local.settings import HOME

STAMP = HOME / ".venv" / ".complete"
BUDGET_SECONDS = 240


def measure(_bench: Bench) -> list[Value]:
    """Return wall seconds of the `make env` that made `.venv` and `.venv-triton` from nothing, downloads included.

    It is read, not repeated: local/install.sh writes `made <seconds>` or, where it brought an older environment up to
    date, `updated <seconds>`.
    """
    words = STAMP.read_text().split() if STAMP.exists() else []
    match words:
        case ["made", seconds]:
            return [Value("set-up", float(seconds), "s", BUDGET_SECONDS)]
        case ["updated", seconds]:
            return [Value("set-up, brought up to date", float(seconds), "s")]
    raise CannotMeasure("unknown: .venv was not made by local/install.sh, which notes its duration; see `make env`")
