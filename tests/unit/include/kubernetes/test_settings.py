from pathlib import Path
from typing import Any

import pytest
import yaml

from include.kubernetes.settings import SETTINGS, load_settings
from include.spec.file import SpecError

DIGEST = "@sha256:" + "0" * 64


@pytest.fixture
def settings_with(tmp_path: Path) -> Any:
    def write(**changes: Any) -> Path:
        path = tmp_path / "settings.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(SETTINGS.read_text()) | changes))
        return path

    return write


def test_the_committed_settings_are_valid() -> None:
    settings = load_settings()
    assert settings.namespace == "serving"
    assert settings.artifact_store is None


@pytest.mark.parametrize(
    "image",
    ["shamal/triton:0.1.0", f"shamal/triton{DIGEST}", f"shamal/triton:latest{DIGEST}", "registry.example:5000/a/b:1"],
)
def test_an_image_that_cannot_change_is_taken(settings_with: Any, image: str) -> None:
    assert load_settings(settings_with(image=image)).image == image


@pytest.mark.parametrize("image", ["shamal/triton:latest", "shamal/triton", "registry.example:5000/triton"])
def test_an_image_that_can_change_is_refused(settings_with: Any, image: str) -> None:
    with pytest.raises(SpecError, match=r"settings\.yaml:\d+: image: .*can change under the same name"):
        load_settings(settings_with(image=image))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"image": "Shamal Triton"}, "image"),
        ({"image": "shamal/triton:1\nkind: Secret"}, "image"),
        ({"replicas": {"least": 3, "most": 2}}, "replicas"),
        ({"memory": "2 GB"}, "memory"),
        ({"cpu": 2}, "cpu"),
        ({"namespace": "Serving"}, "namespace"),
        ({"client_label": {}}, "client_label"),
        ({"artifact_store": {"cidr": "anywhere", "port": 443}}, "artifact_store.cidr"),
        ({"replica": 2}, "replica"),
    ],
    ids=str,
)
def test_a_wrong_field_is_named(settings_with: Any, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(SpecError, match=rf"settings\.yaml:\d+: {field}"):
        load_settings(settings_with(**changes))
