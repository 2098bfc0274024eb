"""The page on which a person decides about a release: gates, champion, slices with a chart, change record; Markdown."""

from collections.abc import Mapping, Sequence
from typing import Any

BAR = 30
"""Characters of the longest bar of a chart."""
SHOWN_SLICES = 12


def page(reference: Mapping[str, Any], gates: Mapping[str, Any], tags: Mapping[str, str], asked: str) -> str:
    """Return the page of one version.

    :param reference: what FetchModelOperator returned.
    :param gates: `gates.json` of the version's MLflow run.
    :param tags: the run's tags.
    :param asked: who or what asked for the release.
    """
    parts = [_verdicts(gates["verdicts"]), _metrics(gates, reference["champion"])]
    parts += [_slices(column, found) for column, found in gates["slices"].items()]
    parts.append(_record(reference, tags, asked))
    return "\n\n".join(parts)


def _verdicts(verdicts: list[dict[str, Any]]) -> str:
    waived = [each for each in verdicts if each["waived_by"]]
    kept = sum(each["passed"] for each in verdicts) - len(waived)
    title = f"### Gates: {kept} of {len(verdicts)} limits are kept"
    if waived:
        names = ", ".join(f"{each['gate']} (by {each['waived_by']})" for each in waived)
        title += f", {len(waived)} waived: {names}"
    rows = [
        (
            each["gate"],
            _number(each["value"]),
            _interval(each["interval"]),
            _number(each["limit"]),
            "waived" if each["waived_by"] else "yes" if each["passed"] else "**no**",
            each["reason"],
        )
        for each in verdicts
    ]
    return f"{title}\n\n{_table(('gate', 'value', '95 % interval', 'limit', 'kept', 'reason'), rows)}"


def _metrics(gates: Mapping[str, Any], champion: int | None) -> str:
    """Show the candidate beside the champion and the baseline, on the same evaluation rows."""
    metrics, rows = gates["metrics"], []
    for name, value in metrics["model"].items():
        serving = metrics.get("champion", {}).get(name)
        difference = "-" if None in (value, serving) else f"{value - serving:+.4g}"
        rows.append((name, *map(_number, (value, serving)), difference, _number(metrics["baseline"].get(name))))
    compared = (gates["champion"] or {}).get("incomparable")
    title = f"### Against version {champion}, which answers now" if champion else "### The first version"
    if compared:
        title += f"\n\nNot comparable: {compared}."
    head = ("metric", "candidate", "champion", "difference", "linear baseline")
    return f"{title}\n\n{gates['rows']['evaluation']} evaluation rows.\n\n{_table(head, rows)}"


def _slices(column: str, slices: list[dict[str, Any]]) -> str:
    """Draw the judged slices of one column, the worst first, as they come."""
    judged = [each for each in slices if each["judged"] and each["value"] is not None]
    shown = judged[:SHOWN_SLICES]
    top = max((abs(each["value"]) for each in shown), default=0.0) or 1.0
    lines = [
        f"{each['slice']!s:>10}  {'█' * round(BAR * abs(each['value']) / top):<{BAR}}  {each['value']:.4f}"
        f"  ({each['rows']} rows)"
        for each in shown
    ]
    left_out = len(slices) - len(shown)
    note = f"\n\n{left_out} slices more: too small to judge, or better than these." if left_out else ""
    return f"### Slices of {column}\n\n```text\n" + "\n".join(lines) + f"\n```{note}"


def _record(reference: Mapping[str, Any], tags: Mapping[str, str], asked: str) -> str:
    rows = [
        ("asked for by", asked),
        ("version", f"{reference['version']} (answers now: {reference['champion'] or 'none'})"),
        ("MLflow run", f"`{reference['run_id']}`"),
        ("SHA-256 of the model", f"`{reference['sha256']}`"),
        ("data snapshot", tags.get("shamal.snapshot_id", "-")),
        ("training set", f"`{tags.get('shamal.training_set_digest', '-')}`"),
        ("trained by", f"{tags.get('airflow.dag_id', '-')}, run {tags.get('airflow.run_id', '-')}"),
        ("code", f"`{tags.get('mlflow.source.git.commit', 'not in a Git checkout')}`"),
        ("classification, residency", f"{tags.get('classification', '-')}, {tags.get('residency', '-')}"),
    ]
    return f"### Change record\n\n{_table(('what', 'value'), rows)}"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _number(value: float | bool | None) -> str:
    if value is None or isinstance(value, bool):
        return {None: "-", True: "yes", False: "no"}[value]
    return f"{value:.4g}"


def _interval(interval: list[float] | None) -> str:
    return f"{interval[0]:.4g} to {interval[1]:.4g}" if interval else "-"
