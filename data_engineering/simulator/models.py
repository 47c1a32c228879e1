"""Machine types and the fleet, as the catalogue files state them. Units are those of core/metrics.yml."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Curve = Literal["early", "steady", "late"]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricLimits(_Entry):
    """Warning and alarm bounds of one metric; a missing bound is not monitored."""

    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None


class MetricProfile(_Entry):
    """How one metric of a healthy machine behaves."""

    normal: float = Field(description="Level while running at reference load (65 %) and 20 degC ambient.")
    idle: float = Field(description="Level while standing still.")
    per_load: float = Field(description="Change when load goes from 0 to 100 %.")
    per_ambient: float = Field(0.0, description="Change per degC of hall temperature.")
    lag_minutes: float = Field(0.0, ge=0, description="Time the metric needs to follow the machine (thermal mass).")
    noise: float = Field(ge=0, description="Standard deviation of one reading.")
    wander: float = Field(ge=0, description="Standard deviation of the slow wander over hours and days.")
    spread: float = Field(ge=0, description="Relative standard deviation between machines of one type.")
    sawtooth_hours: float | None = Field(
        None, gt=0, description="Running hours from 0 to twice `normal`, then 0 again: a counter that work resets."
    )
    limits: MetricLimits = MetricLimits()


class SamplingFaults(_Entry):
    """What goes wrong between sensor and lake, per machine (gaps) or per series (stuck, bad)."""

    gaps_per_month: float = Field(ge=0)
    gap_hours: float = Field(gt=0, description="Mean length.")
    stuck_per_month: float = Field(ge=0)
    stuck_hours: float = Field(gt=0, description="Mean length.")
    bad_share: float = Field(ge=0, lt=1, description="Share of readings with a Bad OPC UA status.")


class Effect(_Entry):
    at_failure: float = Field(description="Shift of the metric when the machine fails, in the metric's unit.")
    curve: Curve = Field(description="When the shift shows: early, steady or late in the growth of the fault.")


class CodeTrigger(_Entry):
    from_severity: float = Field(ge=0, le=1, description="Share of the growth after which the code begins to come.")
    per_day: float = Field(gt=0, description="Rate at failure; it rises from zero at from_severity.")


class FailureMode(_Entry):
    """One way to fail: ISO 14224 mode, mechanism and cause are three fields."""

    id: str = Field(pattern=r"^[a-z][a-z_]*$")
    label: str
    mode: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 14224 failure mode, e.g. VIB.")
    mechanism: str
    cause: str
    component: str
    part: str
    repair_hours: float = Field(gt=0, description="Median hands-on time.")
    onset_days: float = Field(gt=0, description="Mean running time from new component to first damage.")
    growth_days: float = Field(gt=0, description="Median time from first damage to failure.")
    stops_machine: bool = Field(True, description="False: the machine runs on; it ends in a calibration.")
    silent: bool = Field(False, description="True: declared to move no metric beforehand.")
    effects: Mapping[str, Effect]
    codes: Mapping[str, CodeTrigger]


class ErrorCode(_Entry):
    code: str = Field(pattern=r"^[A-Z]-\d{3}$")
    title: str
    meaning: str
    severity: int = Field(ge=1, le=1000, description="OPC UA severity.")
    action: str = Field(description="What the operator does, in one line.")
    failure_mode: str | None = Field(description="Main failure mode behind it; null for an operating message.")
    false_per_month: float = Field(ge=0, description="How often it comes without its failure mode.")


class PreventiveTask(_Entry):
    id: str
    title: str
    component: str
    interval_days: int = Field(gt=0)
    hours: float = Field(gt=0)
    effectiveness: float = Field(gt=0, le=1, description="Share of the component's wear it takes away.")


class ProductionProfile(_Entry):
    item_seconds: float = Field(gt=0, description="PRI, ISO 22400.")
    scrap_rate: float = Field(ge=0, lt=1, description="Share of scrap of a healthy machine.")
    defects: tuple[str, ...] = Field(min_length=1)


class MachineType(_Entry):
    type: str
    label: str
    manufacturer: str
    models: tuple[str, ...]
    rated_power_kw: float
    metrics: Mapping[str, MetricProfile]
    sampling: SamplingFaults
    failure_modes: tuple[FailureMode, ...]
    codes: tuple[ErrorCode, ...]
    preventive: tuple[PreventiveTask, ...]
    production: ProductionProfile | None = Field(description="null: the machine makes no countable parts.")

    def failure_mode(self, mode_id: str) -> FailureMode:
        return next(mode for mode in self.failure_modes if mode.id == mode_id)

    def code(self, code: str) -> ErrorCode:
        return next(entry for entry in self.codes if entry.code == code)


class ShiftPattern(_Entry):
    """Hours of the week in which a line runs, UTC."""

    days: tuple[int, ...] = Field(description="ISO weekday - 1: Monday is 0.")
    start_hour: int = Field(ge=0, lt=24)
    end_hour: int = Field(gt=0, le=24)


class Line(_Entry):
    plant: str
    area: str
    name: str
    pattern: str
    load: float = Field(gt=0, le=1, description="Mean load while running.")
    product: str | None


class Story(_Entry):
    """A fault that is under way when the history ends."""

    equipment_id: str
    failure_mode: str
    onset_days_before_end: float = Field(gt=0)
    failure_days_after_end: float = Field(gt=0)


class MachineLimit(MetricLimits):
    equipment_id: str
    metric: str
    source: str


class Machine(_Entry):
    id: str = Field(pattern=r"^[A-Z]+-[A-Z]-\d{3}$")
    type: str
    line: str
    model: str
    rated_power_kw: float
    commissioned_on: date
    criticality: Literal["A", "B", "C"]


class Fleet(_Entry):
    enterprise: str
    patterns: Mapping[str, ShiftPattern]
    lines: Mapping[str, Line]
    technicians: Mapping[str, tuple[str, ...]]
    stories: tuple[Story, ...]
    limits: tuple[MachineLimit, ...]
    machines: tuple[Machine, ...]

    def machine(self, equipment_id: str) -> Machine:
        return next(machine for machine in self.machines if machine.id == equipment_id)

    def line_of(self, machine: Machine) -> Line:
        return self.lines[machine.line]

    def pattern_of(self, machine: Machine) -> ShiftPattern:
        return self.patterns[self.line_of(machine).pattern]
