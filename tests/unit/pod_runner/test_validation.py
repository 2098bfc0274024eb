import pytest

from local.pod_runner.errors import ApiError
from local.pod_runner.validation import check_metadata, check_namespace, check_spec


def refused_field(pod):
    with pytest.raises(ApiError) as caught:
        check_spec("a", pod["spec"])
    assert caught.value.code == 422
    return caught.value.details["causes"][0]["field"]


def test_what_the_operator_sends_by_default_is_accepted(pod):
    defaults = {
        "affinity": {},
        "hostNetwork": False,
        "initContainers": [],
        "nodeSelector": {"accelerator": "h100"},
        "priorityClassName": None,
        "securityContext": {"runAsNonRoot": True},
        "tolerations": [{"key": "nvidia.com/gpu"}],
        "volumes": [{"name": "shm", "emptyDir": {"medium": "Memory"}}],
    }
    hardened = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "privileged": False}
    mounts = [{"name": "shm", "mountPath": "/dev/shm"}]
    check_spec("a", pod(spec=defaults, envFrom=[], securityContext=hardened, volumeMounts=mounts)["spec"])


@pytest.mark.parametrize(
    ("field", "spec", "container"),
    [
        ("spec.hostPID", {"hostPID": True}, {}),
        ("spec.restartPolicy", {"restartPolicy": "OnFailure"}, {}),
        ("spec.activeDeadlineSeconds", {"activeDeadlineSeconds": 0}, {}),
        ("spec.terminationGracePeriodSeconds", {"terminationGracePeriodSeconds": "5"}, {}),
        ("spec.containers", {"containers": []}, {}),
        ("spec.volumes[0].persistentVolumeClaim", {"volumes": [{"name": "v", "persistentVolumeClaim": {"x": 1}}]}, {}),
        ("spec.containers[0].image", {}, {"image": ""}),
        ("spec.containers[0].name", {"containers": [{"name": "No_Label", "image": "x"}]}, {}),
        ("spec.containers[0].command", {}, {"command": [1]}),
        ("spec.containers[0].lifecycle", {}, {"lifecycle": {"preStop": {}}}),
        (
            "spec.containers[0].securityContext.capabilities.add",
            {},
            {"securityContext": {"capabilities": {"add": ["X"]}}},
        ),
        ("spec.containers[0].env[0].name", {}, {"env": [{"name": "a b", "value": "1"}]}),
        ("spec.containers[0].env[0].value", {}, {"env": [{"name": "A", "value": 1}]}),
        (
            "spec.containers[0].env[0].valueFrom.secretKeyRef",
            {},
            {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"k": 1}}}]},
        ),
        (
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
            {},
            {"env": [{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.hostIP"}}}]},
        ),
        ("spec.containers[0].resources.requests.cpu", {}, {"resources": {"requests": {"cpu": "many"}}}),
    ],
)
def test_a_refusal_names_the_field(pod, field, spec, container):
    assert refused_field(pod(spec=spec, **container)) == field


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a/../b", "..", "a" * 254, "a\n"])
def test_pod_names_are_dns_subdomains(name):
    with pytest.raises(ApiError, match="DNS-1123"):
        check_metadata({"name": name})


@pytest.mark.parametrize(
    "metadata", [{"labels": {"a": 1}}, {"labels": {"a": "x" * 64}}, {"labels": {"": "x"}}, {"annotations": ["x"]}]
)
def test_labels_and_annotations_are_strings_in_bounds(metadata):
    with pytest.raises(ApiError, match="metadata"):
        check_metadata({"name": "a"} | metadata)


@pytest.mark.parametrize(("namespace", "code"), [("..", 400), ("A", 400), ("a.b", 400), ("credentials", 403)])
def test_namespaces_are_dns_labels(namespace, code):
    with pytest.raises(ApiError) as caught:
        check_namespace(namespace)
    assert caught.value.code == code
