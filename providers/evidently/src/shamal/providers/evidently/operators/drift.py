"""Reports whether a served model still meets the world that it learnt."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator

from shamal.providers.evidently import reports
from shamal.providers.evidently.settings import Columns

if TYPE_CHECKING:
    from airflow.sdk import Context

RETURNED = ("verdict", "drifted", "share", "report_html", "report_json", "metrics", "reasons")


class DriftReportOperator(BaseOperator):
    """Compare a night's predictions with the reference and write one report; a second run replaces it.

    The verdict is `drift` when enough features, the score or the quality moved, `insufficient_data` when the
    windows cannot tell, otherwise `ok`. The task succeeds with each of them: what follows decides what to do.
    Reports hold aggregates only.

    :param model: model name. (templated)
    :param night: date of the report, `YYYY-MM-DD`. (templated)
    :param reference: Parquet file of the rows that the model was judged by. (templated)
    :param current: Parquet file of the rows that it answered. (templated)
    :param numerical: numerical feature columns.
    :param categorical: feature columns of integer codes.
    :param label: label column; null where the truth is not known yet.
    :param score: column of the model's answers.
    :param task: `binary_classification` or `regression`.
    :param thresholds: drifted_share (default 0.5), min_rows (500), numerical (0.1), categorical (0.1), score (0.2),
        missing (0.1), quality_drop (0.05).
    :param output: folder of the reports; this one is `<output>/<night>/`. (templated)
    :raises InvalidColumns: a column is missing or not a number.
    :raises InvalidThresholds: a threshold is unknown.
    :raises InvalidWindow: a Parquet file is missing or unreadable.
    """

    template_fields: Sequence[str] = ("model", "night", "reference", "current", "output_folder")

    def __init__(
        self,
        *,
        model: str,
        night: str,
        reference: str,
        current: str,
        numerical: Sequence[str],
        categorical: Sequence[str],
        label: str,
        score: str,
        task: str,
        output: str,
        thresholds: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.model = model
        self.night = night
        self.reference = reference
        self.current = current
        self.numerical = numerical
        self.categorical = categorical
        self.label_column = label  # BaseOperator has properties `label` and `output`
        self.score = score
        self.task = task
        self.output_folder = output
        self.thresholds = thresholds

    def execute(self, context: "Context") -> dict[str, Any]:
        """Return verdict, drifted, share, report_html, report_json, metrics and reasons."""
        verdict = reports.report(
            self.model,
            self.night,
            reference=self.reference,
            current=self.current,
            columns=Columns(tuple(self.numerical), tuple(self.categorical), self.label_column, self.score),
            task=self.task,
            limits=self.thresholds or {},
            output=self.output_folder,
        )
        self.log.info("Model %s, night %s: %s. %s", self.model, self.night, verdict["verdict"], verdict["reasons"])
        return {name: verdict[name] for name in RETURNED}
