"""Makes the drift report of one model and night and writes it as one folder."""

import html
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from shamal.providers.evidently import drift, quality
from shamal.providers.evidently.errors import InvalidNight, InvalidThresholds
from shamal.providers.evidently.settings import TASKS, Columns, Thresholds, thresholds
from shamal.providers.evidently.windows import MAX_ROWS, Window, read_window

MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")


def report(
    model: str,
    night: str,
    *,
    reference: str,
    current: str,
    columns: Columns,
    task: str,
    limits: Mapping[str, Any],
    output: str,
) -> dict[str, Any]:
    """Compare two windows, write report.html, report.json and verdict.json, return the verdict.

    They lie in `<output>/<night>/`; the same night again replaces them.

    :param night: the night's date, such as 2013-09-30.
    :param reference: Parquet file of the rows that the model was judged by.
    :param current: Parquet file of the rows that it answered.
    :param limits: see Thresholds.
    :raises InvalidNight: the night or model does not fit in a path.
    :raises InvalidThresholds: a threshold or the task is unknown.
    :raises InvalidColumns: a column is missing or not a number.
    """
    _require(model, night, task)
    bounds = thresholds(limits)
    before, now = read_window(reference, columns), read_window(current, columns)
    verdict, snapshot = judge(now, before, columns, task, bounds)
    verdict |= {"model": model, "night": night}
    folder = Path(output) / night
    details = snapshot.dict() if snapshot else {"metrics": []}
    _replace(
        folder,
        {
            "report.html": _page(verdict, snapshot),
            "report.json": json.dumps(verdict | {"evidently": details}, indent=1, default=float),
            "verdict.json": json.dumps(verdict, indent=1),
        },
    )
    return verdict | {"report_html": str(folder / "report.html"), "report_json": str(folder / "report.json")}


def judge(now: Window, before: Window, columns: Columns, task: str, limits: Thresholds) -> "tuple[dict[str, Any], Any]":
    """Return the verdict (JSON-able) and Evidently's report, None where there was too little to compare."""
    rows = {
        "current": now.total,
        "reference": before.total,
        "compared_at_most": MAX_ROWS,
    }
    metrics = {
        name: quality.measure(window.frame, columns.label, columns.score, task, limits.min_rows)
        for name, window in (("current", now), ("reference", before))
    }
    verdict: dict[str, Any] = {"rows": rows, "metrics": metrics, "thresholds": asdict(limits)}
    too_little = _too_little(now, before, columns, limits)
    if too_little:
        return verdict | {
            "verdict": "insufficient_data",
            "reasons": [too_little],
            "drifted": [],
            "share": None,
            "columns": [],
        }, None
    found, snapshot = drift.compare(now, before, columns, limits)
    drifted = [each.column for each in found if each.drifted]
    share = len([name for name in drifted if name != columns.score]) / len(columns.features)
    reasons = []
    if share >= limits.drifted_share:
        reasons.append(f"{share:.0%} of the features drifted, the limit is {limits.drifted_share:.0%}")
    if columns.score in drifted:
        reasons.append("the score drifted")
    main = quality.MAIN[task]
    was, is_now = metrics["reference"][main], metrics["current"][main]
    if was is not None and is_now is not None and was - is_now > limits.quality_drop:
        reasons.append(f"{main} fell from {was:.4f} to {is_now:.4f}, the limit is {limits.quality_drop:g}")
    return verdict | {
        "verdict": "drift" if reasons else "ok",
        "reasons": reasons,
        "drifted": drifted,
        "share": share,
        "columns": [asdict(each) for each in found],
    }, snapshot


def _too_little(now: Window, before: Window, columns: Columns, limits: Thresholds) -> str | None:
    for name, window in (("current", now), ("reference", before)):
        if window.total < limits.min_rows:
            return f"the {name} window has {window.total} rows, {limits.min_rows:g} are needed"
        if (window.frame[list(columns.features)].nunique() <= 1).all():
            return f"every feature of the {name} window is constant or missing: look at the job that writes it"
    return None


def _require(model: str, night: str, task: str) -> None:
    if not MODEL.fullmatch(model):
        raise InvalidNight(f"model {model!r} does not match {MODEL.pattern}; rename it")
    try:
        known = date.fromisoformat(night).isoformat() == night
    except ValueError:
        known = False
    if not known:
        raise InvalidNight(f"night {night!r} is not a date such as 2013-09-30; give '{{{{ ds }}}}'")
    if task not in TASKS:
        raise InvalidThresholds(f"task {task!r} is unknown; allowed: {', '.join(TASKS)}")


def _page(verdict: dict[str, Any], snapshot: Any) -> str:
    """Return one HTML file that needs no network: our verdict, then Evidently's charts."""
    rows = verdict["rows"]
    facts = [
        *(verdict["reasons"] or ["nothing moved beyond its threshold"]),
        f"{rows['current']} rows against {rows['reference']} of the reference; of each at most {MAX_ROWS} were "
        "compared, by a sample that is the same each time; values that few rows share are merged",
        *(f"{name}: {_figures(values)}" for name, values in verdict["metrics"].items()),
    ]
    items = "".join(f"<li>{html.escape(str(fact))}</li>" for fact in facts)
    title = html.escape(f"{verdict['model']}, night of {verdict['night']}: {verdict['verdict']}")
    head = f'<header style="font-family:sans-serif;padding:1em"><h1>{title}</h1><ul>{items}</ul></header>'
    if snapshot is None:
        opening = f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="UTF-8"><title>{title}</title></head>'
        return f"{opening}<body>{head}</body></html>"
    page = str(snapshot.get_html_str(as_iframe=False))
    return page.replace("<body>", f"<body>{head}", 1)


def _replace(folder: Path, files: dict[str, str]) -> None:
    """Put all files in place of the folder's old ones; a crash leaves the old report or the new one.

    The night's name is a link to a hidden folder beside it, because a link can be replaced in one step.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    for name, text in files.items():
        (fresh / name).write_text(text)
    link = fresh / "link"
    link.symlink_to(fresh.name)
    link.replace(folder)
    for old in folder.parent.glob(f".{folder.name}-*"):  # also what a crashed attempt left
        if old != fresh:
            shutil.rmtree(old)


def _figures(values: dict[str, float | None]) -> str:
    return ", ".join(f"{name} {'unknown' if value is None else format(value, '.4g')}" for name, value in values.items())
