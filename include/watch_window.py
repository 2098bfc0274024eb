"""What one monitoring report compares: the window's labelled predictions, and what the champion learned from."""

from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.model_spec import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa

# The newest prediction of each entity counts; labels join by the entity's key, where they have arrived.
# The names are columns of a checked spec, the days are dates.
WINDOW = """
    SELECT {features}, p.score, t.{label}
    FROM (
        SELECT * FROM predictions
        WHERE event_timestamp >= TIMESTAMPTZ '{start} 00:00:00+00' AND event_timestamp < TIMESTAMPTZ '{end} 00:00:00+00'
        QUALIFY row_number() OVER (PARTITION BY entity_id ORDER BY "time" DESC) = 1
    ) p
    LEFT JOIN published t ON p.entity_id = concat_ws('/', {keys})
"""


def write_window(model: ModelSpec, night: str, champion: dict[str, Any], output: str) -> dict[str, Any]:
    """Write `current.parquet` and `reference.parquet` below `output`; return their paths and the window.

    :param night: ISO date; the window is the `watch.window_days` days before it.
    :param champion: what FetchModelOperator returned of the version that answers.
    :param output: folder of this run; replaced files make a second attempt harmless.
    """
    import pyarrow.parquet as pq

    end = date.fromisoformat(night)
    start = end - timedelta(days=model.watch.window_days)
    current = _labelled_predictions(model, start, end)
    folder = Path(output)
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(current, folder / "current.parquet")
    pq.write_table(_learned_from(model, champion), folder / "reference.parquet")
    return {
        "current": str(folder / "current.parquet"),
        "reference": str(folder / "reference.parquet"),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "rows": current.num_rows,
    }


def _labelled_predictions(model: ModelSpec, start: date, end: date) -> "pa.Table":
    from shamal.providers.lakehouse.hooks.lakehouse import LakehouseHook

    features = [f"p.features[{place}] AS {name}" for place, name in enumerate(model.features.columns, 1)]
    return LakehouseHook().query(
        WINDOW.format(
            features=", ".join(features),
            label=model.label,
            start=start,
            end=end,
            keys=", ".join(f"t.{key}" for key in model.features.keys),
        ),
        tables={"predictions": f"{model.name}.predictions", "published": model.published_table},
    )


def _learned_from(model: ModelSpec, champion: dict[str, Any]) -> "pa.Table":
    """Return the rows that the champion learned from, with the scores that it gives them."""
    import numpy as np
    import onnxruntime
    import pyarrow.parquet as pq

    columns = model.features.columns
    table = pq.read_table(Path(champion["training_set"]) / "train.parquet", columns=[*columns, model.label])
    matrix = np.column_stack([table.column(name).to_numpy().astype(np.float32) for name in columns])
    session = onnxruntime.InferenceSession(Path(champion["path"]) / "model.onnx", providers=["CPUExecutionProvider"])
    (scores,) = session.run(["score"], {"features": matrix})
    return table.append_column("score", [scores])
