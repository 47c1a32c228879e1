"""What happened to the machines of a plant: the observed window, failures, and the hours a machine was down for repair.

Hours are counted from 1970-01-01T00:00Z, as the tiles are.
"""

# ruff: noqa: S608  (only constants of this module are put into SQL)

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import polars as pl

from core.errors import NotReady

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

REPAIR_SEARCH_HOURS = 14 * 24
"""A repair that starts later than this after a failure is another job."""
UNKNOWN_REPAIR_HOURS = 24
"""How long a machine counts as down when the source tells neither the repair nor a restart."""

_WINDOW = """
SELECT min(first_hour), max(last_hour) FROM (
    SELECT min(tile) AS first_hour, max(tile) + 1 AS last_hour FROM marts.fact_sensor_tiles_hourly
    UNION ALL
    SELECT CAST(floor(min(epoch(source_ts)) / 3600) AS BIGINT), CAST(floor(max(epoch(source_ts)) / 3600) AS BIGINT) + 1
    FROM marts.fact_equipment_events
)"""

_OUTAGES = f"""
WITH failures AS (
    SELECT DISTINCT equipment_id, epoch(source_ts) / 3600 AS failed_at
    FROM marts.fact_equipment_events WHERE kind = 'failure'
), repairs AS (
    SELECT f.equipment_id, f.failed_at,
        min_by(coalesce(epoch(m.ended_at), epoch(m.started_at)) / 3600, m.started_at) AS until
    FROM failures AS f JOIN marts.fact_maintenance AS m
      ON m.equipment_id = f.equipment_id AND m.kind = 'corrective'
     AND epoch(m.started_at) / 3600 BETWEEN f.failed_at - 1 AND f.failed_at + {REPAIR_SEARCH_HOURS}
    GROUP BY ALL
), restarts AS (
    SELECT f.equipment_id, f.failed_at, min(epoch(e.source_ts)) / 3600 AS until
    FROM failures AS f JOIN marts.fact_equipment_events AS e
      ON e.equipment_id = f.equipment_id AND e.kind = 'state' AND e.state = 'executing'
     AND epoch(e.source_ts) / 3600 > f.failed_at AND epoch(e.source_ts) / 3600 <= f.failed_at + {REPAIR_SEARCH_HOURS}
    GROUP BY ALL
)
SELECT f.equipment_id, f.failed_at,
    greatest(f.failed_at, coalesce(r.until, s.until, f.failed_at + {UNKNOWN_REPAIR_HOURS})) AS until
FROM failures AS f
LEFT JOIN repairs AS r USING (equipment_id, failed_at)
LEFT JOIN restarts AS s USING (equipment_id, failed_at)
ORDER BY f.equipment_id, f.failed_at"""


@dataclass(frozen=True)
class PlantHistory:
    """One snapshot's machines. Observed in hours [start, end)."""

    machines: tuple[str, ...]
    start: int
    end: int
    outages: pl.DataFrame
    """equipment_id, failed_at, until: the hour of each failure and of the end of its repair (Float64), ordered."""

    def failures_between(self, first: float, last: float) -> int:
        return self.outages.filter(pl.col("failed_at").is_between(first, last, closed="left")).height


def read_history(connection: DuckDBPyConnection) -> PlantHistory:
    """Raises NotReady when the snapshot holds neither readings nor events."""
    machines = connection.execute("SELECT equipment_id FROM marts.dim_equipment ORDER BY 1").fetchall()
    start, end = connection.execute(_WINDOW).fetchall()[0]
    if start is None or not machines:
        raise NotReady(
            "The published snapshot holds no readings and no events.",
            remedy="Run `copilot import` (or `copilot demo`), then `copilot transform`.",
        )
    outages = pl.DataFrame(
        connection.execute(_OUTAGES).fetchall(),
        schema={"equipment_id": pl.String, "failed_at": pl.Float64, "until": pl.Float64},
        orient="row",
    )
    return PlantHistory(tuple(row[0] for row in machines), int(start), int(end), outages)


def moment(hour: float) -> datetime:
    """Hour since 1970 as an aware UTC datetime."""
    return _EPOCH + timedelta(hours=hour)
