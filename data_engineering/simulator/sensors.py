"""Readings as they arrive: every metric of every machine, less what is lost, frozen or spoiled on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Source
from data_engineering.simulator.noise import Floats, Seconds
from data_engineering.simulator.sampling import MachineSampling, spoil
from data_engineering.simulator.signals import MachineSignals

STRIDE = 4096
"""Room in the counter for the rows of one second: `seq` is second * STRIDE + number of the row."""
TRANSPORT_US = 1_000_000
"""From measurement to acceptance, in microseconds."""

Integers = NDArray[np.int64]
_TIME = pl.Datetime("us", "UTC")


class _Block(NamedTuple):
    """Readings of one machine, metric by metric; `series` numbers the fleet's metrics."""

    seconds: Integers
    series: Integers
    values: Floats
    status: Integers


class PlantSensors:
    """All series of the plant, numbered machine by machine."""

    def __init__(
        self, source: Source, signals: Mapping[str, MachineSignals], sampling: Mapping[str, MachineSampling]
    ) -> None:
        self._source = source
        self._machines = [(signals[name], sampling[name]) for name in signals]
        self._equipment = pl.Series([name for name, machine in signals.items() for _ in machine.metrics])
        self._metric = pl.Series([metric for machine in signals.values() for metric in machine.metrics])

    def readings_at(self, seconds: Seconds) -> pl.DataFrame:
        """Rows of the readings contract at the given moments (whole seconds, rising)."""
        blocks: list[_Block] = []
        first = 0
        for signals, sampling in self._machines if seconds.size else ():
            heard = seconds[sampling.received(seconds)]
            if heard.size:
                blocks.append(_block(signals, sampling, heard, first))
            first += len(signals.metrics)
        return self._frame(blocks) if blocks else pl.DataFrame(schema=polars_schema(BronzeTable.READINGS))

    def _frame(self, blocks: list[_Block]) -> pl.DataFrame:
        joined = _Block(*(np.concatenate(parts) for parts in zip(*blocks, strict=True)))
        micros = joined.seconds * 1_000_000
        columns = {
            "device_id": pl.repeat(self._source.device_id, micros.size, eager=True),
            "epoch": pl.repeat(self._source.epoch, micros.size, eager=True),
            "seq": joined.seconds * STRIDE + joined.series,
            "equipment_id": self._equipment.gather(joined.series),
            "metric": self._metric.gather(joined.series),
            "value": pl.Series(joined.values, nan_to_null=True),
            "status_code": joined.status,
            "source_ts": pl.Series(micros).cast(_TIME),
            "ingest_ts": pl.Series(micros + TRANSPORT_US).cast(_TIME),
        }
        return pl.DataFrame(columns, schema=polars_schema(BronzeTable.READINGS))


def _block(signals: MachineSignals, sampling: MachineSampling, seconds: Seconds, first: int) -> _Block:
    values, status = _measured(signals, sampling, seconds), sampling.status(seconds)
    series = first + np.arange(len(signals.metrics))
    return _Block(
        np.tile(seconds, series.size), np.repeat(series, seconds.size), spoil(values, status).ravel(), status.ravel()
    )


def _measured(signals: MachineSignals, sampling: MachineSampling, seconds: Seconds) -> Floats:
    values = signals.values(seconds)
    for stuck in sampling.stuck_in(seconds):
        frozen = signals.values(np.array([stuck.start]))[stuck.row, 0]
        values[stuck.row, (seconds >= stuck.start) & (seconds < stuck.end)] = frozen
    return values
