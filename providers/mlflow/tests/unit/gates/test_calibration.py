import numpy as np
import pytest

from shamal.providers.mlflow.gates import calibration


def test_the_error_is_the_mean_distance_of_what_was_said_and_what_happened() -> None:
    # Two bins: 0.25 said and 0.5 happened in two rows, 0.75 said and 1.0 happened in two rows.
    labels, scores = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.25, 0.25, 0.75, 0.75])
    assert calibration.error(labels, scores)(np.arange(4)) == pytest.approx(0.25)
    assert calibration.error(labels, scores)(np.array([2, 3])) == pytest.approx(0.25)
    assert calibration.error(labels, labels)(np.arange(4)) == 0


def test_within_a_bin_too_high_and_too_low_cancel_out() -> None:
    labels, scores = np.array([0.0, 1.0]), np.array([0.5, 0.5])
    assert calibration.error(labels, scores)(np.arange(2)) == 0


def test_bins_with_rows_are_listed_and_the_last_one_holds_certainty() -> None:
    found = calibration.bins(np.array([0.0, 1.0, 1.0]), np.array([0.05, 0.95, 1.0]))
    assert [(each["from"], each["rows"], each["share_of_ones"]) for each in found] == [(0.0, 1, 0.0), (0.9, 2, 1.0)]
    assert found[1]["mean_score"] == pytest.approx(0.975)


def test_bias_is_the_size_of_the_mean_error() -> None:
    assert calibration.bias(np.array([1.0, 2.0]), np.array([0.0, 0.0]))(np.arange(2)) == 1.5
