"""The last screen of the demo: what happened, in the words of someone who has to report it."""

from typing import Any

from rich.console import Console
from rich.table import Table


def show(summary: dict[str, Any], console: Console) -> None:
    """Print the summary."""
    table = Table(title="The life of flight_delays", title_justify="left", show_header=False, box=None, padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in _rows(summary):
        table.add_row(name, text)
    console.print()
    console.print(table, highlight=False)


def _rows(summary: dict[str, Any]) -> list[tuple[str, str]]:
    train, release = summary["train"], summary["release"]
    rows = [("rows", _ingested(summary["ingest"])), ("", _ingested(summary["later_ingest"]))]
    rows += [("snapshot", str(summary["ingest"]["snapshot_id"])), ("MLflow run", train["run_id"])]
    metrics = train["metrics"]
    auc, baseline = metrics["roc_auc"], metrics["baseline_roc_auc"]
    rows.append(("ROC AUC", f"{auc:.4f}; logistic regression on the same features {baseline:.4f}"))
    rows += [("gates" if not i else "", _gate(verdict)) for i, verdict in enumerate(train["verdicts"])]
    rows.append(
        ("served", f"version {release['champion']} (before: {release['previous'] or 'none'}), {release['backend']}")
    )
    rows += [("canary", _canary(release))]
    for i, flight in enumerate(summary["flights"]):
        truth = "was late" if flight["truth"] else "was on time"
        rows.append(
            ("flights" if not i else "", f"{flight['flight_id']}: {flight['probability']:.0%} late; it {truth}")
        )
    rows.append(
        ("predictions", f"{summary['predictions']} over gRPC; 3 over REST, over gRPC and by key with equal answers")
    )
    for i, (month, report) in enumerate(summary["monitor"].items()):
        rows.append(
            ("monitor" if not i else "", f"{month}: {report['verdict']} ({report['share']:.0%} of features drifted)")
        )
        rows.append(("", f"report {report['report_html']}"))
    retraining = summary["retraining"]
    rows.append(("retraining", f"started by the drift ({retraining['state']}), not awaited: {retraining['run_id']}"))
    rows.append(("time, memory", f"{summary['seconds']:.0f} s, at most {summary['peak_memory_gib']:.1f} GiB"))
    rows.append(("web UI", f"{summary['web_ui']} (users and passwords: {summary['login']})"))
    return rows


def _canary(release: dict[str, Any]) -> str:
    canary = release["canary"]
    shares = ", ".join(f"{step['share']:.0%}" for step in canary["steps"])
    return (
        f"version {canary['version']} got {shares} and then all of the requests within {canary['seconds']:.0f} s; "
        f"{release['requests']} requests at 50/s meanwhile, {release['lost']} lost"
    )


def _ingested(rows: dict[str, Any]) -> str:
    return f"{rows['days']}: {rows['rows']} read = {rows['good']} good + {rows['quarantined']} quarantined"


def _gate(verdict: dict[str, Any]) -> str:
    answer = "waived" if verdict["waived_by"] else "yes" if verdict["passed"] else "NO"
    if verdict["value"] is None:
        return f"{verdict['gate']}: {verdict['reason']} {answer}"
    return f"{verdict['gate']}: {verdict['value']:.4g} (limit {verdict['limit']:.4g}) {answer}"
