"""Machines and limits of the demo plant as bronze rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import polars as pl

from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.simulator.catalogue import fleet, machine_types


def equipment_rows(known_at: datetime) -> pl.DataFrame:
    rows = [
        {
            "equipment_id": machine.id,
            "name": f"{kind.label} {machine.id.split('-', 1)[1]}",
            "equipment_type": machine.type,
            "model": machine.model,
            "manufacturer": kind.manufacturer,
            "enterprise": fleet().enterprise,
            "plant_id": line.plant,
            "area": line.area,
            "line": machine.line,
            "commissioned_on": machine.commissioned_on,
            "rated_power_kw": machine.rated_power_kw,
            "criticality": machine.criticality,
            "ingest_ts": known_at,
        }
        for machine in fleet().machines
        for kind, line in [(machine_types()[machine.type], fleet().line_of(machine))]
    ]
    return pl.DataFrame(rows, schema=polars_schema(BronzeTable.EQUIPMENT))


def limit_rows(known_at: datetime) -> pl.DataFrame:
    """The makers' limits of each type, and the limits set on site for single machines."""
    rows = [{**row, "ingest_ts": known_at} for row in (*_type_limits(), *_machine_limits())]
    return pl.DataFrame(rows, schema=polars_schema(BronzeTable.LIMITS))


def _type_limits() -> Iterator[dict[str, Any]]:
    for kind in machine_types().values():
        for metric, profile in kind.metrics.items():
            bounds = profile.limits.model_dump()
            if any(bound is not None for bound in bounds.values()):
                key = {"limit_id": f"{kind.type}/{metric}", "equipment_type": kind.type, "metric": metric}
                yield {**key, **bounds, "source": f"{kind.manufacturer}, maker's limits"}


def _machine_limits() -> Iterator[dict[str, Any]]:
    for limit in fleet().limits:
        yield {"limit_id": f"{limit.equipment_id}/{limit.metric}", **limit.model_dump()}
