import pytest

from local.pod_runner.images import IMAGES_FILE, ImagePullError, environment_of


def test_the_committed_images_have_their_environment():
    assert (environment_of("shamal/train:0.1.0") / "bin" / "python").exists()
    assert IMAGES_FILE.exists()


def test_an_unknown_image_names_the_known_ones(tmp_path):
    images = tmp_path / "pod_images.yaml"
    images.write_text("b:1: {environment: .venv}\na:1: {environment: .venv}\n")
    with pytest.raises(ImagePullError, match=r'"c:1": not in config/pod_images.yaml; known images: a:1, b:1'):
        environment_of("c:1", images)


def test_an_environment_that_is_not_there_is_named(tmp_path):
    images = tmp_path / "pod_images.yaml"
    images.write_text("a:1: {environment: no/such/folder}\n")
    with pytest.raises(ImagePullError, match="no/such/folder has no bin folder"):
        environment_of("a:1", images)
