import pytest

from local.pod_runner import status


def ended(reason="Completed", code=0):
    return {"started_at": "s", "finished_at": "f", "exit_code": code, "reason": reason, "message": ""}


@pytest.mark.parametrize(
    ("state", "phase", "reason"),
    [
        (ended(), "Succeeded", "Completed"),
        (ended("Error", 3), "Failed", "Error"),
        (ended("OOMKilled", 137), "Failed", "OOMKilled"),
        (ended("DeadlineExceeded", 0), "Failed", "Error"),
    ],
)
def test_an_end_gives_phase_and_reason(pod, state, phase, reason):
    made = status.finished(pod(), state)
    assert made["phase"] == phase
    assert made["containerStatuses"][0]["state"]["terminated"]["reason"] == reason
    assert {c["type"]: c["status"] for c in made["conditions"]}["Ready"] == "False"


def test_a_running_pod_is_ready(pod):
    made = status.running(pod(), "2026-01-01T00:00:00Z")
    assert made["containerStatuses"][0]["state"] == {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    assert {c["status"] for c in made["conditions"]} == {"True"}


def test_a_pod_without_place_has_no_container_yet(pod):
    made = status.unschedulable(pod(), "no GPU")
    assert "containerStatuses" not in made
    assert (made["conditions"][0]["status"], made["conditions"][0]["message"]) == ("False", "no GPU")


@pytest.mark.parametrize(
    ("resources", "qos"),
    [
        ({}, "BestEffort"),
        ({"limits": {"cpu": "1"}}, "Burstable"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}}, "Guaranteed"),
        ({"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}}, "Burstable"),
    ],
)
def test_quality_of_service(pod, resources, qos):
    assert status.pending(pod(resources=resources))["qosClass"] == qos
