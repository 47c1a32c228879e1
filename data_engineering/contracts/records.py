"""One typed model for each Avro schema beside this file, field by field (held equal by a test).

Timestamps are aware, UTC, microseconds. Models are for single records at a boundary; bulk data travels as polars frames
with `data_engineering.contracts.tables.polars_schema`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal, cast, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

EventKind = Literal["state", "alarm", "error", "failure"]
State = Literal["not_available", "out_of_service", "not_executing", "executing"]
Mode = Literal["none", "processing", "setup", "maintenance"]
MaintenanceKind = Literal["corrective", "preventive", "inspection", "calibration"]
Criticality = Literal["A", "B", "C"]
Verdict = Literal["up", "down"]
WorkOrderStatus = Literal["draft", "approved", "released", "done", "cancelled"]

Name = Annotated[str, Field(min_length=1)]
Severity = Annotated[int, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Quantity = Annotated[float, Field(ge=0)]
Probability = Annotated[float, Field(ge=0, le=1)]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())


class Sequenced(Record):
    """What carries its sender's counter; (device_id, epoch, seq) is accepted once."""

    device_id: Name
    epoch: Name
    seq: Count


class Reading(Sequenced):
    equipment_id: Name
    metric: Name
    value: float | None = None
    status_code: int = Field(ge=0, le=2**32 - 1)
    source_ts: AwareDatetime
    ingest_ts: AwareDatetime


class EquipmentEvent(Sequenced):
    equipment_id: Name
    kind: EventKind
    code: str | None = None
    severity: Severity | None = None
    state: State | None = None
    mode: Mode | None = None
    planned: bool | None = None
    component: str | None = None
    failure_mode: str | None = None
    failure_mechanism: str | None = None
    failure_cause: str | None = None
    message: str | None = None
    source_ts: AwareDatetime
    ingest_ts: AwareDatetime


class MaintenanceRecord(Record):
    maintenance_id: Name
    equipment_id: Name
    kind: MaintenanceKind
    component: str | None = None
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    technician: str | None = None
    parts: str | None = None
    note: str | None = None
    ingest_ts: AwareDatetime


class EquipmentRecord(Record):
    equipment_id: Name
    name: str | None = None
    equipment_type: Name
    model: str | None = None
    manufacturer: str | None = None
    enterprise: str | None = None
    plant_id: Name
    area: str | None = None
    line: str | None = None
    commissioned_on: date | None = None
    rated_power_kw: float | None = None
    criticality: Criticality | None = None
    ingest_ts: AwareDatetime


class QualityInspection(Record):
    inspection_id: Name
    equipment_id: Name
    product: str | None = None
    batch: str | None = None
    inspected: Count
    defective: Count
    defect_type: str | None = None
    inspected_at: AwareDatetime
    ingest_ts: AwareDatetime


class ProductionRecord(Record):
    production_id: Name
    equipment_id: Name
    period_start: AwareDatetime
    period_end: AwareDatetime
    shift: str | None = None
    product: str | None = None
    planned_busy_time_s: Seconds | None = None
    actual_production_time_s: Seconds | None = None
    planned_run_time_per_item_s: Seconds | None = None
    produced_quantity: Quantity | None = None
    good_quantity: Quantity | None = None
    ingest_ts: AwareDatetime


class MetricLimit(Record):
    limit_id: Name
    equipment_id: str | None = None
    equipment_type: str | None = None
    metric: Name
    warning_low: float | None = None
    warning_high: float | None = None
    alarm_low: float | None = None
    alarm_high: float | None = None
    source: str | None = None
    ingest_ts: AwareDatetime


class FailurePrediction(Record):
    prediction_id: Name
    equipment_id: Name
    model_name: Name
    model_version: Name
    as_of: AwareDatetime
    horizon_hours: int = Field(gt=0)
    failure_probability: Probability
    probability_low: Probability | None = None
    probability_high: Probability | None = None
    factors: str
    feature_hash: Name
    scored_at: AwareDatetime


class Feedback(Record):
    feedback_id: Name
    run_id: Name
    thread_id: Name
    verdict: Verdict
    comment: str | None = None
    created_at: AwareDatetime


class Alert(Sequenced):
    alert_id: Name
    equipment_id: Name
    rule: Name
    severity: Severity
    message: str
    raised_at: AwareDatetime
    ingest_ts: AwareDatetime


class WorkOrderDraft(Record):
    work_order_id: Name
    equipment_id: Name
    status: WorkOrderStatus
    title: Name
    failure_mode: str | None = None
    failure_mechanism: str | None = None
    failure_cause: str | None = None
    priority: int | None = Field(None, ge=1, le=5)
    idempotency_key: Name
    created_at: AwareDatetime
    ingest_ts: AwareDatetime


class DeadLetter(Sequenced):
    topic: Name
    payload: bytes
    field: str | None = None
    reason: Name
    refused_at: AwareDatetime


RECORDS: Final[dict[str, type[Record]]] = {
    "equipment-sensors": Reading,
    "equipment-status": EquipmentEvent,
    "maintenance": MaintenanceRecord,
    "equipment": EquipmentRecord,
    "quality-metrics": QualityInspection,
    "production": ProductionRecord,
    "limits": MetricLimit,
    "predictions": FailurePrediction,
    "feedback": Feedback,
    "alerts": Alert,
    "work-orders": WorkOrderDraft,
    "dead-letter": DeadLetter,
}
"""Avro schema name (file name without .avsc) to its typed model."""


def allowed_values(name: str, field: str) -> tuple[str, ...]:
    """The literals of a text field, e.g. ('state', 'alarm', 'error', 'failure'); empty when any text goes."""
    literals = (part for part in _parts(RECORDS[name].model_fields[field].annotation) if get_origin(part) is Literal)
    return tuple(str(value) for part in literals for value in get_args(part))


def bounds(name: str, field: str) -> tuple[float | None, float | None]:
    """(lowest, highest) value of a number field, None where it has no bound."""
    info = RECORDS[name].model_fields[field]
    metadata = [
        *info.metadata,
        *(item for part in _parts(info.annotation) for item in getattr(part, "__metadata__", ())),
    ]
    constraints = [item for entry in metadata for item in (entry.metadata if isinstance(entry, FieldInfo) else [entry])]
    lowest = next((item.ge for item in constraints if isinstance(item, Ge)), None)
    highest = next((item.le for item in constraints if isinstance(item, Le)), None)
    return cast("float | None", lowest), cast("float | None", highest)


def _parts(annotation: object) -> tuple[object, ...]:
    return (annotation, *get_args(annotation))
