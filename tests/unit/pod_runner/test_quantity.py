import pytest

from local.pod_runner.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [("500m", 0.5), ("2", 2), (2, 2), ("1.5", 1.5), ("512Mi", 512 * 2**20), ("1Gi", 2**30), ("1G", 1e9), ("1e3", 1e3)],
)
def test_quantities_are_numbers(text, value):
    assert parse_quantity(text) == value


@pytest.mark.parametrize("text", ["", "lots", "-1", "1 Gi", "1GiB", "Mi"])
def test_what_is_no_quantity_is_named(text):
    with pytest.raises(ValueError, match="is not a quantity"):
        parse_quantity(text)
