"""What happens to one machine: faults, failures, stops and jobs, as one chain of causes.

A story is told forwards from before the history begins and is the same however far it is told: every draw is keyed by
the machine, the failure mode and the number of the component's life. Wear counts running time; a repair begins a new
life of the component, while the machine's age stays what it is.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from data_engineering.simulator.faults import Ending, Fault
from data_engineering.simulator.models import FailureMode, Fleet, Machine, MachineType, PreventiveTask, Story
from data_engineering.simulator.noise import generator, occurrences
from data_engineering.simulator.shifts import DAY, HOUR, WorkClock, clock_of

BURN_IN_DAYS = 150
AGEING_PER_YEAR = 0.015
FRAILTY = 0.3
GROWTH_SPREAD = 0.3
STAGE_CLEARANCE_DAYS = 16


class Reason(StrEnum):
    FAILURE = "failure"
    PLANNED = "planned"
    MESSAGE = "message"


@dataclass(frozen=True)
class Stop:
    """The machine stands in [start, end). `hands_on` is when somebody begins to work on it."""

    start: int
    end: int
    reason: Reason
    hands_on: int
    fault: Fault | None = None
    code: str | None = None


@dataclass(frozen=True)
class Job:
    kind: str
    component: str
    start: int
    end: int
    technician: str
    fault: Fault | None = None
    task: PreventiveTask | None = None


@dataclass
class MachineStory:
    machine: Machine
    machine_type: MachineType
    clock: WorkClock
    faults: list[Fault] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)

    def failures(self) -> list[Stop]:
        return [stop for stop in self.stops if stop.reason is Reason.FAILURE]


@dataclass(frozen=True)
class Anchor:
    """What fixes the demo plant: everything else follows from these three."""

    seed: int
    start: datetime
    end: datetime

    @property
    def begins(self) -> int:
        return int(self.start.timestamp())

    @property
    def ends(self) -> int:
        return int(self.end.timestamp())


def tell(anchor: Anchor, fleet: Fleet, machine: Machine, machine_type: MachineType, until: int) -> MachineStory:
    """The story of one machine from its burn-in to the second `until`."""
    teller = _Teller(anchor, fleet, machine, machine_type)
    teller.run(until)
    return teller.story


class _Teller:
    def __init__(self, anchor: Anchor, fleet: Fleet, machine: Machine, machine_type: MachineType) -> None:
        self.anchor, self.fleet, self.machine = anchor, fleet, machine
        self.clock = clock_of(fleet.pattern_of(machine))
        self.story = MachineStory(machine, machine_type, self.clock)
        self.staged = [story for story in fleet.stories if story.equipment_id == machine.id]
        self._queue: list[tuple[int, int, Fault | PreventiveTask]] = []
        self._order = 0
        self._lives: dict[str, int] = {}
        self._current: dict[str, Fault] = {}
        self._busy_until = 0
        self._begin = anchor.begins - BURN_IN_DAYS * DAY
        self._hardness = self._draw_hardness()

    def run(self, until: int) -> None:
        for mode in self.story.machine_type.failure_modes:
            self._start_life(mode, self._begin, first=True)
        for task in self.story.machine_type.preventive:
            phase = generator(self.anchor.seed, self.machine.id, task.id, "phase").uniform(0, task.interval_days)
            self._push(self._slot(self._begin + int(phase * DAY), task.id), task)
        while self._queue and self._queue[0][0] < until:
            self._next()
        self.story.faults.extend(self._current.values())
        self.story.stops.extend(_message_stops(self.anchor, self.story, self._begin, until))
        self.story.stops.sort(key=lambda stop: stop.start)

    def _next(self) -> None:
        at, _, what = heapq.heappop(self._queue)
        if isinstance(what, Fault) and self._current.get(what.mode.id) is not what:
            return
        if at < self._busy_until:
            later = self.clock.next_running(self._busy_until) + 900
            self._postpone(what, later)
        elif isinstance(what, Fault):
            self._end_fault(what, at)
        else:
            self._do_task(what, at)

    def _postpone(self, what: Fault | PreventiveTask, later: int) -> None:
        if isinstance(what, Fault):
            what = self._current[what.mode.id] = replace(what, end=later)
        self._push(later, what)

    def _push(self, at: int, what: Fault | PreventiveTask) -> None:
        self._order += 1
        heapq.heappush(self._queue, (at, self._order, what))

    # One life of a component

    def _start_life(self, mode: FailureMode, at: int, *, first: bool = False, infant: bool = False) -> None:
        number = self._lives[mode.id] = self._lives.get(mode.id, -1) + 1
        staged = next((s for s in self.staged if s.failure_mode == mode.id), None)
        if staged is not None and at < self.anchor.ends - STAGE_CLEARANCE_DAYS * DAY:
            fault = self._staged_fault(mode, staged)
        else:
            fault = self._draw_fault(mode, at, number, first=first, infant=infant)
        self._current[mode.id] = fault
        self._push(fault.end, fault)

    def _staged_fault(self, mode: FailureMode, staged: Story) -> Fault:
        onset = self.anchor.ends - int(staged.onset_days_before_end * DAY)
        end = self.clock.next_running(self.anchor.ends + int(staged.failure_days_after_end * DAY))
        growth = self.clock.worked_at(end) - self.clock.worked_at(onset)
        return Fault(f"{self.machine.id}/{mode.id}/staged", self.machine.id, mode, onset, growth, end, Ending.FAILED)

    def _draw_fault(self, mode: FailureMode, at: int, number: int, *, first: bool, infant: bool) -> Fault:
        rng = generator(self.anchor.seed, self.machine.id, mode.id, number)
        life = rng.weibull(1.6) * mode.onset_days * self._hardness * (0.08 if infant else 1.0)
        life *= rng.uniform(0.0, 1.0) if first else 1.0
        growth = mode.growth_days * DAY * rng.lognormal(0.0, GROWTH_SPREAD)
        gain = rng.lognormal(0.0, 0.25) * (0.35 if rng.random() < 0.12 else 1.0)
        onset = self._clear_of_stage(self.clock.moment(self.clock.worked_at(at) + life * DAY), growth)
        ending, peak, end = self._draw_ending(rng, mode, onset, growth)
        fault_id = f"{self.machine.id}/{mode.id}/{number}"
        is_quiet = bool(rng.random() < 0.22)
        fades = end if ending is Ending.PASSED else None
        return Fault(fault_id, self.machine.id, mode, onset, growth, end, ending, peak, gain, is_quiet, fades)

    def _draw_ending(
        self, rng: np.random.Generator, mode: FailureMode, onset: int, growth: float
    ) -> tuple[Ending, float, int]:
        """(ending, peak severity, second of the end)"""
        luck, level, extra = rng.random(), rng.uniform(0.0, 1.0), rng.uniform(2.0, 12.0)
        start = self.clock.worked_at(onset)
        if not mode.stops_machine:
            return Ending.CALIBRATED, 1.0, self.clock.moment(start + growth)
        if not mode.silent and luck < 0.08:
            peak = 0.3 + 0.4 * level
            return Ending.PASSED, peak, self.clock.moment(start + peak * growth + extra * DAY)
        if not mode.silent and luck < 0.14:
            peak = 0.55 + 0.35 * level
            return Ending.CAUGHT, peak, self.clock.moment(start + peak * growth)
        return Ending.FAILED, 1.0, self.clock.moment(start + growth)

    def _clear_of_stage(self, onset: int, growth: float) -> int:
        """A machine with a staged fault gets no second one around the end of the history."""
        for staged in self.staged:
            span = self.clock.moment(self.clock.worked_at(onset) + growth) - onset
            first = self.anchor.ends - STAGE_CLEARANCE_DAYS * DAY - span
            last = self.anchor.ends + int(staged.failure_days_after_end * DAY)
            if first <= onset < last:
                return self.clock.next_running(last + onset - first)
        return onset

    def _draw_hardness(self) -> float:
        """How long components last in this machine against its type: its luck, and its age at the history's start."""
        years = (self.anchor.start.date() - self.machine.commissioned_on).days / 365.25
        luck = generator(self.anchor.seed, self.machine.id, "frailty").lognormal(0.0, FRAILTY)
        return float(luck / (1.0 + AGEING_PER_YEAR * max(years, 0.0)))

    # What ends it

    def _end_fault(self, fault: Fault, at: int) -> None:
        rng = generator(self.anchor.seed, fault.fault_id, "end")
        if fault.ending is Ending.PASSED:
            self._close(fault, at, at)
            return
        hands_on = at + (int(rng.lognormal(-0.4, 0.7) * HOUR) if fault.ending is Ending.FAILED else 0)
        done = _minute(hands_on + int(fault.mode.repair_hours * rng.lognormal(0.0, 0.3) * HOUR))
        kind = "calibration" if fault.ending is Ending.CALIBRATED else "corrective"
        closed = self._close(fault, done, done, infant=bool(rng.random() < 0.1))
        reason = Reason.FAILURE if fault.ending is Ending.FAILED else Reason.PLANNED
        self._stop(Stop(at, done, reason, _minute(hands_on), closed))
        technician = self._technician(rng)
        self.story.jobs.append(Job(kind, fault.mode.component, _minute(hands_on), done, technician, fault=closed))

    def _close(self, fault: Fault, end: int, next_life: int, *, infant: bool = False) -> Fault:
        closed = replace(fault, end=end)
        self.story.faults.append(closed)
        self._start_life(fault.mode, next_life, infant=infant)
        return closed

    def _do_task(self, task: PreventiveTask, at: int) -> None:
        rng = generator(self.anchor.seed, self.machine.id, task.id, at)
        done = _minute(at + int(task.hours * rng.lognormal(0.0, 0.2) * HOUR))
        self._stop(Stop(at, done, Reason.PLANNED, at))
        self.story.jobs.append(Job("preventive", task.component, at, done, self._technician(rng), task=task))
        for fault in [fault for fault in self._current.values() if fault.mode.component == task.component]:
            if rng.random() < task.effectiveness and not self._is_staged(fault):
                self._renew(fault, done)
        self._push(self._slot(at + int((task.interval_days + rng.normal(0, 1.5)) * DAY), task.id), task)

    def _renew(self, fault: Fault, at: int) -> None:
        if fault.onset < at:
            self.story.faults.append(replace(fault, end=at, ending=Ending.PREVENTED))
        self._start_life(fault.mode, at)

    def _is_staged(self, fault: Fault) -> bool:
        return fault.fault_id.endswith("/staged")

    def _stop(self, stop: Stop) -> None:
        self.story.stops.append(stop)
        self._busy_until = stop.end

    def _technician(self, rng: np.random.Generator) -> str:
        names = self.fleet.technicians[self.fleet.line_of(self.machine).plant]
        return names[int(rng.integers(len(names)))]

    def _slot(self, wanted: int, name: str) -> int:
        """A planned slot on or after the wanted day: between 06:00 and 13:00 of a working day."""
        rng = generator(self.anchor.seed, self.machine.id, name, wanted, "slot")
        day = self.clock.next_running(wanted // DAY * DAY + 6 * HOUR) // DAY * DAY
        return _minute(day + int(rng.uniform(6, 13) * HOUR))


def _message_stops(anchor: Anchor, story: MachineStory, start: int, end: int) -> Iterator[Stop]:
    """Short stops by operating messages: a guard door, a pull cord."""
    for entry in story.machine_type.codes:
        if entry.failure_mode is not None:
            continue
        stream = (anchor.seed, story.machine.id, entry.code)
        for second in occurrences(stream, start, end, DAY, np.float64(entry.false_per_month / 30)):
            if story.clock.is_shift_at(second):
                length = int(generator(*stream, second).uniform(120, 1500))
                yield Stop(second, second + length, Reason.MESSAGE, second, code=entry.code)


def _minute(second: int) -> int:
    return second // 60 * 60


def as_datetime(second: float) -> datetime:
    return datetime.fromtimestamp(second, UTC)
