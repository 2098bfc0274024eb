"""Serving of one model on a cluster: `python -m include.kubernetes.manifests <model> [--kserve]` prints the manifests.

They are the YAML files of config/kubernetes, filled in from the model's spec and settings.yaml: Triton with the loader
beside it, Services, autoscaler, disruption budget, network policy, and the rule behind the autoscaler's metric.
"""

import argparse
import copy
import hashlib
import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from string import Template
from typing import Any

import yaml

from include.kubernetes.settings import SETTINGS, KubernetesSettings, load_settings
from include.model_spec import PROJECT, ModelSpec, load_model
from include.spec.file import SpecError, SpecFile

TEMPLATES = SETTINGS.parent
RESIDENCY = PROJECT / "config" / "residency.yaml"
# A Service's name has at most 63 characters, and KServe adds the longest ending.
LONGEST_NAME = 63 - len("-predictor")

Manifest = dict[str, Any]


def render(model: ModelSpec, settings: KubernetesSettings, *, kserve: bool = False) -> list[Manifest]:
    """Return the manifests of one model, in the order in which to apply them.

    :param kserve: an InferenceService of KServe takes the place of the Deployment and the clients' Service.
    :raises SpecError: the model's name or owner cannot be one on Kubernetes, or its region does not allow the image.
    """
    name = _name(model)
    _check_image(model, settings.image)
    fill = _Filler(model, settings, name, deployment=f"{name}-predictor" if kserve else name)
    [loader] = fill("loader")
    loader["data"] = _loader_code()
    pod = _pod(fill, loader["data"])
    clients_service, release_service = fill("service")
    [policy] = fill("network_policy")
    if settings.artifact_store:
        to = [{"ipBlock": {"cidr": settings.artifact_store.cidr}}]
        policy["spec"]["egress"].append(
            {"to": to, "ports": [{"protocol": "TCP", "port": settings.artifact_store.port}]}
        )
    if kserve:
        served = [_inference_service(fill, pod, settings)]
    else:
        [deployment] = fill("deployment")
        deployment["spec"]["template"] = pod
        served = [clients_service, deployment]
    return [
        policy,
        loader,
        release_service,
        *served,
        *fill("disruption_budget"),
        *fill("metrics"),
        *fill("autoscaler"),
    ]


class _Filler:
    """Reads a template, fills in the `$names` and labels what has no labels of its own."""

    def __init__(self, model: ModelSpec, settings: KubernetesSettings, name: str, deployment: str) -> None:
        values = settings.model_dump(exclude={"replicas", "artifact_store"})
        values["client_label"] = json.dumps(settings.client_label)
        values |= {"least": settings.replicas.least, "most": settings.replicas.most}
        self._values = {key: str(value) for key, value in values.items()}
        self._values |= {"name": name, "model": model.name, "deployment": deployment}
        self._labels = {
            "app.kubernetes.io/name": "triton",
            "app.kubernetes.io/instance": name,
            "app.kubernetes.io/part-of": "shamal",
            "shamal/model": model.name,
            "shamal/owner": model.owner,
            "shamal/classification": model.classification,
            "shamal/residency": model.residency,
        }

    def __call__(self, template: str) -> list[Manifest]:
        text = Template((TEMPLATES / f"{template}.yaml").read_text()).substitute(self._values)
        filled: list[Manifest] = list(yaml.safe_load_all(text))
        for each in filled:
            each["metadata"].setdefault("labels", dict(self._labels))
        return filled


def _pod(fill: _Filler, code: dict[str, str]) -> Manifest:
    """Return the pod template; new loader code makes new pods."""
    [pod] = fill("pod")
    digest = hashlib.sha256(json.dumps(code, sort_keys=True).encode()).hexdigest()
    pod["metadata"]["annotations"]["shamal/loader"] = digest[:16]
    return pod


def _inference_service(fill: _Filler, pod: Manifest, settings: KubernetesSettings) -> Manifest:
    """Return the pod as KServe wants it: its fields beside those of the predictor, Triton under KServe's name."""
    [service] = fill("inference_service")
    spec = copy.deepcopy(pod["spec"])
    spec["containers"][0]["name"] = "kserve-container"
    replicas = {"minReplicas": settings.replicas.least, "maxReplicas": settings.replicas.most}
    service["spec"]["predictor"] |= pod["metadata"] | replicas | spec
    return service


def _loader_code() -> dict[str, str]:
    triton = files("shamal.providers.triton")
    return {
        "loader.py": (triton / "loader.py").read_text(),
        "route.py": (triton / "router" / "route.py").read_text(),
    }


def _name(model: ModelSpec) -> str:
    name = model.name.replace("_", "-")
    if len(name) > LONGEST_NAME or name.endswith("-"):
        raise SpecError(
            f"model {model.name}: on Kubernetes a name has at most {LONGEST_NAME} characters and ends with a letter or "
            "digit; give the model another name"
        )
    if model.owner.endswith("-"):
        raise SpecError(f"model {model.name}: owner {model.owner} ends with '-', which no label of Kubernetes may")
    return name


def _check_image(model: ModelSpec, image: str) -> None:
    region = SpecFile(RESIDENCY).data["regions"].get(model.residency, {})
    allowed = region.get("images", [])
    if not image.startswith(tuple(allowed)):
        raise SpecError(
            f"{SETTINGS}: image {image} may not run in region {model.residency} of model {model.name}; {RESIDENCY} "
            f"allows there what starts with one of: {', '.join(allowed) or 'nothing'}"
        )


class _PlainDumper(yaml.SafeDumper):
    """Writes repeated parts out, and texts of several lines as they are."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_PlainDumper.add_representer(str, _text)


def to_yaml(manifests: list[Manifest]) -> Iterator[str]:
    """Yield each manifest as a YAML document."""
    for manifest in manifests:
        yield "---\n" + yaml.dump(manifest, Dumper=_PlainDumper, sort_keys=False, width=120)


def main(arguments: list[str] | None = None) -> int:
    """Print the manifests and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m include.kubernetes.manifests", description=__doc__)
    parser.add_argument("model", help="a folder of include/models")
    parser.add_argument("--kserve", action="store_true", help="an InferenceService instead of a Deployment")
    given = parser.parse_args(arguments)
    try:
        manifests = render(load_model(given.model), load_settings(), kserve=given.kserve)
    except SpecError as error:
        print(error, file=sys.stderr)
        return 1
    print("".join(to_yaml(manifests)), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
