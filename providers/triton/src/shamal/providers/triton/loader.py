"""Keeps one replica in step with the model repository: `python3 loader.py <repository> <model> [REST address]`.

On a cluster several Tritons share one repository, but a request to load a version reaches only one of them, and a new
replica starts empty. This program runs beside each: it loads what the model's route may send requests to, then the
router, without which the replica gets no traffic. Runs in Triton's image: standard library and `router/route.py` only.
"""

import json
import signal
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shamal.providers.triton.router import route as routes

EVERY_SECONDS = 1.0
LONGEST_LOAD_SECONDS = 120.0


@dataclass
class Loader:
    """One model of one Triton.

    :param repository: the model repository as this replica sees it.
    :param model: registered name.
    :param address: REST address of the Triton beside it.
    """

    repository: Path
    model: str
    address: str = "http://127.0.0.1:8000"
    generation: int | None = None

    def step(self) -> None:
        """Load what is missing; after a change of the route, unload the versions that it left behind.

        Versions newer than the route's are loaded too, so that every replica has a candidate before its first request.
        Nothing is unloaded while the route stays as it is: a version that is being deployed again is in no route yet.

        :raises OSError: Triton does not answer or cannot load a version.
        :raises ValueError: router.json is broken.
        """
        file = self.repository / self.model / "router.json"
        if not file.exists():
            return
        route = routes.read(file)
        wanted = [self._name(version) for version in self._versions() if self._in_use(version, route)]
        ready = self._ready()
        for name in [*wanted, self.model]:
            if name not in ready:
                self._ask(f"models/{name}/load")
        if self.generation not in (None, route.generation):
            for name in ready:
                if name.startswith(self._name("")) and name not in wanted:
                    self._ask(f"models/{name}/unload")
        self.generation = route.generation

    def _in_use(self, version: int, route: routes.Route) -> bool:
        return version in route.versions or (version > max(route.versions) and version != route.rolled_back)

    def _versions(self) -> list[int]:
        numbers = (path.name.removeprefix(self._name("")) for path in self.repository.glob(self._name("*")))
        return sorted(int(number) for number in numbers if number.isdecimal())

    def _name(self, version: int | str) -> str:
        return f"{self.model}__v{version}"

    def _ready(self) -> set[str]:
        return {model["name"] for model in self._ask("index") if model.get("state") == "READY"}

    def _ask(self, what: str) -> Any:
        request = urllib.request.Request(f"{self.address}/v2/repository/{what}", data=b"{}", method="POST")  # noqa: S310 - our own replica
        with urllib.request.urlopen(request, timeout=LONGEST_LOAD_SECONDS) as response:  # noqa: S310
            return json.loads(response.read() or b"null")


def main(repository: str, model: str, address: str = Loader.address) -> None:
    """Follow the repository until SIGTERM; what fails is said once and tried again every second."""
    # The first process of a container is not ended by a signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    loader, said = Loader(Path(repository), model, address), ""
    while True:
        try:
            loader.step()
            problem = ""
        except (OSError, ValueError) as error:
            problem = f"{model}: {error}; trying again"
        if problem and problem != said:
            print(problem, file=sys.stderr, flush=True)
        said = problem
        time.sleep(EVERY_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
