import numpy as np
import pytest

from shamal.providers.triton import golden
from shamal.providers.triton.errors import GoldenMismatch, InvalidDeployment


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"inputs": [], "scores": []}', '{"inputs": [[1], [2]], "scores": [1]}']
)
def test_a_file_that_holds_no_golden_requests_is_refused(tmp_path, text):
    path = tmp_path / "golden.json"
    path.write_text(text)
    with pytest.raises(InvalidDeployment, match="at least one row"):
        golden.read(path)


def test_null_is_a_missing_value(tmp_path):
    path = tmp_path / "golden.json"
    path.write_text('{"inputs": [[1, null]], "scores": [0.5]}')
    assert np.isnan(golden.read(path).features[0, 1])


@pytest.mark.parametrize("answer", [[0.5, 0.6002], [0.5, np.nan], [0.5]])
def test_wrong_answers_are_refused(answer):
    known = golden.Golden(np.zeros((2, 1), np.float32), np.array([0.5, 0.6], np.float32))
    with pytest.raises(GoldenMismatch):
        known.difference(np.array(answer, np.float32))
