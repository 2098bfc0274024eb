from datetime import timedelta

import pytest
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import ApprovalOperator
from airflow.sdk import DAG, Asset, BaseOperator
from kubernetes.client import models as k8s  # noqa: TID253 - what the hook is given

from shamal.providers.governance import policy
from shamal.providers.governance.errors import DagRefused, PodRefused, ResidencyFileRefused

TAGS = {"model:churn", "classification:confidential", "residency:AE"}
TASK = {"owner": "risk", "retries": 1, "execution_timeout": timedelta(hours=1)}


class Copy(BaseOperator):
    template_fields = ("source",)

    def __init__(self, *, source="", **kwargs):
        super().__init__(**kwargs)
        self.source = source


@pytest.fixture(autouse=True)
def rules(tmp_path, monkeypatch):
    file = tmp_path / "residency.yaml"
    file.write_text(
        "regions: {AE: {uris: ['shamal://', 's3://lake-ae/'], images: ['registry.ae/']}, SA: {uris: ['s3://sa/']}}"
    )
    monkeypatch.setenv("AIRFLOW__GOVERNANCE__RESIDENCY_FILE", str(file))
    return file


def dag(schedule=None, **kwargs):
    return DAG("churn_train", schedule=schedule, **({"tags": TAGS, "doc_md": "Trains.", "default_args": TASK} | kwargs))


def refused(one):
    with pytest.raises(DagRefused) as error:
        policy.dag_policy(one)
    return str(error.value)


def test_a_good_dag_of_a_model():
    with dag(schedule=[Asset("churn/features", uri="shamal://churn/features")]) as one:
        Copy(task_id="copy", source="s3://lake-ae/raw", outlets=[Asset("c", uri="s3://lake-ae/c")])
        KubernetesPodOperator(task_id="train", image="registry.ae/train:1")
        EmptyOperator(task_id="end", retries=0, execution_timeout=None)
        ApprovalOperator(task_id="approve", subject="?", response_timeout=timedelta(days=1), execution_timeout=None)

    policy.dag_policy(one)


def test_a_dag_of_no_model_is_left_alone(monkeypatch):
    monkeypatch.delenv("AIRFLOW__GOVERNANCE__RESIDENCY_FILE")
    with DAG("free", schedule=None, tags=["classification:nonsense"]) as one:
        Copy(task_id="copy", source="s3://anywhere/")

    policy.dag_policy(one)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"tags": TAGS - {"classification:confidential"}}, "needs one tag classification:<x> with x one of public, "
         "internal, confidential, restricted; has none"),
        ({"tags": TAGS - {"classification:confidential"} | {"classification:secret"}}, "has secret"),
        ({"tags": TAGS | {"classification:public"}}, "has confidential, public"),
        ({"tags": TAGS - {"residency:AE"}}, "needs one tag residency:<x> with x one of AE, SA; has none"),
        ({"tags": TAGS - {"residency:AE"} | {"residency:XX"}}, "has XX"),
        ({"doc_md": None}, "doc_md is empty"),
        ({"doc_md": "  "}, "doc_md is empty"),
        ({"default_args": TASK | {"owner": "airflow"}}, "task copy: owner is 'airflow'; name the team"),
        ({"default_args": TASK | {"retries": 0}}, "task copy: retries is 0"),
        ({"default_args": TASK | {"execution_timeout": None}}, "task copy: execution_timeout is not set"),
    ],
)  # fmt: skip
def test_a_missing_statement(kwargs, message):
    with dag(**kwargs) as one:
        Copy(task_id="copy")

    text = refused(one)

    assert message in text
    assert text.startswith(f"{__file__}: DAG churn_train breaks 1 rule(s) for models: ")
    assert "Correct them in the file" in text


def test_all_broken_rules_are_told_at_once():
    with dag(doc_md=None, default_args={}) as one:
        Copy(task_id="copy")

    assert "breaks 4 rule(s)" in refused(one)


@pytest.mark.parametrize(
    "uri", ["s3://lake-us/x", "s3://lake-ae-of-another/x", "https://elsewhere/x", "s3://lake-ae/../us/x"]
)
@pytest.mark.parametrize("where", ["schedule", "inlets", "outlets", "source"])
def test_an_address_outside_the_region(uri, where):
    asset = [Asset("x", uri=uri)] if where != "source" else []
    with dag(schedule=asset if where == "schedule" else None) as one:
        Copy(
            task_id="copy",
            source=uri if where == "source" else "",
            inlets=asset if where == "inlets" else [],
            outlets=asset if where == "outlets" else [],
        )

    assert "is outside residency AE, which has shamal://, s3://lake-ae/" in refused(one)


def test_an_image_outside_the_region():
    with dag() as one:
        KubernetesPodOperator(task_id="train", image="docker.io/train:1")

    assert "task train: image docker.io/train:1 is outside residency AE, which has registry.ae/" in refused(one)


def test_a_region_without_images_has_no_pods():
    with dag(tags=TAGS - {"residency:AE"} | {"residency:SA"}) as one:
        KubernetesPodOperator(task_id="train", image="registry.ae/train:1")

    assert "which has no images" in refused(one)


def test_a_pod_that_asks_for_power_over_its_node():
    with dag() as one:
        KubernetesPodOperator(task_id="train", image="registry.ae/t:1", container_security_context={"privileged": True})

    assert "task train: its pod asks for container_security_context.privileged" in refused(one)


def test_without_rules_no_dag_of_a_model_is_accepted(rules):
    rules.unlink()

    with dag() as one, pytest.raises(ResidencyFileRefused):
        policy.dag_policy(one)


@pytest.fixture
def pod():
    container = k8s.V1Container(name="base", image="registry.ae/t:1")
    return k8s.V1Pod(metadata=k8s.V1ObjectMeta(name="train-1"), spec=k8s.V1PodSpec(containers=[container]))


def test_the_finished_pod_of_a_model(pod, monkeypatch):
    monkeypatch.setattr(policy, "_tags_of_running_task", lambda: TAGS)
    policy.pod_mutation_hook(pod)

    pod.spec.host_pid = True
    pod.spec.containers[0].image = "docker.io/t:1"

    with pytest.raises(
        PodRefused, match=r"train-1: asks for spec.hostPID.*; image docker.io/t:1 is outside residency AE"
    ):
        policy.pod_mutation_hook(pod)


def test_a_pod_of_no_model_is_left_alone(pod):
    pod.spec.host_pid = True

    policy.pod_mutation_hook(pod)
