"""The demo plant as a pure function of time: the rows of every bronze table between two moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from data_engineering.contracts.tables import BronzeTable, polars_schema
from data_engineering.lake.models import Source
from data_engineering.simulator.catalogue import fleet, machine_types
from data_engineering.simulator.events import machine_events
from data_engineering.simulator.models import Line, ProductionProfile
from data_engineering.simulator.noise import Seconds, key_of
from data_engineering.simulator.notes import note_of
from data_engineering.simulator.output import INSPECTION_DELAY_S, ShiftOutput, shifts_ending
from data_engineering.simulator.sampling import MachineSampling
from data_engineering.simulator.sensors import STRIDE, TRANSPORT_US, PlantSensors
from data_engineering.simulator.shifts import DAY
from data_engineering.simulator.signals import MachineSignals
from data_engineering.simulator.story import Anchor, Job, MachineStory, as_datetime, tell

DEVICE = "simulator"
TRANSPORT = timedelta(microseconds=TRANSPORT_US)
STORY_DAYS = 45


class DemoPlant:
    """Everything the demo plant sends. Moments are whole seconds since 1970, UTC; windows are half-open.

    The same anchor gives the same rows for every window, however the time is cut into windows.
    """

    def __init__(self, anchor: Anchor, *, reach: int | None = None) -> None:
        self.anchor = anchor
        self.fleet = fleet()
        self.reach = max(reach or 0, anchor.ends) + STORY_DAYS * DAY
        self.stories = {
            machine.id: tell(anchor, self.fleet, machine, machine_types()[machine.type], self.reach)
            for machine in self.fleet.machines
        }
        self.signals = {
            name: MachineSignals(anchor.seed, story, self._line(story)) for name, story in self.stories.items()
        }
        sampling = {name: self._sampling_of(story) for name, story in self.stories.items()}
        self._sensors = PlantSensors(self.source, self.signals, sampling)

    @cached_property
    def source(self) -> Source:
        return Source(device_id=DEVICE, epoch=f"{self.anchor.seed}-{self.anchor.end:%Y%m%dT%H%M%S}Z")

    def rows(self, table: BronzeTable, start: int, end: int) -> pl.DataFrame:
        """Rows of a table that become known in [start, end); readings at 10-minute resolution."""
        if table is BronzeTable.READINGS:
            return self.readings_between(start, end, 600)
        makers = {
            BronzeTable.EVENTS: self._events,
            BronzeTable.MAINTENANCE: self._maintenance,
            BronzeTable.QUALITY: self._quality,
            BronzeTable.PRODUCTION: self._production,
        }
        return pl.DataFrame(makers[table](start, end), schema=polars_schema(table))

    def readings_between(self, start: int, end: int, step_seconds: int) -> pl.DataFrame:
        """Every metric of every machine at each multiple of `step_seconds` in [start, end)."""
        return self.readings_at(np.arange(-(-start // step_seconds) * step_seconds, end, step_seconds, dtype=np.int64))

    def readings_at(self, seconds: Seconds) -> pl.DataFrame:
        """Every metric of every machine at the given moments (rising), less what never arrives."""
        return self._sensors.readings_at(seconds)

    def _events(self, start: int, end: int) -> list[dict[str, Any]]:
        events = [
            {**event, "equipment_id": name}
            for name, signals in self.signals.items()
            for event in machine_events(self.anchor, signals, start, end)
        ]
        events.sort(key=lambda event: event["at"])
        return list(self._numbered(events))

    def _numbered(self, events: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        number, second = 0, -1
        for event in events:
            at = event.pop("at")
            number, second = (number + 1 if at == second else 0), at
            moment = as_datetime(at)
            source = {"device_id": self.source.device_id, "epoch": self.source.epoch, "seq": at * STRIDE + number}
            yield {**source, **event, "source_ts": moment, "ingest_ts": moment + TRANSPORT}

    def _maintenance(self, start: int, end: int) -> list[dict[str, Any]]:
        jobs = [
            (story, job)
            for story in self.stories.values()
            for job in story.jobs
            if start <= job.end < end and job.start >= self.anchor.begins
        ]
        return [
            {
                "maintenance_id": _order_number(self.anchor.seed, story, job),
                "equipment_id": story.machine.id,
                "kind": job.kind,
                "component": job.component,
                "started_at": as_datetime(job.start),
                "ended_at": as_datetime(job.end),
                "technician": job.technician,
                "parts": job.fault.mode.part if job.fault is not None and job.kind == "corrective" else None,
                "note": note_of(self.anchor.seed, story, job),
                "ingest_ts": as_datetime(job.end) + TRANSPORT,
            }
            for story, job in sorted(jobs, key=lambda pair: pair[1].end)
        ]

    def _production(self, start: int, end: int) -> list[dict[str, Any]]:
        outputs = self._outputs(start, end)
        return [{**row, "ingest_ts": row["period_end"] + TRANSPORT} for row in (o.production() for o in outputs)]

    def _quality(self, start: int, end: int) -> list[dict[str, Any]]:
        outputs = self._outputs(start - INSPECTION_DELAY_S, end - INSPECTION_DELAY_S)
        inspections = (output.inspection() for output in outputs)
        return [{**row, "ingest_ts": row["inspected_at"] + TRANSPORT} for row in inspections if row is not None]

    def _outputs(self, start: int, end: int) -> Iterator[ShiftOutput]:
        """Shifts with planned time that end in [start, end) and began within the history."""
        for at in shifts_ending(start, end):
            for story in self.stories.values() if at >= self.anchor.begins else ():
                profile: ProductionProfile | None = story.machine_type.production
                if profile is not None:
                    output = ShiftOutput(self.anchor.seed, story, self._line(story), profile, at)
                    if output.planned_s > 0:
                        yield output

    def _line(self, story: MachineStory) -> Line:
        return self.fleet.line_of(story.machine)

    def _sampling_of(self, story: MachineStory) -> MachineSampling:
        kind = story.machine_type
        return MachineSampling(
            self.anchor.seed, story.machine.id, list(kind.metrics), kind.sampling, self.anchor.begins, self.reach
        )


def _order_number(seed: int, story: MachineStory, job: Job) -> str:
    """Says nothing of the job: ten digits of a hash."""
    return f"MO-{key_of(seed, story.machine.id, job.component, job.start) % 10**10:010d}"
