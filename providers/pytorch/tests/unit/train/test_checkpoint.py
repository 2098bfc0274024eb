from pathlib import Path

import torch  # noqa: TID253 - a test of tensors on disk

from shamal.providers.pytorch.train import checkpoint


def test_only_the_newest_two_are_kept_and_nothing_half_written(tmp_path: Path) -> None:
    for epoch in (1, 2, 3):
        checkpoint.save(tmp_path, epoch, {"fingerprint": "f", "epoch": epoch, "weight": torch.ones(2)})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-000002.pt", "epoch-000003.pt"]
    state = checkpoint.load_newest(tmp_path, "f")
    assert state is not None
    assert state["epoch"] == 3


def test_a_cut_file_falls_back_to_the_one_before(tmp_path: Path) -> None:
    for epoch in (1, 2):
        path = checkpoint.save(tmp_path, epoch, {"fingerprint": "f", "epoch": epoch, "weight": torch.ones(500)})
    content = path.read_bytes()
    for cut in (0, 1, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:cut])
        state = checkpoint.load_newest(tmp_path, "f")
        assert state is not None
        assert state["epoch"] == 1


def test_a_checkpoint_of_other_inputs_is_not_resumed(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, 1, {"fingerprint": "other"})
    assert checkpoint.load_newest(tmp_path, "f") is None
    assert checkpoint.load_newest(tmp_path / "empty", "f") is None
