"""Every model of this distribution can be asked by key: the router finds its columns in the store that Feast writes."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa  # noqa: TID253 - a test
import pytest

from include.model_spec import MODELS, load_model
from shamal.providers.feast.hooks.feast import FeastHook
from shamal.providers.triton.router.keyed import OnlineFeatures

pytestmark = pytest.mark.integration

DAY = datetime(2013, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize("name", sorted(folder.parent.name for folder in MODELS.glob("*/model.yaml")))
def test_a_row_of_the_published_table_is_found_by_its_key(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyiceberg.catalog import load_catalog

    from shamal.providers.feast.iceberg import CATALOG

    model = load_model(name)
    extra = {
        "registry": str(tmp_path / "registry.db"),
        "online_store": str(tmp_path / "online.db"),
        "catalog_type": "sql",
        "catalog_uri": f"sqlite:///{tmp_path}/catalog.db",
        "warehouse": f"file://{tmp_path}/warehouse",
    }
    monkeypatch.setenv("AIRFLOW_CONN_FEAST_KEYED", json.dumps({"conn_type": "shamal_feast", "extra": extra}))
    catalog = load_catalog(CATALOG, type="sql", uri=extra["catalog_uri"], warehouse=extra["warehouse"])
    catalog.create_namespace(name)
    values = {column: 1.5 + at for at, column in enumerate(model.features.numerical)}
    codes = {column: size - 1 for column, size in model.features.categorical.items()}
    rows = pa.table(
        {
            **{key: ["2013-07-01/UA/1545/EWR"] for key in model.features.keys},
            "event_timestamp": pa.array([DAY], pa.timestamp("us", "UTC")),
            **{column: pa.array([value], pa.float64()) for column, value in values.items()},
            **{column: pa.array([code], pa.int32()) for column, code in codes.items()},
        }
    )
    catalog.create_table(model.published_table, schema=rows.schema).append(rows)
    hook = FeastHook("feast_keyed")
    hook.apply(model.folder / "features.py", name)
    hook.materialize(name, None, DAY, DAY + timedelta(days=1))
    folder = tmp_path / f"{name}__v1"
    folder.mkdir()
    described = hook.serving_features(
        name,
        model.features.service,
        keys=model.features.keys,
        columns=model.features.columns,
        categorical=model.features.categorical,
        on_missing="refuse",
    )
    (folder / "features.json").write_text(json.dumps(described))
    found = OnlineFeatures(tmp_path / name).lookup(1, ["2013-07-01/UA/1545/EWR"], [(DAY.timestamp() + 3600)])
    expected = [(values | codes)[column] for column in model.features.columns]
    assert found.matrix.tolist() == [np.float32(expected).tolist()]
    assert (found.ages.tolist(), found.statuses) == ([3600.0], ["ok"])
