"""Flight delays: will this flight arrive more than 15 minutes late?

**Owner** operations. **Approves releases** the user `approver`.

**When it fails**

- **ingest, `stage`**: the source is missing or changed, or has no rows for these days. Compare the file with its
  SHA-256 in `model.yaml`; choose days of 2013.
- **ingest, `validate`**: too many rows broke the contract; readers still see the old rows. Look at column
  `broken_rules` of table `flight_delays.flights_quarantine`.
- **train, `train`**: the pod failed. Its last lines are in the task's log; a retry goes on from the last checkpoint.
- **train, `evaluate`**: a gate said no; nothing was registered. The verdicts are in the log and in the MLflow run.
- **release**: the old version still answers. The log names the server and where its log is.
- **release, `canary`**: the new version broke a limit of `rollout` in `model.yaml` and lost its share within seconds; the
  log has the figures of each step. `CanaryUndecided`: too few requests came to prove anything; release it again.
- **a bad version answers**: `make rollback MODEL=flight_delays REASON="…"` gives the traffic to the version before.
- **monitor reports drift**: flights no longer look like those the model learned from. Training has started by itself;
  approve or reject its candidate.
"""

from include.model_spec import load_model
from include.stages import ingest, monitor, release, train

model = load_model("flight_delays")
ingest.dag(model)
train.dag(model)
release.dag(model)
monitor.dag(model)
