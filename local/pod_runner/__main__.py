"""Serve the pods API, or end every pod: `python -m local.pod_runner [serve|stop-pods]`."""

import argparse
import logging
import os
import time
from pathlib import Path

import uvicorn

from local.pod_runner import process
from local.pod_runner.app import create_app
from local.pod_runner.node import Node, local_gpus
from local.pod_runner.objects import read_json
from local.pod_runner.store import Store


def serve(root: Path, port: int) -> None:
    """Serve until a signal comes; pods go on without the runner.

    :param root: the runner's folder; `credentials/` in it holds certificate and token.
    :param port: port on 127.0.0.1.
    """
    credentials = root / "credentials"
    if not (credentials / "token").exists():
        raise SystemExit(f"no credentials in {credentials}: local.pod_runner.credentials.make_credentials makes them")
    store = Store(root)
    app = create_app(store, Node(store, local_gpus()), (credentials / "token").read_text())
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        ssl_certfile=credentials / "server.crt",
        ssl_keyfile=credentials / "server.key",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def stop_pods(root: Path) -> int:
    """End every pod with its grace and wait for it; works with or without a running runner.

    :param root: the runner's folder.
    :return: how many pods were running.
    """
    folders = [file.parent for file in root.glob("*/*/launch.json")]
    running = [folder for folder in folders if "finished_at" not in (process.state(folder) or {})]
    graces = [float(read_json(folder / "launch.json")["grace"]) for folder in running]
    for folder, grace in zip(running, graces, strict=True):
        process.request_stop(folder, grace)
    # Past its grace a process is killed; 10 s are for its output and its orphans.
    deadline = time.monotonic() + max(graces, default=0) + 10
    while any(process.supervised(folder) for folder in running):
        if time.monotonic() > deadline:
            raise TimeoutError(f"some pods did not end: see {root}")
        time.sleep(0.1)
    return len(running)


def main() -> None:
    """Read the settings SHAMAL_STATE and SHAMAL_PODS_PORT from the environment and do what is asked."""
    parser = argparse.ArgumentParser(prog="python -m local.pod_runner", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "stop-pods"], default="serve")
    command = parser.parse_args().command
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    missing = [name for name in ("SHAMAL_STATE", "SHAMAL_PODS_PORT") if name not in os.environ]
    if missing:
        raise SystemExit(f"set {' and '.join(missing)} in the environment; local/env has the values of the stack")
    root = Path(os.environ["SHAMAL_STATE"]) / "pods"
    if command == "serve":
        serve(root, int(os.environ["SHAMAL_PODS_PORT"]))
    else:
        logging.info("pods ended: %d", stop_pods(root))


if __name__ == "__main__":
    main()
