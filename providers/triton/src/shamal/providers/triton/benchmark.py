"""Measures a served version beside the champion; both are called directly, without the router."""

import json
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shamal.providers.triton import golden as goldens
from shamal.providers.triton import load, perf_analyzer, windows
from shamal.providers.triton.errors import InvalidDeployment, VersionNotDeployed
from shamal.providers.triton.repository import version_model
from shamal.providers.triton.windows import Window

if TYPE_CHECKING:
    from shamal.providers.triton.hooks.triton import TritonHook

FIGURES = ("requests_per_second", "rows_per_second", "p50_ms", "p95_ms", "p99_ms")


@dataclass(frozen=True)
class Method:
    """How each cell is measured.

    :param analyzer: path of `perf_analyzer`; None: our own client.
    """

    window_seconds: float
    most_windows: int
    analyzer: str | None


def measure(
    hook: "TritonHook",
    model: str,
    version: int | None = None,
    *,
    batch_sizes: list[int],
    concurrency: list[int],
    window_seconds: float = 1.0,
    most_windows: int = 10,
    client: str | None = None,
) -> dict[str, Any]:
    """Measure a version and the champion per batch size and concurrency, and keep the result beside the version.

    Requests to a version itself never reach the prediction log. The result is
    `{"model", "version", "champion", "client", "file", "measurements": [{"batch_size", "concurrency", "version",
    "champion", "ratio"}, ...]}`; `version` and `champion` hold the figures of each, `ratio` is version ÷ champion.
    Where the version is the champion, or there is none, the last two are None.

    :param version: a deployed version; None: the champion.
    :param batch_sizes: rows per request; the rows are the version's golden requests, repeated.
    :param concurrency: clients at once.
    :param window_seconds: length of one window (see `windows`).
    :param most_windows: windows after which a measurement is called unstable, at least 3.
    :param client: path of NVIDIA's `perf_analyzer`; None: the one on the PATH, and without one a client of ours.
    """
    version_model(model, 1)
    if not batch_sizes or not concurrency or min(*batch_sizes, *concurrency) < 1:
        raise InvalidDeployment(
            f"benchmark of {model}: batch_sizes {batch_sizes}, concurrency {concurrency}; give at least one of each, "
            "from 1 on"
        )
    if window_seconds <= 0 or most_windows < windows.NEWEST:
        raise InvalidDeployment(
            f"benchmark of {model}: window_seconds {window_seconds}, most_windows {most_windows}; a window takes more "
            f"than 0 seconds, and at least {windows.NEWEST} are needed"
        )
    champion = _champion(hook, model)
    version = champion if version is None else version
    if version is None:
        raise VersionNotDeployed(f"{model} has no champion in {hook.repository.root}; name a deployed version")
    subjects = {"version": version} if champion in (None, version) else {"version": version, "champion": champion}
    for number in subjects.values():
        hook.repository.version_folder(model, number)
        if not hook.ready(version_model(model, number)):
            raise VersionNotDeployed(f"{model} version {number} is not loaded; run DeployModelOperator first")
    rows = goldens.read(hook.repository.version_folder(model, version) / "golden.json").features
    method = Method(window_seconds, most_windows, client or shutil.which("perf_analyzer"))
    ask = _by_analyzer if method.analyzer else _by_us
    names = {subject: version_model(model, number) for subject, number in subjects.items()}
    measurements = []
    for size in batch_sizes:
        features = np.resize(rows, (size, rows.shape[1]))
        for clients in concurrency:
            figures = _compared(ask(hook, names, features, clients, method), size)
            measurements.append({"batch_size": size, "concurrency": clients, **figures})
    file = hook.repository.root / f"{version_model(model, version)}.benchmark.json"
    result = {
        "model": model,
        "version": version,
        "champion": champion,
        "client": "perf_analyzer" if method.analyzer else "shamal",
        "file": str(file),
        "measurements": measurements,
    }
    _write(file, result)
    return result


def table(result: dict[str, Any]) -> str:
    """Return the measurements as text, a line per batch size and concurrency; ratios are version ÷ champion."""
    against = f"champion {result['champion']}" if result["measurements"][0]["champion"] else "no other version"
    lines = [
        f"{result['model']} version {result['version']} against {against}, measured by {result['client']}",
        "  rows clients  requests/s (ratio)      rows/s     p50 ms     p95 ms (ratio)     p99 ms",
    ]
    for each in result["measurements"]:
        figures, ratio = each["version"], each["ratio"] or {}
        rate, tail = (_ratio(ratio.get(name)) for name in ("requests_per_second", "p95_ms"))
        cells = [f"{each['batch_size']:6}", f"{each['concurrency']:7}"]
        cells += [f"{_number(figures['requests_per_second']):>11} {rate}", f"{_number(figures['rows_per_second']):>11}"]
        cells += [f"{_number(figures['p50_ms']):>10}", f"{_number(figures['p95_ms']):>10} {tail}"]
        cells += [f"{_number(figures['p99_ms']):>10}"]
        unstable = [side for side in ("version", "champion") if each[side] and not each[side]["stable"]]
        lines.append(" ".join(cells) + (f"  not stable: {', '.join(unstable)}" if unstable else ""))
    return "\n".join(lines)


def router_overhead(
    address: str,
    model: str,
    version: int,
    features: Any,
    *,
    concurrency: int = 1,
    seconds: float = 10.0,
    rounds: int = 10,
    log: bool = True,
) -> dict[str, Any]:
    """Return what the router adds to its champion, measured in turns so that a drift of the machine cancels out.

    :param address: gRPC `host:port`.
    :param version: the champion.
    :param features: float32 [N, F], the same for every request.
    :param seconds: for each of the two, over all rounds.
    :param log: whether the requests are written to the prediction log, as real ones are.
    """
    direct: list[float] = []
    router: list[float] = []
    turn = seconds / rounds
    for name in (version_model(model, version), model):
        load.latencies(address, name, features, concurrency=concurrency, seconds=min(1.0, turn), log=log)
    for _ in range(rounds):
        direct += load.latencies(
            address, version_model(model, version), features, concurrency=concurrency, seconds=turn
        )
        router += load.latencies(address, model, features, concurrency=concurrency, seconds=turn, log=log)
    measured = {"direct": load.summary(direct, seconds), "router": load.summary(router, seconds)}
    return {
        **measured,
        "added_p50_ms": measured["router"]["p50_ms"] - measured["direct"]["p50_ms"],
        "throughput_ratio": measured["router"]["requests_per_second"] / measured["direct"]["requests_per_second"],
    }


def _champion(hook: "TritonHook", model: str) -> int | None:
    route = hook.repository.route(model)
    return route.champion if route else None


def _by_us(
    hook: "TritonHook", names: dict[str, str], features: Any, clients: int, method: Method
) -> dict[str, dict[str, Any]]:
    def window(name: str) -> Window:
        latencies = hook.latencies(name, features, concurrency=clients, seconds=method.window_seconds)
        return Window(latencies, method.window_seconds)

    return windows.in_turns({subject: partial(window, name) for subject, name in names.items()}, method.most_windows)


def _by_analyzer(
    hook: "TritonHook", names: dict[str, str], features: Any, clients: int, method: Method
) -> dict[str, dict[str, Any]]:
    return {
        subject: perf_analyzer.measure(
            str(method.analyzer),
            hook.grpc_address,
            name,
            features,
            batched=hook.batched(name),
            concurrency=clients,
            window_seconds=method.window_seconds,
            most_windows=method.most_windows,
        )
        for subject, name in names.items()
    }


def _compared(figures: dict[str, dict[str, Any]], rows: int) -> dict[str, Any]:
    for each in figures.values():
        rate = each["requests_per_second"]
        each["rows_per_second"] = None if rate is None else rate * rows
    version, champion = figures["version"], figures.get("champion")
    ratio = None
    if champion:
        ratio = {
            name: version[name] / champion[name] if version[name] is not None and champion[name] else None
            for name in FIGURES
        }
    return {"version": version, "champion": champion, "ratio": ratio}


def _write(file: Path, result: dict[str, Any]) -> None:
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(json.dumps(result, indent=1) + "\n")
    beside.replace(file)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


def _ratio(value: float | None) -> str:
    return "       " if value is None else f"(x{value:4.2f})"
