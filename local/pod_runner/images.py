"""What an image name means on this machine: a local interpreter environment."""

from pathlib import Path

import yaml

PROJECT_ROOT = Path(__file__).resolve().parents[2]
IMAGES_FILE = PROJECT_ROOT / "config" / "pod_images.yaml"


class ImagePullError(Exception):
    """The image is not one this machine has; the message is shown as the container's waiting message."""


def environment_of(image: str, images_file: Path = IMAGES_FILE) -> Path:
    """Return the interpreter environment that stands for an image; the file is read anew each time.

    :param image: the container's `image`, compared as a whole.
    :param images_file: YAML: image name to `{environment: folder relative to the project root}`.
    :raises ImagePullError: the image is unknown, or its environment is not there.
    """
    known: dict[str, dict[str, str]] = yaml.safe_load(images_file.read_text()) or {}
    if image not in known:
        names = ", ".join(sorted(known)) or "none"
        raise ImagePullError(f'Failed to pull image "{image}": not in config/{images_file.name}; known images: {names}')
    environment = PROJECT_ROOT / known[image]["environment"]
    if not (environment / "bin").is_dir():
        raise ImagePullError(f'Failed to pull image "{image}": its environment {environment} has no bin folder')
    return environment
