from pathlib import Path

from shamal.providers.lakehouse.lineage import publish_lineage, stage_lineage


def test_datasets(lake: Path, tmp_path: Path) -> None:
    stage = stage_lineage("lakehouse_default", str(tmp_path), ["a.csv"], "m.t")
    assert [dataset.name for dataset in stage.inputs] == [str(tmp_path / "a.csv")]
    assert [(dataset.namespace, dataset.name) for dataset in stage.outputs] == [(f"file://{lake}/warehouse", "m.t")]
    publish = publish_lineage("lakehouse_default", "m.t", "staged")
    assert (publish.inputs[0].name, publish.outputs[0].name) == ("m.t@staged", "m.t")
