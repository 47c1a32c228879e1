"""Decisions, their time to the next failure, and the person-period rows a discrete-time hazard learns from.

A decision at hour d is followed until the machine's next failure at f >= d. Interval j = [edge j-1, edge j) of the
horizon has label 1 when f falls in it, 0 when the machine outlived it, and no row after the failure. A row is used only
when its whole interval lies before the end of its part: that is the purge at a cut and the censoring at the end of the
data in one rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.datasets.history import PlantHistory
from ml.datasets.split import Part

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

HORIZON_EDGES_H: tuple[int, ...] = (24, 48, 72, 120, 168, 240, 336, 504, 720)
DAILY_HOUR = 12
"""The decision of a machine-day is made at 12:00 UTC."""
GRID_STEPS_H: tuple[int, ...] = (6, 12, 24)
MOST_DECISIONS = 40_000
"""The finest grid with no more decisions than this keeps training within its minute."""


@dataclass(frozen=True)
class PersonPeriods:
    """Rows of (decision, interval). `decision` indexes the frame of decisions."""

    decision: Integers
    interval: Integers
    label: Booleans


def decision_grid(history: PlantHistory, first: int, last: int) -> pl.DataFrame:
    """equipment_id, tile, hours_to_failure (null: none seen): every machine on one grid, except during its repairs."""
    hours = grid_hours(first, last, machines=len(history.machines))
    grid = pl.DataFrame({"equipment_id": history.machines}).join(
        pl.DataFrame({"tile": hours}, schema={"tile": pl.Int64}), how="cross"
    )
    return running_only(grid, history)


def grid_hours(first: int, last: int, *, machines: int) -> list[int]:
    step = next((s for s in GRID_STEPS_H if machines * (last - first) / s <= MOST_DECISIONS), GRID_STEPS_H[-1])
    start = first + (DAILY_HOUR - first) % step
    return list(range(start, last, step))


def running_only(decisions: pl.DataFrame, history: PlantHistory) -> pl.DataFrame:
    """`decisions` of machines not under repair, with the hours to their next failure (at or after the decision)."""
    moments = decisions.with_columns(moment=pl.col("tile").cast(pl.Float64)).sort("moment")
    outages = history.outages.with_columns(moment="failed_at", failure_ahead="failed_at").sort("moment")
    past = moments.join_asof(
        outages.select("equipment_id", "moment", "until"),
        on="moment",
        by="equipment_id",
        strategy="backward",
        allow_exact_matches=False,
        check_sortedness=False,
    )
    ahead = past.join_asof(
        outages.select("equipment_id", "moment", "failure_ahead"),
        on="moment",
        by="equipment_id",
        strategy="forward",
        check_sortedness=False,
    )
    return (
        ahead.filter(pl.col("until").is_null() | (pl.col("until") <= pl.col("moment")))
        .with_columns(hours_to_failure=pl.col("failure_ahead") - pl.col("moment"))
        .select("equipment_id", "tile", "hours_to_failure")
        .sort("equipment_id", "tile")
    )


def person_periods(decisions: pl.DataFrame, part: Part, edges: Sequence[int] = HORIZON_EDGES_H) -> PersonPeriods:
    """Person-period rows of the decisions that fall in `part`."""
    tile = decisions["tile"].to_numpy()[:, None]
    to_failure = _hours_to_failure(decisions)[:, None]
    ends = np.asarray(edges)[None, :]
    starts = np.concatenate([[0], edges[:-1]])[None, :]
    usable = (tile >= part.first) & (tile + ends <= part.last) & (to_failure >= starts)
    decision, interval = np.nonzero(usable)
    label = (to_failure < ends)[decision, interval]
    return PersonPeriods(decision.astype(np.int64), interval.astype(np.int64), label)


def machine_days(decisions: pl.DataFrame, part: Part, horizon: int) -> tuple[Integers, Booleans]:
    """(indices, labels): the 12:00 decisions of `part` whose label 'fails within `horizon` hours' is known."""
    tile = decisions["tile"].to_numpy()
    chosen = (tile % 24 == DAILY_HOUR) & (tile >= part.first) & (tile + horizon <= part.last)
    indices = np.nonzero(chosen)[0].astype(np.int64)
    return indices, _hours_to_failure(decisions)[indices] < horizon


def _hours_to_failure(decisions: pl.DataFrame) -> Floats:
    return decisions["hours_to_failure"].fill_null(float("inf")).to_numpy().astype(np.float64)
