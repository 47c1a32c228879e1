"""Where one measurement of one machine is heading, and when it will pass its limits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any, Literal

import numpy as np

from core.errors import InvalidInput, UnknownMetric
from core.evidence import Evidenced
from core.horizon import parse_horizon
from core.metrics import metric_catalogue, unit_symbol
from core.scope import Scope
from data_engineering.warehouse.models import Table, Value
from ml.models.ports import Floats, Forecaster, SeriesForecast
from ml.models.profile import ProfileForecaster
from ml.models.series import LONGEST_HISTORY
from tools.equipment import data_until, find_equipment
from tools.grounding import freshness_notes, warehouse_evidence
from tools.limits import REPORTED, ROUTINE, Outlook, is_routine, limits_of, percent, recommendation
from tools.models import Forecast, ForecastRequest, ForecastValue, ThresholdViolation, TrendPoint
from tools.ports import Toolbox

TOOL = "forecast"
LONGEST = timedelta(days=14)
HOUR = timedelta(hours=1)
SHOWN_HISTORY = 72
WHOLE_TILE = 0.5
"""The newest hour counts when it has this share of the usual number of readings."""
GAPS_WORTH_SAYING = 0.1
COVERAGE_WORTH_SAYING = 0.1


@dataclass(frozen=True, slots=True)
class History:
    """Hourly means, NaN where missing; hour i is [start + i h, start + (i + 1) h)."""

    start: datetime
    means: Floats
    table: Table
    readings: int

    @property
    def end(self) -> datetime:
        return self.start + self.means.size * HOUR


def forecast(request: ForecastRequest, toolbox: Toolbox, scope: Scope) -> Evidenced[Forecast]:
    """Hourly values from the machine's newest data on, with band, crossings of its limits and what to do.

    Raises:
        UnknownEquipment: no such machine in the caller's plants.
        UnknownMetric: the machine does not report this metric; names those it does.
        InvalidInput: the horizon is no duration up to 14 days, or the history is too short or has too many gaps.
    """
    machine = find_equipment(request.equipment_id, toolbox, scope).equipment_id
    horizon = parse_horizon(request.forecast_horizon, field="forecast_horizon", longest=LONGEST)
    metric = _metric(machine, request.metric, toolbox, scope)
    until = data_until(machine, toolbox, scope) or metric["last_at"]
    history = _history(machine, metric["metric"], until, toolbox, scope)
    forecaster = _forecaster(request.model)
    series = _within_range(
        forecaster.forecast(history.means, horizon=math.ceil(horizon / HOUR)), metric["metric"], toolbox
    )
    outlook = _outlook(machine, metric, history, forecaster, series)
    evidence = warehouse_evidence(
        history.table,
        TOOL,
        toolbox,
        window=(history.start, history.end),
        rows=history.readings,
        data_until=until,
        model_name=series.model,
        trained_until=history.end,
    )
    notes = [*freshness_notes(until, toolbox, subject=machine), *_notes(series, outlook)]
    result = _result(request, metric, history, series, outlook)
    return Evidenced(result=result, evidence=[evidence], notes=notes)


def _forecaster(name: Literal["profile", "prophet"]) -> Forecaster:
    if name == "profile":
        return ProfileForecaster()
    from ml.models.prophet import ProphetForecaster

    return ProphetForecaster()


def _metric(machine: str, asked: str, toolbox: Toolbox, scope: Scope) -> dict[str, Any]:
    """The row of `equipment_metrics` for a metric's name, label or alias."""
    rows = toolbox.warehouse.run("equipment_metrics", {"equipment_id": machine}, scope=scope).records()
    wanted = asked.strip().lower()
    for row in rows:
        if wanted in (row["metric"], str(row["label"]).lower(), row["metric"].replace("_", " ")):
            return row
    catalogue = metric_catalogue(toolbox.workspace.metrics_file)
    named = [row for row in rows if row["metric"] in catalogue and wanted in catalogue[row["metric"]].aliases]
    if len(named) == 1:
        return named[0]
    known = ", ".join(sorted(row["metric"] for row in rows)) or "none"
    raise UnknownMetric(
        f"metric: {machine} does not report '{asked[:80]}'.", remedy=f"It reports: {known}.", field="metric"
    )


def _history(machine: str, metric: str, until: datetime | None, toolbox: Toolbox, scope: Scope) -> History:
    """The last 60 days of whole hours, from the first hour with a reading on."""
    if until is None:
        raise _no_readings(machine, metric)
    stop = until.replace(minute=0, second=0, microsecond=0) + HOUR
    ask: dict[str, Value] = {
        "equipment_id": machine,
        "metric": metric,
        "start": stop - LONGEST_HISTORY * HOUR,
        "end": stop,
    }
    table = toolbox.warehouse.run("hourly_series", ask, scope=scope)
    rows = sorted(table.records(), key=lambda row: row["tile_start"])
    if not rows:
        raise _no_readings(machine, metric)
    usual = median(row["n"] for row in rows)
    newest = rows[-1]
    if newest["tile_start"] == stop - HOUR and newest["n"] < WHOLE_TILE * usual and len(rows) > 1:
        rows, stop = rows[:-1], stop - HOUR
    start = rows[0]["tile_start"]
    means = np.full(round((stop - start) / HOUR), np.nan)
    for row in rows:
        means[round((row["tile_start"] - start) / HOUR)] = row["mean"]
    return History(start, means, table, readings=sum(row["n"] for row in rows))


def _no_readings(machine: str, metric: str) -> InvalidInput:
    return InvalidInput(
        f"metric: {machine} has no reading of {metric} in the last {LONGEST_HISTORY // 24} days of its data.",
        remedy="Check the sensor, or choose another metric.",
        field="metric",
    )


def _within_range(series: SeriesForecast, metric: str, toolbox: Toolbox) -> SeriesForecast:
    """The forecast clipped to what the metric can be: a vibration below 0 mm/s is no forecast."""
    catalogue = metric_catalogue(toolbox.workspace.metrics_file)
    if metric not in catalogue:
        return series
    low, high = catalogue[metric].minimum, catalogue[metric].maximum
    clipped = {name: np.clip(getattr(series, name), low, high) for name in ("mean", "lower", "upper")}
    return series.model_copy(update=clipped)


def _outlook(
    machine: str,
    metric: dict[str, Any],
    history: History,
    forecaster: Forecaster,
    series: SeriesForecast,
) -> Outlook:
    limits = limits_of(metric)
    return Outlook(
        machine=machine,
        label=metric["label"],
        unit=unit_symbol(metric["unit"]),
        start=history.end,
        end=history.end + len(series.mean) * HOUR,
        means=history.means,
        limits=limits,
        crossings=forecaster.crossings(series, [(limit.value, limit.side) for limit in limits]),
    )


def _result(
    request: ForecastRequest, metric: dict[str, Any], history: History, series: SeriesForecast, outlook: Outlook
) -> Forecast:
    return Forecast(
        equipment_id=outlook.machine,
        metric=metric["metric"],
        label=metric["label"],
        unit=metric["unit"],
        forecast_horizon=request.forecast_horizon,
        model=series.model,
        forecasted_values=_values(series, history.end),
        threshold_violations=_violations(series, outlook),
        has_limits=bool(outlook.limits),
        recommendation=recommendation(outlook),
        history=_shown(history),
        band_coverage=series.coverage,
        backtest_coverage=series.backtest_coverage,
        backtest_mase=series.backtest_mase,
    )


def _values(series: SeriesForecast, start: datetime) -> list[ForecastValue]:
    return [
        ForecastValue(timestamp=start + step * HOUR, value=float(value), confidence_interval=(float(low), float(high)))
        for step, (value, low, high) in enumerate(zip(series.mean, series.lower, series.upper, strict=True))
    ]


def _shown(history: History) -> list[TrendPoint]:
    first = max(0, history.means.size - SHOWN_HISTORY)
    return [
        TrendPoint(
            date=(history.start + (first + at) * HOUR).isoformat(), value=None if np.isnan(value) else float(value)
        )
        for at, value in enumerate(history.means[first:])
    ]


def _violations(series: SeriesForecast, outlook: Outlook) -> list[ThresholdViolation]:
    """Crossings worth listing, most probable first. `predicted_value` is the mean at the median first crossing."""
    found = [
        ThresholdViolation(
            timestamp=outlook.start + crossing.median_step * HOUR,
            predicted_value=float(series.mean[crossing.median_step]),
            threshold=limit.value,
            severity=limit.severity,
            probability=crossing.probability,
            earliest=None if crossing.early_step is None else outlook.start + crossing.early_step * HOUR,
            latest=None if crossing.late_step is None else outlook.start + crossing.late_step * HOUR,
        )
        for limit, crossing in zip(outlook.limits, outlook.crossings, strict=True)
        if crossing.median_step is not None and crossing.probability >= REPORTED
    ]
    return sorted(found, key=lambda violation: -violation.probability)


def _notes(series: SeriesForecast, outlook: Outlook) -> list[str]:
    notes = []
    missing = float(np.isnan(outlook.means).mean())
    if missing > GAPS_WORTH_SAYING:
        notes.append(f"{percent(missing)} of the hours of the history have no good reading.")
    held = series.backtest_coverage
    if held is not None and held < series.coverage - COVERAGE_WORTH_SAYING:
        notes.append(
            f"In back-tests the {percent(series.coverage)} band held {percent(held)} of the values: "
            "take it as too narrow."
        )
    routine = [
        f"{limit.side} its {limit.words(outlook.unit)}" for limit in outlook.limits if is_routine(outlook.means, limit)
    ]
    if routine:
        notes.append(
            f"In the last {outlook.means.size // 24} days {outlook.label} was often {', '.join(routine)} "
            f"(at least {percent(ROUTINE)} of the hours), as when the machine stands still: "
            "such a crossing says little."
        )
    return notes
