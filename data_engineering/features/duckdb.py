"""Features out of a published snapshot: vocabulary, values, quality checks."""

# ruff: noqa: S608  (only constants of this module are put into SQL)

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from core.errors import CorruptData
from data_engineering.features.compiler import compile_sql
from data_engineering.features.models import FeatureDefinition, FeatureSet, Vocabulary

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LEAST_OCCURRENCES = 5
_LEAST_MACHINES = 2

_KEYS = {
    "metrics": "SELECT DISTINCT metric FROM marts.fact_sensor_tiles_hourly WHERE n > 0 AND tile < $1 ORDER BY 1",
    "codes": f"""SELECT code FROM marts.fact_equipment_events
        WHERE kind IN ('error', 'alarm') AND code IS NOT NULL AND epoch(source_ts) < $1 * 3600
        GROUP BY code HAVING count(*) >= {_LEAST_OCCURRENCES} ORDER BY 1""",
    "components": f"""SELECT component FROM marts.fact_maintenance
        WHERE kind IN ('corrective', 'preventive') AND component IS NOT NULL
          AND epoch(coalesce(ended_at, started_at)) < $1 * 3600
        GROUP BY component HAVING count(*) >= {_LEAST_OCCURRENCES} ORDER BY 1""",
    "equipment_types": f"""SELECT equipment_type FROM marts.dim_equipment WHERE $1 IS NOT NULL
        GROUP BY 1 HAVING count(*) >= {_LEAST_MACHINES} ORDER BY 1""",
    "models": f"""SELECT model FROM marts.dim_equipment WHERE $1 IS NOT NULL AND model IS NOT NULL
        GROUP BY 1 HAVING count(*) >= {_LEAST_MACHINES} ORDER BY 1""",
}


def read_vocabulary(connection: DuckDBPyConnection, *, before: int) -> Vocabulary:
    """Metrics, codes, components, types and models known before hour `before` (since 1970): the training window's keys.

    A code or component met fewer than five times, a type or model of a single machine, gets no column of its own.
    """
    return Vocabulary.model_validate(
        {
            name: tuple(str(row[0]) for row in connection.execute(sql, [before]).fetchall())
            for name, sql in _KEYS.items()
        }
    )


def compute_features(connection: DuckDBPyConnection, features: FeatureSet, decisions: pl.DataFrame) -> pl.DataFrame:
    """What was known at each decision: (rows, 2 + columns), Float64, null where unknown, ordered by machine and hour.

    `decisions`: equipment_id, tile (hours since 1970). Only what lies before the start of hour `tile` is seen.

    Raises:
        CorruptData: a value outside the definition's quality checks, or one metric with two tile references.
    """
    _require_one_reference(connection)
    connection.register("decisions", decisions.select("equipment_id", pl.col("tile").cast(pl.Int64)).to_arrow())
    try:
        frame = pl.DataFrame(connection.sql(compile_sql(features)).to_arrow_table())
    finally:
        connection.unregister("decisions")
    for column in features.columns():
        _check(frame[column.name], column.definition)
    return frame


def _require_one_reference(connection: DuckDBPyConnection) -> None:
    """Shifted sums add up only when they are shifted by the same number."""
    mixed = connection.execute(
        "SELECT metric FROM marts.fact_sensor_tiles_hourly GROUP BY metric HAVING min(reference) <> max(reference)"
    ).fetchall()
    if mixed:
        raise CorruptData(
            f"fact_sensor_tiles_hourly: metric '{mixed[0][0]}' has tiles of two references.",
            remedy="Run `copilot transform`; it builds every tile with the catalogue's reference.",
        )


def _check(values: pl.Series, definition: FeatureDefinition) -> None:
    bounds = definition.quality_checks
    lowest, highest = values.min(), values.max()
    outside = (
        lowest
        if bounds.minimum is not None and isinstance(lowest, float) and lowest < bounds.minimum
        else highest
        if bounds.maximum is not None and isinstance(highest, float) and highest > bounds.maximum
        else None
    )
    if outside is not None:
        raise CorruptData(
            f"feature '{values.name}': {outside:g} is outside {bounds.minimum} to {bounds.maximum}.",
            remedy="Look for wrong units or times in the source, then run `copilot transform`.",
            field=values.name,
        )
