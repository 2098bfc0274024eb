from io import StringIO

from rich.console import Console

from local.bench.display import table
from local.bench.result import Value


def shown(width: int = 160) -> str:
    console = Console(file=StringIO(), width=width)
    values = {"tax": [Value("orchestration tax", 1.2, "x", 1.15), Value("one process", 187.3, "s")]}
    before = {"orchestration tax": 1.5}
    console.print(table(values, {"demo": "run `make demo` first"}, before))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return str(text)


def test_a_value_stands_beside_its_budget_and_its_change() -> None:
    (row,) = [line for line in shown().splitlines() if "orchestration tax" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == [
        "tax",
        "orchestration tax",
        "1.2 x",
        "≤ 1.15 x",
        "no",
        "x 0.80",
    ]


def test_what_could_not_be_measured_says_why() -> None:
    assert "not measured: run `make demo` first" in shown()
