"""What a training run did and how good the model is on data it never saw, as data and as a page of text."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from ml.evaluation.metrics import SEED_PRECISION, SEED_RECALL, HorizonMetrics, Range
from ml.evaluation.promotion import Promotion


class ReportModel(BaseModel):
    model_config = ConfigDict(frozen=True, protected_namespaces=())


class PartSummary(ReportModel):
    """One side of the split. Decisions from `first`, labels known by `last` (UTC)."""

    first: datetime
    last: datetime
    person_periods: int
    failures: int


class TopFeature(ReportModel):
    name: str
    share: float = Field(description="Share of the trees' total gain, 0 to 1.")


class TrainingReport(ReportModel):
    """Saved with the model and at `<models>/failure-report.json`."""

    model_name: str
    model_version: str | None = Field(None, description="None until it is registered.")
    alias: str | None = None
    trained_at: datetime
    seconds: float
    seed: int
    snapshot: str
    data_start: datetime
    data_end: datetime
    machines: int
    failures: int
    decisions: int
    decisions_with_telemetry: float = Field(description="Share of decisions with a known deviation of any metric.")
    train: PartSummary
    validate_: PartSummary = Field(alias="validate")
    test: PartSummary
    embargo_hours: int
    warm_up_hours: int
    horizon_edges_h: tuple[int, ...]
    features: int
    feature_hash: str
    rounds: int
    calibration_slope: float
    calibration_intercept: float
    horizons: tuple[HorizonMetrics, ...]
    unlabelled_horizons_h: tuple[int, ...] = Field(description="The test part is too short to know their labels.")
    top_features: tuple[TopFeature, ...]
    promotion: Promotion
    notes: tuple[str, ...] = ()

    model_config = ConfigDict(frozen=True, protected_namespaces=(), populate_by_name=True)

    @property
    def trained_until(self) -> datetime:
        return self.train.last


def render_report(report: TrainingReport) -> str:
    """Plain text for a terminal of 110 columns."""
    return "\n".join(
        [
            *_heading(report),
            "",
            *_table(report),
            "",
            *_target(report),
            "",
            "Strongest features: " + ", ".join(f"{f.name} {f.share:.0%}" for f in report.top_features),
            f"Calibration (Platt on the hazard's log-odds, fitted on the validation part): slope "
            f"{report.calibration_slope:.2f}, intercept {report.calibration_intercept:+.2f}",
            f"Standing: {report.alias or 'not registered'}; {report.promotion.reason}",
            *(f"Note: {note}" for note in report.notes),
        ]
    )


def _heading(report: TrainingReport) -> list[str]:
    return [
        f"Model {report.model_name} version {report.model_version or '-'}, "
        f"trained {report.trained_at:%Y-%m-%d %H:%M} UTC "
        f"in {report.seconds:.0f} s from snapshot {report.snapshot}, seed {report.seed}",
        f"Data {report.data_start:%Y-%m-%d} to {report.data_end:%Y-%m-%d}: {report.machines} machines, "
        f"{report.failures} failures, {report.decisions} decisions "
        f"({report.decisions_with_telemetry:.0%} with telemetry), {report.features} features",
        *(_part(label, part) for label, part in _parts(report)),
        f"Split by time: no label window crosses a cut (purge of the horizon itself), {report.embargo_hours} h embargo "
        "after each cut; rows during a repair left out, windows cut by the end of the data left out.",
    ]


def _parts(report: TrainingReport) -> list[tuple[str, PartSummary]]:
    return [("train", report.train), ("validate", report.validate_), ("test", report.test)]


def _part(label: str, part: PartSummary) -> str:
    return (
        f"  {label:<9}{part.first:%Y-%m-%d} to {part.last:%Y-%m-%d}  {part.failures:>4} failures  "
        f"{part.person_periods:>8} person-period rows"
    )


def _table(report: TrainingReport) -> list[str]:
    head = (
        f"{'horizon':>8} {'days':>6} {'base':>6}  {'PR-AUC':<19} {'precision':<19} {'recall':<19} "
        f"{'Brier (guess)':<15} {'ECE':>5}"
    )
    return [
        "Test part, one decision per machine and day at 12:00 UTC; brackets: 90 % of a bootstrap over machines",
        head,
        *(_row(metrics) for metrics in report.horizons),
        *(f"{_horizon(h):>8} the test part is too short to know these labels" for h in report.unlabelled_horizons_h),
    ]


def _row(m: HorizonMetrics) -> str:
    return (
        f"{_horizon(m.horizon_hours):>8} {m.machine_days:>6} {m.base_rate:>6.3f}  "
        f"{_value(m.pr_auc, m.pr_auc_interval):<19} {_value(m.precision, m.precision_interval):<19} "
        f"{_value(m.recall, m.recall_interval):<19} "
        f"{f'{m.brier:.4f} ({m.brier_of_base_rate:.4f})':<15} {m.calibration_error:>5.3f}"
    )


def _value(value: float | None, interval: Range | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" + (f" [{interval[0]:.2f}, {interval[1]:.2f}]" if interval else "")


def _horizon(hours: int) -> str:
    return f"{hours} h" if hours <= 48 else f"{hours // 24} d"


def _target(report: TrainingReport) -> list[str]:
    return [
        f"Target: precision > {SEED_PRECISION:.0%} and recall > {SEED_RECALL:.0%}, "
        "threshold chosen on the validation part",
        *(
            f"  {_horizon(m.horizon_hours):>5}: {_verdict(m)} (alarm at p >= {m.threshold:.3f})"
            if m.threshold is not None
            else f"  {_horizon(m.horizon_hours):>5}: no failure in the validation part to choose a threshold on"
            for m in report.horizons
        ),
    ]


def _verdict(metrics: HorizonMetrics) -> str:
    return {True: "met", False: "not met", None: "cannot be judged: nothing failed"}[metrics.meets_target]
