import pytest

from shamal.providers.governance import residency
from shamal.providers.governance.errors import ResidencyFileRefused


def test_load(tmp_path):
    file = tmp_path / "residency.yaml"
    file.write_text("regions: {AE: {uris: ['s3://lake-ae/'], images: ['registry.ae/ml/']}}")

    region = residency.load(str(file)).regions["AE"]

    assert (region.uris, region.images) == (["s3://lake-ae/"], ["registry.ae/ml/"])


def test_no_file_is_set():
    with pytest.raises(ResidencyFileRefused, match=r"\[governance\] residency_file is not set"):
        residency.load("")


def test_the_file_is_missing(tmp_path):
    with pytest.raises(ResidencyFileRefused, match=r"cannot be read.*correct the path"):
        residency.load(str(tmp_path / "missing.yaml"))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("regions: {AE: {uris: ['s3://lake']}}", "regions.AE.uris.0"),
        ("regions: {AE: {uris: []}}", "regions.AE.uris"),
        ("regions: {AE: {uris: ['/'], registries: []}}", "regions.AE.registries"),
        ("regions: {emirates: {uris: ['/']}}", "emirates"),
        ("regions: {}", "regions"),
        ("", "Residency"),
        ("regions: [", "residency.yaml"),
    ],
)
def test_a_file_that_says_something_else(tmp_path, text, named):
    file = tmp_path / "residency.yaml"
    file.write_text(text)

    with pytest.raises(ResidencyFileRefused, match=named):
        residency.load(str(file))
