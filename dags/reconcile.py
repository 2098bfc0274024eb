"""Reconcile: does what answers requests agree with what was released?

**Owner** operations.

Every 30 seconds, for every served model, the journal of its releases (`releases.jsonl` in the model repository) is
compared with the router's file, with what Triton has loaded, with the registry's alias `champion` and with the list of
what Triton loads at its next start. The last finished promotion or rollback is right; whatever differs is put back and
written down: as a warning in the task's log, in the task's result, and as a `repair` in the journal. A promotion or
rollback that died in the middle is finished, or taken back when it had not reached the router, after 30 seconds.

**What to do**

- **`… was changed by hand`, `… was moved by hand`**: it was put back. Ask who did it; the way to change a champion is
  a release or `make rollback`.
- **`… was owed since …`**: the registry was away during a promotion or rollback; nothing is left to do.
- **`… was left behind`**: a task or command died in the middle. The rest of the line says how it ended.
- **`… was not loaded`**: somebody unloaded it, or Triton lost it; it is loaded again. Look at Triton's log when it
  comes back.
- **`NOT repaired`**: the line names the server, file or version, and the next step. A server that does not answer is
  asked again in 30 seconds.
- **the task fails** (`NothingChecked`): neither Triton nor MLflow answers. Look at `make status`. Requests are answered
  as long as Triton runs; nothing here is needed for that.
"""

from include.stages import reconcile

reconcile.dag(__doc__, owner="operations")
