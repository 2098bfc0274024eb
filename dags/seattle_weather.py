"""Seattle weather: how warm will tomorrow be?

**Owner** weather. **Approves releases** nobody: a candidate that passes its gates is released.

The second model of the distribution, on other data and of another task type: a model is a folder below
`include/models/` and a file like this one. When a DAG fails, the list in the runbook of `flight_delays` holds here too.
"""

from include.model_spec import load_model
from include.stages import ingest, monitor, release, train

model = load_model("seattle_weather")
ingest.dag(model)
train.dag(model)
release.dag(model)
monitor.dag(model)
