"""Which machines can be scored now, at which hour, and why the others cannot.

A machine whose sensors report continuously is scored at the end of its last hour with readings; when they have been
silent for a day while its plant went on, it is not scored, because the model would read the silence as calm. A machine
known by its events alone (or by a few recorded hours) is scored at the end of its plant's data. A machine under repair
has no next failure yet.
"""

# ruff: noqa: S608  (only constants of this module are put into SQL)

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import polars as pl

from ml.datasets.history import PlantHistory, moment

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LONGEST_SILENCE_HOURS = 24
MEMORY_HOURS = 720
CONTINUOUS_SHARE = 0.5
"""Below this share of hours with readings, a machine's telemetry is occasional: features do not use it either."""

_SEEN = f"""
WITH hours AS (
    SELECT DISTINCT equipment_id, tile FROM marts.fact_sensor_tiles_hourly WHERE n > 0
), ends AS (
    SELECT equipment_id, min(tile) AS first_tile, max(tile) AS last_tile FROM hours GROUP BY equipment_id
), telemetry AS (
    SELECT equipment_id, last_tile + 1 AS until, count(*) / least({MEMORY_HOURS}, last_tile + 1 - first_tile) AS share
    FROM hours JOIN ends USING (equipment_id) WHERE tile > last_tile - {MEMORY_HOURS}
    GROUP BY equipment_id, first_tile, last_tile
), reports AS (
    SELECT equipment_id, CAST(floor(max(epoch(happened)) / 3600) AS BIGINT) + 1 AS until FROM (
        SELECT equipment_id, source_ts AS happened FROM marts.fact_equipment_events
        UNION ALL
        SELECT equipment_id, coalesce(ended_at, started_at) FROM marts.fact_maintenance
    ) GROUP BY equipment_id
)
SELECT e.equipment_id, e.plant_id, t.until, t.share, r.until
FROM marts.dim_equipment AS e LEFT JOIN telemetry AS t USING (equipment_id) LEFT JOIN reports AS r USING (equipment_id)
ORDER BY e.equipment_id"""


@dataclass(frozen=True)
class Readiness:
    """`ready`: machine to its decision hour (since 1970). `reasons`: machine to why it has no score."""

    ready: dict[str, int]
    reasons: dict[str, str]


@dataclass(frozen=True)
class _Seen:
    telemetry_until: int | None
    telemetry_share: float
    reports_until: int | None

    @property
    def is_continuous(self) -> bool:
        return self.telemetry_share >= CONTINUOUS_SHARE

    @property
    def until(self) -> int | None:
        return max((end for end in (self.telemetry_until, self.reports_until) if end is not None), default=None)


def readiness(connection: DuckDBPyConnection, history: PlantHistory, *, now: datetime) -> Readiness:
    """Sorts every machine of the snapshot into scored and not scored. The hour still running is not looked at."""
    this_hour = int(now.timestamp() // 3600)
    rows = connection.execute(_SEEN).fetchall()
    seen = {name: _Seen(telemetry, share or 0.0, reports) for name, _, telemetry, share, reports in rows}
    plant_of = {name: plant for name, plant, *_ in rows}
    plant_until: dict[str, int] = {}
    for name, plant in plant_of.items():
        plant_until[plant] = max(plant_until.get(plant, history.start), seen[name].until or history.start)
    ready: dict[str, int] = {}
    reasons: dict[str, str] = {}
    for name, plant in plant_of.items():
        at = _decision_hour(seen[name], min(plant_until[plant], history.end))
        if isinstance(at, str):
            reasons[name] = at
        else:
            ready[name] = min(at, this_hour)
    return _without_repairs(Readiness(ready, reasons), history)


def _decision_hour(seen: _Seen, plant_until: int) -> int | str:
    """The hour to decide at, or why there is none."""
    if seen.until is None:
        return "neither readings nor events"
    if seen.is_continuous and seen.telemetry_until is not None:
        if plant_until - seen.telemetry_until > LONGEST_SILENCE_HOURS:
            return f"no readings since {moment(seen.telemetry_until):%Y-%m-%d %H:%M} UTC, while its plant goes on"
        return seen.telemetry_until
    if plant_until - seen.until > MEMORY_HOURS:
        return f"nothing heard of it since {moment(seen.until):%Y-%m-%d %H:%M} UTC"
    return plant_until


def _without_repairs(found: Readiness, history: PlantHistory) -> Readiness:
    last = history.outages.group_by("equipment_id").agg(pl.all().sort_by("failed_at").last())
    for name, failed_at, until in last.select("equipment_id", "failed_at", "until").iter_rows():
        if name in found.ready and failed_at < found.ready[name] < until:
            del found.ready[name]
            found.reasons[name] = f"failed at {moment(failed_at):%Y-%m-%d %H:%M} UTC and is under repair"
    return found
