"""Machines: which there are, which one is meant, how one of them is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from core.errors import UnknownEquipment
from core.evidence import Evidenced
from core.scope import Scope
from data_engineering.warehouse.models import Table, Value
from data_engineering.warehouse.ports import Warehouse
from tools.grounding import freshness_notes, warehouse_evidence
from tools.models import Equipment, EquipmentState, MetricState
from tools.ports import Toolbox

ALARM_MEMORY = timedelta(hours=24)
NORMAL_DAYS = timedelta(days=30)

_LAST_LISTED: WeakKeyDictionary[Warehouse, tuple[tuple[str, Scope], tuple[Equipment, ...]]] = WeakKeyDictionary()
"""Every request names a machine: the list is asked once a snapshot and scope, and lives as long as its warehouse."""


def list_equipment(toolbox: Toolbox, scope: Scope) -> list[Equipment]:
    """Every machine of the caller's plants, by id."""
    key = (toolbox.warehouse.snapshot().name, scope)
    known = _LAST_LISTED.get(toolbox.warehouse)
    if known is None or known[0] != key:
        rows = toolbox.warehouse.run("equipment_list", scope=scope).records()
        known = key, tuple(sorted((_equipment(row) for row in rows), key=lambda machine: machine.equipment_id))
        _LAST_LISTED[toolbox.warehouse] = known
    return list(known[1])


def _equipment(row: dict[str, Any]) -> Equipment:
    return Equipment(
        aliases=spellings(row["equipment_id"], row["name"]),
        **{field: row[field] for field in Equipment.model_fields if field != "aliases"},
    )


def spellings(equipment_id: str, name: str | None) -> tuple[str, ...]:
    """How people write a machine: 'CNC A 102', 'CNCA102', 'CNC A102', its name."""
    parts = equipment_id.replace("_", "-").split("-")
    joined = {" ".join(parts), "".join(parts), "-".join(parts)}
    if len(parts) > 2:
        joined.add(f"{' '.join(parts[:-2])} {parts[-2]}{parts[-1]}")
    return tuple(sorted((joined | ({name} if name else set())) - {equipment_id}))


def find_equipment(equipment_id: str, toolbox: Toolbox, scope: Scope) -> Equipment:
    """The machine of that id, whatever its case.

    Raises:
        UnknownEquipment: none in the caller's plants; names the nearest ids.
    """
    machines = list_equipment(toolbox, scope)
    wanted = equipment_id.strip().casefold()
    for machine in machines:
        if machine.equipment_id.casefold() == wanted:
            return machine
    raise unknown_equipment(equipment_id, [machine.equipment_id for machine in machines])


def unknown_equipment(equipment_id: str, known: list[str]) -> UnknownEquipment:
    """The error that names the nearest ids."""
    found = process.extract(equipment_id, known, scorer=JaroWinkler.similarity, limit=3, score_cutoff=0.7)
    nearest = f" Nearest: {', '.join(str(name) for name, _, _ in found)}." if found else ""
    return UnknownEquipment(
        f"equipment_id: no machine '{equipment_id[:80]}' in your plants.{nearest}",
        remedy="Check the label, or list machines with `copilot equipment list`.",
        field="equipment_id",
    )


def data_until(equipment_id: str, toolbox: Toolbox, scope: Scope) -> datetime | None:
    """Newest reading of one machine, UTC; None when it never reported."""
    rows = toolbox.warehouse.run("last_known", {"equipment_id": equipment_id}, scope=scope).records()
    return rows[0]["last_reading_at"] if rows else None


def equipment_state(equipment_id: str, toolbox: Toolbox, scope: Scope) -> Evidenced[EquipmentState]:
    """One machine as last reported: state, metrics against their 30-day normal, alarms, health, risk."""
    machine = find_equipment(equipment_id, toolbox, scope)
    ask = {"equipment_id": machine.equipment_id}
    last = toolbox.warehouse.run("last_known", ask, scope=scope)
    known = last.records()[0] if len(last) else {}
    until: datetime | None = known.get("last_reading_at")
    metrics = toolbox.warehouse.run("equipment_metrics", ask, scope=scope)
    state = EquipmentState(
        equipment=machine,
        state=known.get("state"),
        state_since=known.get("state_since"),
        metrics=_metric_states(metrics, _normals(machine.equipment_id, until, toolbox, scope)),
        last_failure_at=known.get("last_failure_at"),
        last_maintenance_at=known.get("last_maintenance_at"),
        open_alarms=_recent_alarms(machine.equipment_id, until, toolbox, scope),
        health_score=_health(machine.equipment_id, until, toolbox, scope),
        failure_probability_7d=_risk(machine.equipment_id, toolbox, scope),
    )
    evidence = warehouse_evidence(metrics, "equipment_state", toolbox, data_until=until)
    return Evidenced(
        result=state, evidence=[evidence], notes=freshness_notes(until, toolbox, subject=machine.equipment_id)
    )


def _metric_states(metrics: Table, normals: dict[str, float]) -> list[MetricState]:
    return [
        MetricState(
            metric=row["metric"],
            label=row["label"],
            unit=row["unit"],
            value=row["last_value"],
            measured_at=row["last_at"],
            warning_high=row["warning_high"],
            alarm_high=row["alarm_high"],
            normal_30d=normals.get(row["metric"]),
        )
        for row in metrics.records()
        if row["last_value"] is not None
    ]


def _normals(equipment_id: str, until: datetime | None, toolbox: Toolbox, scope: Scope) -> dict[str, float]:
    """Mean of each metric over the 30 days before, weighted by readings."""
    if until is None:
        return {}
    window: dict[str, Value] = {"equipment_id": equipment_id, "start": until - NORMAL_DAYS, "end": until}
    sums: dict[str, tuple[float, int]] = {}
    for row in toolbox.warehouse.run("daily_metrics", window, scope=scope).records():
        total, count = sums.get(row["metric"], (0.0, 0))
        sums[row["metric"]] = (total + row["mean"] * row["n"], count + row["n"])
    return {metric: total / count for metric, (total, count) in sums.items() if count}


def _recent_alarms(equipment_id: str, until: datetime | None, toolbox: Toolbox, scope: Scope) -> list[str]:
    if until is None:
        return []
    ask: dict[str, Value] = {
        "equipment_id": equipment_id,
        "start": until - ALARM_MEMORY,
        "end": until + timedelta(seconds=1),
        "kinds": ["alarm", "error", "failure"],
    }
    rows = toolbox.warehouse.run("equipment_events", ask, scope=scope).records()
    newest: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: row["source_ts"], reverse=True):
        code = row["code"] or row["kind"]
        message = f": {row['message']}" if row["message"] else ""
        newest.setdefault(code, f"{code} at {row['source_ts']:%Y-%m-%d %H:%M}{message}")
    return list(newest.values())


def _health(equipment_id: str, until: datetime | None, toolbox: Toolbox, scope: Scope) -> float | None:
    if until is None:
        return None
    ask: dict[str, Value] = {
        "equipment_id": equipment_id,
        "start": until - timedelta(days=7),
        "end": until + timedelta(days=1),
    }
    rows = toolbox.warehouse.run("health_history", ask, scope=scope).records()
    scored = [row for row in rows if row["health_score"] is not None]
    return max(scored, key=lambda row: row["date"])["health_score"] if scored else None


def _risk(equipment_id: str, toolbox: Toolbox, scope: Scope) -> float | None:
    rows = toolbox.warehouse.run("latest_risk", {"equipment_ids": [equipment_id]}, scope=scope).records()
    return rows[0]["p_7d"] if rows else None
