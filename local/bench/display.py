"""The table that `make bench` prints."""

from rich.table import Table

from local.bench.result import Value

WITHIN = {True: "[green]yes[/]", False: "[bold red]no[/]", None: ""}


def table(values: dict[str, list[Value]], reasons: dict[str, str], before: dict[str, float]) -> Table:
    """Return a row per value, and one per measurement that could not run.

    :param values: measurement → its values.
    :param reasons: measurement → why it could not run.
    :param before: the last earlier figures on this machine; the last column is the ratio to them.
    """
    result = Table(title="Shamal, measured", title_justify="left")
    for column in ("", "measurement", "value", "budget", "within?", "to last run"):
        result.add_column(column, justify="right" if column in ("value", "budget", "to last run") else "left")
    for name in [*values, *reasons]:
        for value in values.get(name, []):
            result.add_row(
                name, value.name, _number(value), _budget(value), WITHIN[value.within], _change(value, before)
            )
        if name in reasons:
            result.add_row(name, f"[yellow]not measured:[/] {reasons[name]}", "", "", "", "")
    return result


def _number(value: Value) -> str:
    return f"{value.value:.3g} {value.unit}" if value.value < 100 else f"{value.value:.0f} {value.unit}"


def _budget(value: Value) -> str:
    if value.budget is None:
        return ""
    return f"{'≥' if value.at_least else '≤'} {value.budget:g} {value.unit}"


def _change(value: Value, before: dict[str, float]) -> str:
    earlier = before.get(value.name)
    return f"x {value.value / earlier:.2f}" if earlier else ""
