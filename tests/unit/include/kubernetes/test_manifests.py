"""The manifests against Kubernetes' own schemas (package kubernetes-validate), and what no schema can say.

KServe's schema is not in that package and too large to keep here: of an InferenceService the pod is validated, as a
Pod, and the rest by its fields.
"""

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from include.kubernetes import manifests as kubernetes_manifests
from include.kubernetes.manifests import render
from include.kubernetes.settings import ArtifactStore, KubernetesSettings, load_settings
from include.model_spec import ModelSpec, load_model
from include.spec.file import SpecError

KUBERNETES = "1.34"
LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
# Of KServe's predictor; everything else in it belongs to the pod.
PREDICTOR = {"minReplicas", "maxReplicas", "deploymentStrategy", "labels", "annotations"}

Manifest = dict[str, Any]


@pytest.fixture
def settings() -> KubernetesSettings:
    return load_settings()


@pytest.fixture(params=["flight_delays", "seattle_weather"])
def model(request: pytest.FixtureRequest) -> ModelSpec:
    return load_model(request.param)


def validate(manifest: Manifest) -> None:
    kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def one(manifests: list[Manifest], kind: str, name: str | None = None) -> Manifest:
    [found] = [each for each in manifests if each["kind"] == kind and name in (None, each["metadata"]["name"])]
    return found


def pod_of(manifests: list[Manifest]) -> Manifest:
    pod: Manifest = one(manifests, "Deployment")["spec"]["template"]
    return pod


def test_every_manifest_satisfies_its_schema(model: ModelSpec, settings: KubernetesSettings) -> None:
    manifests = render(model, settings)
    for manifest in manifests:
        validate(manifest)
    assert [each["kind"] for each in manifests] == [
        "NetworkPolicy",
        "ConfigMap",
        "Service",
        "Service",
        "Deployment",
        "PodDisruptionBudget",
        "ConfigMap",
        "HorizontalPodAutoscaler",
    ]


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("Deployment", ("spec", "template", "spec", "containers", 0, "securityContext", "readOnlyRootFS"), True),
        ("Deployment", ("spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"), "http"),
        ("HorizontalPodAutoscaler", ("spec", "metrics", 0, "pods", "target", "kind"), "AverageValue"),
        ("PodDisruptionBudget", ("spec", "maxUnavailabe"), 1),
        ("NetworkPolicy", ("spec", "egres"), []),
        ("NetworkPolicy", ("spec", "ingress", 0, "ports", 0, "port"), [8000]),
    ],
    ids=str,
)
def test_the_schemas_refuse_a_wrong_field(
    settings: KubernetesSettings, kind: str, path: tuple[Any, ...], value: Any
) -> None:
    manifest = one(render(load_model("flight_delays"), settings), kind)
    part: Any = manifest
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(manifest)


def test_what_belongs_to_a_model_says_whose_it_is(model: ModelSpec, settings: KubernetesSettings) -> None:
    manifests = render(model, settings)
    shared = one(manifests, "ConfigMap", "triton-queue-metric")
    for part in [*(each["metadata"] for each in manifests if each is not shared), pod_of(manifests)["metadata"]]:
        labels = part["labels"]
        assert labels["shamal/owner"] == model.owner
        assert labels["shamal/classification"] == model.classification
        assert labels["shamal/residency"] == model.residency
        assert labels["shamal/model"] == model.name
        assert all(LABEL.fullmatch(value) for value in labels.values())
    assert "shamal/model" not in shared["metadata"]["labels"]


def test_selectors_find_the_pod(settings: KubernetesSettings) -> None:
    manifests = render(load_model("flight_delays"), settings)
    labels = pod_of(manifests)["metadata"]["labels"].items()
    selectors = [each["spec"]["selector"] for each in manifests if each["kind"] == "Service"]
    selectors += [
        one(manifests, kind)["spec"]["selector"]["matchLabels"] for kind in ("Deployment", "PodDisruptionBudget")
    ]
    selectors.append(one(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"])
    assert len(selectors) == 5
    assert all(selector.items() <= labels for selector in selectors)


def test_every_container_is_restricted(settings: KubernetesSettings) -> None:
    pod = pod_of(render(load_model("flight_delays"), settings))["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert pod["automountServiceAccountToken"] is False
    for container in pod["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert container["image"] == settings.image
        [repository] = [mount for mount in container["volumeMounts"] if mount["name"] == "repository"]
        assert repository["readOnly"]
    assert {key for volume in pod["volumes"] for key in volume} - {"name"} == {
        "persistentVolumeClaim",
        "configMap",
        "emptyDir",
    }


def test_a_replica_gets_traffic_when_its_router_is_ready(settings: KubernetesSettings) -> None:
    triton = pod_of(render(load_model("flight_delays"), settings))["spec"]["containers"][0]
    assert triton["readinessProbe"]["httpGet"]["path"] == "/v2/models/flight_delays/ready"
    assert triton["livenessProbe"]["httpGet"]["path"] == "/v2/health/live"
    assert "--model-control-mode=explicit" in triton["args"]


def test_the_autoscaler_owns_the_number_of_replicas(settings: KubernetesSettings) -> None:
    manifests = render(load_model("flight_delays"), settings)
    scaler = one(manifests, "HorizontalPodAutoscaler")["spec"]
    assert "replicas" not in one(manifests, "Deployment")["spec"]
    assert scaler["scaleTargetRef"]["name"] == one(manifests, "Deployment")["metadata"]["name"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (settings.replicas.least, settings.replicas.most)
    [rule] = yaml.safe_load(one(manifests, "ConfigMap", "triton-queue-metric")["data"]["config.yaml"])["rules"]
    metric = scaler["metrics"][0]["pods"]["metric"]
    assert metric == {"name": rule["name"]["as"], "selector": {"matchLabels": {"model": "flight_delays"}}}


def test_only_named_neighbours_are_let_in_and_out(settings: KubernetesSettings) -> None:
    def ports(rule: Manifest) -> set[int]:
        return {each["port"] for each in rule["ports"]}

    policy = one(render(load_model("flight_delays"), settings), "NetworkPolicy")["spec"]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert [ports(rule) for rule in policy["ingress"]] == [{8000, 8001}, {8002}]
    assert policy["ingress"][0]["from"][0] == {"podSelector": {"matchLabels": settings.client_label}}
    assert [ports(rule) for rule in policy["egress"]] == [{53}]
    with_store = settings.model_copy(update={"artifact_store": ArtifactStore(cidr="10.0.8.0/24", port=443)})
    policy = one(render(load_model("flight_delays"), with_store), "NetworkPolicy")
    validate(policy)
    assert policy["spec"]["egress"][1] == {
        "to": [{"ipBlock": {"cidr": "10.0.8.0/24"}}],
        "ports": [{"protocol": "TCP", "port": 443}],
    }


def test_new_loader_code_makes_new_pods(settings: KubernetesSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pod_of(render(load_model("flight_delays"), settings))["metadata"]["annotations"]
    monkeypatch.setattr(kubernetes_manifests, "_loader_code", lambda: {"loader.py": "", "route.py": ""})
    after = pod_of(render(load_model("flight_delays"), settings))["metadata"]["annotations"]
    assert before["shamal/loader"] != after["shamal/loader"]


def test_kserve_takes_the_place_of_deployment_and_service(settings: KubernetesSettings) -> None:
    plain, manifests = (render(load_model("flight_delays"), settings, kserve=kserve) for kserve in (False, True))
    service = one(manifests, "InferenceService")
    predictor = service["spec"]["predictor"]
    assert service["apiVersion"] == "serving.kserve.io/v1beta1"
    assert predictor["containers"][0]["name"] == "kserve-container"
    assert predictor["labels"] == pod_of(plain)["metadata"]["labels"]
    pod = {key: value for key, value in predictor.items() if key not in PREDICTOR}
    validate({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": pod})
    assert not [each for each in manifests if each["kind"] == "Deployment"]
    assert [each["metadata"]["name"] for each in manifests if each["kind"] == "Service"] == ["flight-delays-release"]
    assert service["metadata"]["annotations"]["serving.kserve.io/autoscalerClass"] == "external"
    scaler = one(manifests, "HorizontalPodAutoscaler")["spec"]
    assert scaler["scaleTargetRef"]["name"] == "flight-delays-predictor"
    for manifest in manifests:
        if manifest is not service:
            validate(manifest)


@pytest.mark.parametrize("name", ["flights_", "f" * 54])
def test_a_name_that_kubernetes_cannot_have_is_refused(settings: KubernetesSettings, name: str) -> None:
    model = load_model("flight_delays").model_copy(update={"name": name})
    with pytest.raises(SpecError, match=f"model {name}: on Kubernetes"):
        render(model, settings)


def test_an_owner_that_no_label_can_have_is_refused(settings: KubernetesSettings) -> None:
    with pytest.raises(SpecError, match="owner flights- ends with"):
        render(load_model("flight_delays").model_copy(update={"owner": "flights-"}), settings)


def test_an_image_from_outside_the_region_is_refused(settings: KubernetesSettings) -> None:
    outside = settings.model_copy(update={"image": "elsewhere/triton:1"})
    with pytest.raises(SpecError, match="image elsewhere/triton:1 may not run in region US"):
        render(load_model("flight_delays"), outside)


def test_the_command_prints_what_kubectl_reads(capsys: pytest.CaptureFixture[str]) -> None:
    assert kubernetes_manifests.main(["flight_delays"]) == 0
    printed = capsys.readouterr().out
    assert list(yaml.safe_load_all(printed)) == render(load_model("flight_delays"), load_settings())
    assert "&id" not in printed, "parts are written out"


def test_the_command_names_an_unknown_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert kubernetes_manifests.main(["flight_delay"]) == 1
    assert "Did you mean flight_delays?" in capsys.readouterr().err
