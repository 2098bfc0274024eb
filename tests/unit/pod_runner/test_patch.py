import pytest

from local.pod_runner.errors import ApiError
from local.pod_runner.patch import JSON_PATCH, MERGE_TYPES, apply_patch


@pytest.fixture
def known(pod):
    return pod(metadata={"resourceVersion": "5", "labels": {"a": "1"}})


@pytest.mark.parametrize("content_type", MERGE_TYPES)
def test_a_merge_adds_changes_and_removes_labels(known, content_type):
    patched = apply_patch(known, content_type, {"metadata": {"labels": {"a": None, "b": "2"}}})
    assert patched["metadata"]["labels"] == {"b": "2"}
    assert known["metadata"]["labels"] == {"a": "1"}


def test_a_json_patch_works_on_maps(known):
    operations = [
        {"op": "test", "path": "/metadata/labels/a", "value": "1"},
        {"op": "replace", "path": "/metadata/labels/a", "value": "2"},
        {"op": "add", "path": "/metadata/labels/x~1y", "value": "3"},
        {"op": "remove", "path": "/metadata/labels/a"},
    ]
    assert apply_patch(known, JSON_PATCH, operations)["metadata"]["labels"] == {"x/y": "3"}


@pytest.mark.parametrize(
    ("content_type", "patch", "code"),
    [
        ("text/plain", {}, 415),
        (JSON_PATCH, {}, 400),
        (MERGE_TYPES[0], [], 400),
        (JSON_PATCH, ["x"], 400),
        (JSON_PATCH, [{"op": "remove", "path": "/metadata/labels/none"}], 400),
        (JSON_PATCH, [{"op": "test", "path": "/metadata/labels/a", "value": "9"}], 400),
        (JSON_PATCH, [{"op": "add", "path": "/spec/containers/0/image", "value": "x"}], 400),
        (MERGE_TYPES[0], {"spec": {"nodeName": "x"}}, 422),
        (MERGE_TYPES[0], {"metadata": {"name": "other"}}, 422),
        (MERGE_TYPES[0], {"metadata": None}, 422),
        (MERGE_TYPES[0], {"metadata": {"resourceVersion": "4"}}, 409),
    ],
)
def test_other_patches_are_refused(known, content_type, patch, code):
    with pytest.raises(ApiError) as caught:
        apply_patch(known, content_type, patch)
    assert caught.value.code == code
