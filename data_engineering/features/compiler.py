"""Feature definitions to DuckDB SQL over integer hourly tiles.

The statement reads a relation `decisions (equipment_id, tile)` beside the published marts and returns one row per
decision: what was known of the machine at the start of hour `tile`. Formulas of the tiles: mean = reference + s1 / n;
sample variance = (s2 - s1^2 / n) / (n - 1), with s1 and s2 shifted by the metric's reference.
"""

# ruff: noqa: S608  (SQL is what this module makes; names and texts pass `identifier` and `literal`)

from __future__ import annotations

from collections.abc import Iterable, Sequence

from data_engineering.features.formula import to_sql
from data_engineering.features.models import EVENTS, MAINTENANCE, Column, FeatureDefinition, FeatureSet

_TILE_SUMS = {"n": "sum(n)", "s1": "sum(s1)", "s2": "sum(s2)", "low": "min(min_value)", "high": "max(max_value)"}
_MOMENT = {EVENTS: "source_ts", MAINTENANCE: "coalesce(ended_at, started_at)"}


def compile_sql(features: FeatureSet) -> str:
    """One statement: equipment_id, tile, then the output columns of `features` in their order."""
    columns = features.columns()
    blocks = {
        "telemetry": _telemetry(features, columns),
        "machine_telemetry": _pooled(features),
        **{f"from_{source}": _occurrences(source, columns) for source in (EVENTS, MAINTENANCE)},
        "machine": _machine(columns),
    }
    present = {name: sql for name, sql in blocks.items() if sql}
    head = f"WITH {_long_telemetry(features)}, " if "telemetry" in present else "WITH "
    joins = " ".join(f"LEFT JOIN {name} USING (equipment_id, tile)" for name in present)
    return (
        f"{head}{', '.join(f'{name} AS ({sql})' for name, sql in present.items())} "
        f"SELECT decisions.equipment_id, decisions.tile, {', '.join(_output(column) for column in columns)} "
        f"FROM decisions {joins} ORDER BY decisions.equipment_id, decisions.tile"
    )


def longest_reach(features: FeatureSet) -> int:
    """Hours before a decision that any window looks at."""
    return max((d.window + d.offset for d in features.definitions if d.window is not None), default=0)


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _literals(texts: Iterable[str]) -> str:
    return ", ".join(literal(text) for text in texts) or "NULL"


def _output(column: Column) -> str:
    """Nothing counted is zero, not unknown: every other absence stays null."""
    name = identifier(column.name)
    value = f"coalesce({name}, 0)" if column.definition.aggregation == "count" else name
    return f"CAST({value} AS DOUBLE) AS {name}"


# --- telemetry: machine x metric x decision, then one column per metric ---


def _per_metric(features: FeatureSet) -> tuple[FeatureDefinition, ...]:
    return tuple(definition for definition in features.definitions if definition.per == "metric")


def _frame(definition: FeatureDefinition) -> tuple[int, int]:
    assert definition.window is not None
    return definition.window, definition.offset


def _long_telemetry(features: FeatureSet) -> str:
    """CTEs `tiles`, `frames` and `long_telemetry`; one layer per definition, so that each may use those before it."""
    definitions = _per_metric(features)
    reach = longest_reach(features)
    frames = sorted({_frame(d) for d in definitions if d.window is not None})
    layered = (
        "SELECT frames.*, limits.alarm_high AS limit_value FROM frames "
        "LEFT JOIN marts.dim_metric_limit AS limits USING (equipment_id, metric) WHERE is_decision"
    )
    for definition in definitions:
        value = _guarded(definition, _from_frame(definition))
        layered = f"SELECT *, {value} AS {identifier(definition.name)} FROM ({layered})"
    return f"""tiles AS (
    SELECT equipment_id, metric, tile, n, s1, s2, min_value, max_value, reference
    FROM marts.fact_sensor_tiles_hourly
    WHERE metric IN ({_literals(features.vocabulary.metrics)}) AND n > 0
      AND tile BETWEEN (SELECT min(tile) FROM decisions) - {reach} AND (SELECT max(tile) FROM decisions)
), spine AS (
    SELECT *, FALSE AS is_decision FROM tiles
    UNION ALL
    SELECT d.equipment_id, m.metric, d.tile, NULL, NULL, NULL, NULL, NULL, m.reference, TRUE
    FROM decisions AS d
    JOIN (SELECT equipment_id, metric, max(reference) AS reference FROM tiles GROUP BY ALL) AS m USING (equipment_id)
), frames AS (
    SELECT equipment_id, metric, tile, reference, is_decision, {", ".join(_frame_sums(*frame) for frame in frames)}
    FROM spine
), long_telemetry AS (
    SELECT l.* FROM ({layered}) AS l
)"""


def _frame_sums(window: int, offset: int) -> str:
    over = (
        "OVER (PARTITION BY equipment_id, metric ORDER BY tile "
        f"RANGE BETWEEN {window + offset} PRECEDING AND {offset + 1} PRECEDING)"
    )
    sums = {**_TILE_SUMS, "hours": "count(n)"}
    return ", ".join(f"CAST({sql} {over} AS DOUBLE) AS {name}_{window}_{offset}" for name, sql in sums.items())


def _from_frame(definition: FeatureDefinition) -> str:
    if definition.formula is not None:
        return to_sql(definition.formula)
    if definition.aggregation == "limit":
        return "limit_value"
    window, offset = _frame(definition)
    n, s1, s2, low, high, hours = (f"{name}_{window}_{offset}" for name in ("n", "s1", "s2", "low", "high", "hours"))
    value = {
        "mean": f"reference + {s1} / NULLIF({n}, 0)",
        "std": f"CASE WHEN {n} > 1 THEN sqrt(greatest(0, ({s2} - {s1} * {s1} / {n}) / ({n} - 1))) END",
        "min": low,
        "max": high,
    }[str(definition.aggregation)]
    return f"CASE WHEN {hours} >= {definition.min_coverage * window!r} AND {hours} > 0 THEN {value} END"


def _guarded(definition: FeatureDefinition, value: str) -> str:
    if not definition.requires:
        return value
    known = " AND ".join(f"{identifier(name)} IS NOT NULL" for name in definition.requires)
    return f"CASE WHEN {known} THEN {value} END"


def _telemetry(features: FeatureSet, columns: Sequence[Column]) -> str:
    picks = [
        f"max({identifier(column.definition.name)}) FILTER (WHERE metric = {literal(column.key)}) "
        f"AS {identifier(column.name)}"
        for column in columns
        if column.definition.per == "metric"
    ]
    if not picks or not features.vocabulary.metrics:
        return ""
    return f"SELECT equipment_id, tile, {', '.join(picks)} FROM long_telemetry GROUP BY equipment_id, tile"


def _pooled(features: FeatureSet) -> str:
    picks = [
        f"{definition.pool}({to_sql(definition.formula)}) AS {identifier(definition.name)}"
        for definition in features.definitions
        if definition.pool is not None and definition.formula is not None
    ]
    if not picks:
        return ""
    if not features.vocabulary.metrics:
        return f"SELECT equipment_id, tile, {', '.join(_nulls(features))} FROM decisions"
    return f"SELECT equipment_id, tile, {', '.join(picks)} FROM long_telemetry GROUP BY equipment_id, tile"


def _nulls(features: FeatureSet) -> list[str]:
    return [f"NULL AS {identifier(d.name)}" for d in features.definitions if d.pool is not None]


# --- events and maintenance: counts in a window, hours since the last ---


def _occurrences(source: str, columns: Sequence[Column]) -> str:
    picks = [_occurrence(column) for column in columns if column.definition.sources == (source,)]
    if not picks:
        return ""
    keys = {EVENTS: "kind, code", MAINTENANCE: "kind, component"}[source]
    return f"""SELECT d.equipment_id, d.tile, {", ".join(picks)}
    FROM decisions AS d
    JOIN (
        SELECT equipment_id, {keys}, CAST(floor(epoch({_MOMENT[source]}) / 3600) AS BIGINT) AS happened
        FROM marts.{source}
    ) AS o ON o.equipment_id = d.equipment_id AND o.happened < d.tile
    GROUP BY d.equipment_id, d.tile"""


def _occurrence(column: Column) -> str:
    definition = column.definition
    conditions = [f"o.{name} IN ({_literals(values)})" for name, values in definition.where.items()]
    if column.key:
        conditions.append(f"o.{definition.per} = {literal(column.key)}")
    if definition.window is not None:
        conditions.append(f"o.happened >= d.tile - {definition.window}")
    chosen = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
    value = f"count(*){chosen}" if definition.aggregation == "count" else f"d.tile - max(o.happened){chosen}"
    return f"{value} AS {identifier(column.name)}"


# --- what the machine is ---


def _machine(columns: Sequence[Column]) -> str:
    picks = [_attribute(column) for column in columns if column.definition.aggregation in {"age", "one_hot"}]
    if not picks:
        return ""
    return (
        f"SELECT d.equipment_id, d.tile, {', '.join(picks)} FROM decisions AS d "
        "JOIN marts.dim_equipment AS e USING (equipment_id)"
    )


def _attribute(column: Column) -> str:
    if column.definition.aggregation == "age":
        commissioned = "epoch(CAST(e.commissioned_on AS TIMESTAMP)) / 3600"
        return f"floor((d.tile - {commissioned}) / 8766 + 0.02) AS {identifier(column.name)}"
    attribute = f"e.{column.definition.per}"
    return f"CAST(coalesce({attribute}, '') = {literal(column.key)} AS INTEGER) AS {identifier(column.name)}"
