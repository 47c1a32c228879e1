"""From the plant into the lake: each table goes on where the lake's own high-water mark says it stopped."""

from __future__ import annotations

import polars as pl

from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.ports import Lake
from data_engineering.simulator.master_data import equipment_rows, limit_rows
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.sensors import STRIDE

STREAMED = (
    BronzeTable.READINGS,
    BronzeTable.EVENTS,
    BronzeTable.MAINTENANCE,
    BronzeTable.QUALITY,
    BronzeTable.PRODUCTION,
)


def written_until(lake: Lake, table: BronzeTable, plant: DemoPlant) -> int:
    """The second up to which the lake holds this table; the start of the history when it holds nothing."""
    return max(-(-(lake.high_water(table, plant.source) + 1) // STRIDE), plant.anchor.begins)


def record(lake: Lake, table: BronzeTable, plant: DemoPlant, until: int) -> None:
    """Appends what became known since the table's high-water mark and before the second `until`."""
    start = written_until(lake, table, plant)
    if start < until:
        append(lake, table, plant, plant.rows(table, start, until), start, until)


def append(lake: Lake, table: BronzeTable, plant: DemoPlant, rows: pl.DataFrame, start: int, until: int) -> None:
    """Appends the rows that stand for [start, until); an empty window leaves the mark where it is."""
    if rows.height:
        lake.append(table, rows, source=plant.source, first_seq=start * STRIDE, last_seq=until * STRIDE - 1)


def record_master_data(lake: Lake, plant: DemoPlant) -> None:
    """Machines and limits: once."""
    known_at = plant.anchor.start
    tables = {BronzeTable.EQUIPMENT: equipment_rows(known_at), BronzeTable.LIMITS: limit_rows(known_at)}
    for table, rows in tables.items():
        lake.append(table, rows, source=plant.source, first_seq=0, last_seq=rows.height - 1)
