import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk import BaseOperator
from kubernetes.client import models as k8s  # noqa: TID253 - what operators are given

from shamal.providers.governance import pods


def forbidden(**kwargs):
    return pods.forbidden_in_task(pods.attributes(KubernetesPodOperator(task_id="t", **kwargs)))


def test_a_task_without_a_pod():
    assert pods.attributes(BaseOperator(task_id="t")) is None


def test_a_decent_pod():
    volume = k8s.V1Volume(name="v", persistent_volume_claim=k8s.V1PersistentVolumeClaimVolumeSource(claim_name="c"))
    assert forbidden(image="x", volumes=[volume], security_context={"runAsNonRoot": True}) == []


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"hostnetwork": True}, "hostnetwork"),
        ({"container_security_context": {"privileged": True}}, "container_security_context.privileged"),
        (
            {"container_security_context": k8s.V1SecurityContext(privileged=True)},
            "container_security_context.privileged",
        ),
        (
            {"container_security_context": {"allow_privilege_escalation": True}},
            "container_security_context.allow_privilege_escalation",
        ),
        (
            {"volumes": [k8s.V1Volume(name="v", host_path=k8s.V1HostPathVolumeSource(path="/"))]},
            "volumes.0.hostPath",
        ),
        ({"pod_template_dict": {"spec": {"hostPID": True}}}, "pod_template_dict.spec.hostPID"),
        (
            {"full_pod_spec": k8s.V1Pod(spec=k8s.V1PodSpec(containers=[], host_ipc=True))},
            "full_pod_spec.spec.hostIPC",
        ),
        (
            {"init_containers": [k8s.V1Container(name="i", security_context=k8s.V1SecurityContext(privileged=True))]},
            "init_containers.0.securityContext.privileged",
        ),
    ],
)
def test_a_pod_that_asks_for_power_over_its_node(given, path):
    assert forbidden(**given) == [path]


def test_a_mapped_pod():
    mapped = KubernetesPodOperator.partial(task_id="t", hostnetwork=True).expand(arguments=[["a"], ["b"]])

    assert pods.forbidden_in_task(pods.attributes(mapped)) == ["hostnetwork"]


def test_images():
    spec = k8s.V1PodSpec(
        init_containers=[k8s.V1Container(name="i", image="a/b")], containers=[k8s.V1Container(name="c", image="c/d")]
    )
    assert pods.images(k8s.V1Pod(spec=spec)) == ["a/b", "c/d"]
