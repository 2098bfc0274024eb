"""Flight delays: will this flight arrive more than 15 minutes late?

**Owner** operations. **Approves releases** the user `approver`.

| when this fails | what it means | what to do |
|---|---|---|
| `flight_delays_ingest`, task `stage` | the source is missing or changed, or has no rows for these days | compare the file with its SHA-256 in `model.yaml`; choose days of 2013 |
| `flight_delays_ingest`, task `validate` | too many rows broke the contract; readers still see the old rows | look at table `flight_delays.flights_quarantine`, column `broken_rules` |
| `flight_delays_train`, task `train` | the pod failed | its last lines are in the task's log; a retry goes on from the last checkpoint |
| `flight_delays_train`, task `evaluate` | a gate said no; nothing was registered | the verdicts are in the log and in the MLflow run |
| `flight_delays_release` | the old version still answers | the log names the server and where its log is |
| `flight_delays_monitor` reports drift | flights no longer look like those the model learned from | nothing: training has started; approve or reject its candidate |
"""

from include.model_spec import load_model
from include.stages import ingest, monitor, release, train

model = load_model("flight_delays")
ingest.dag(model)
train.dag(model)
release.dag(model)
monitor.dag(model)
