"""What one monitoring report compares: the window's labelled predictions, and what the champion learned from."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from include.model_spec import ModelSpec

# The newest prediction of each entity counts; labels join by the entity's key, where they have arrived.
WINDOW = """
    SELECT p.features, p.score, t.{label} AS label
    FROM (
        SELECT * FROM predictions
        WHERE event_timestamp >= '{start}' AND event_timestamp < '{end}'
        QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY "time" DESC) = 1
    ) p
    LEFT JOIN published t ON p.entity_id = concat_ws('/', {keys})
"""


def write_window(model: ModelSpec, night: str, champion: dict[str, Any], output: str) -> dict[str, Any]:
    """Write `current.parquet` and `reference.parquet` below `output`; return their paths and the window.

    :param night: ISO date; the window is the `watch.window_days` days before it.
    :param champion: what FetchModelOperator returned: folder of the model, and the training set it came from.
    :param output: folder of this run; replaced files make a second attempt harmless.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

    end = date.fromisoformat(night)
    start = end - timedelta(days=model.watch.window_days)
    rows = LakehouseHook().query(
        WINDOW.format(
            label=model.label, start=start, end=end, keys=", ".join(f"t.{key}" for key in model.features.keys)
        ),
        tables={"predictions": f"{model.name}.predictions", "published": model.published_table},
    )
    columns = model.features.columns
    features = [[row[i] for row in rows.column("features").to_pylist()] for i in range(len(columns))]
    current = pa.table(
        {name: pa.array(values, pa.float32()) for name, values in zip(columns, features, strict=True)}
        | {"score": rows.column("score"), model.label: rows.column("label")}
    )
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(current, folder / "current.parquet")
    pq.write_table(_scored(champion, columns, model.label), folder / "reference.parquet")
    return {
        "current": str(folder / "current.parquet"),
        "reference": str(folder / "reference.parquet"),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "rows": current.num_rows,
    }


def _scored(champion: dict[str, Any], columns: list[str], label: str) -> Any:
    """Return the rows that the champion learned from, with the scores it gives them."""
    import numpy as np
    import onnxruntime
    import pyarrow.parquet as pq

    table = pq.read_table(Path(champion["training_set"]) / "train.parquet", columns=[*columns, label])
    matrix = np.column_stack([table.column(name).to_numpy().astype(np.float32) for name in columns])
    session = onnxruntime.InferenceSession(Path(champion["path"]) / "model.onnx", providers=["CPUExecutionProvider"])
    (scores,) = session.run(["score"], {"features": matrix})
    return table.append_column("score", [scores])
