"""What a machine reports: states, alarms, errors, failures. A fault is named only in the failure that ends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from data_engineering.simulator.faults import Fault
from data_engineering.simulator.models import CodeTrigger, ErrorCode
from data_engineering.simulator.noise import Floats, occurrences
from data_engineering.simulator.shifts import DAY, HOUR
from data_engineering.simulator.signals import MachineSignals
from data_engineering.simulator.story import Anchor, MachineStory, Reason, Stop

Event = dict[str, Any]

ERROR_SEVERITY = 600
"""Codes from this OPC UA severity on are errors, milder ones alarms."""

RUNAWAY = 4.0
"""How many times thicker than `per_day` codes come at the very end."""


def machine_events(anchor: Anchor, signals: MachineSignals, start: int, end: int) -> list[Event]:
    """Everything one machine reports in [start, end), `at` in seconds, in order of time."""
    story, seed = signals.story, anchor.seed
    events = [
        *_states(anchor, signals, start, end),
        *(event for stop in story.stops if start <= stop.start < end for event in _of_stop(story, stop)),
        *_codes_of_faults(seed, signals, start, end),
        *_false_alarms(seed, signals, start, end),
    ]
    return sorted(events, key=lambda event: event["at"])


def _of_stop(story: MachineStory, stop: Stop) -> Iterator[Event]:
    if stop.reason is Reason.MESSAGE and stop.code is not None:
        yield _coded(stop.start, story.machine_type.code(stop.code))
    if stop.reason is Reason.FAILURE and stop.fault is not None:
        mode = stop.fault.mode
        entry = story.machine_type.code(next(iter(mode.codes)))
        yield {
            "at": stop.start,
            "kind": "failure",
            "code": entry.code,
            "severity": 900,
            "component": mode.component,
            "failure_mode": mode.mode,
            "failure_mechanism": mode.mechanism,
            "failure_cause": mode.cause,
            "message": f"Machine failed: {mode.label}",
        }


def _coded(at: int, entry: ErrorCode) -> Event:
    kind = "error" if entry.severity >= ERROR_SEVERITY else "alarm"
    return {"at": at, "kind": kind, "code": entry.code, "severity": entry.severity, "message": entry.title}


def _codes_of_faults(seed: int, signals: MachineSignals, start: int, end: int) -> Iterator[Event]:
    for fault in signals.story.faults:
        if not fault.is_quiet and fault.onset < end and fault.end > start:
            yield from _codes_of(seed, signals, fault, max(start, fault.onset), min(end, fault.end))


def _codes_of(seed: int, signals: MachineSignals, fault: Fault, start: int, end: int) -> Iterator[Event]:
    hours = np.arange(start // HOUR, -(-end // HOUR), dtype=np.int64) * HOUR
    severity = fault.severity(hours, signals.story.clock)
    for code, trigger in fault.mode.codes.items():
        moments = occurrences((seed, fault.fault_id, code), start, end, HOUR, _code_rate(trigger, severity) / 24)
        for at in _while_running(signals, moments):
            yield _coded(at, signals.story.machine_type.code(code))


def _code_rate(trigger: CodeTrigger, severity: Floats) -> Floats:
    """Codes per day: from zero at `from_severity` to `per_day`, and thick in the last tenth before the failure."""
    grown = np.clip((severity - trigger.from_severity) / max(1.0 - trigger.from_severity, 0.05), 0.0, 1.0)
    runaway = np.clip((severity - 0.9) / 0.1, 0.0, 1.0)
    rate: Floats = np.minimum(trigger.per_day * (grown + RUNAWAY * runaway), 24.0)
    return rate


def _false_alarms(seed: int, signals: MachineSignals, start: int, end: int) -> Iterator[Event]:
    for entry in signals.story.machine_type.codes:
        if entry.failure_mode is not None:
            stream = (seed, signals.story.machine.id, entry.code, "false")
            moments = occurrences(stream, start, end, DAY, np.float64(entry.false_per_month / 30))
            for at in _while_running(signals, moments):
                yield _coded(at, entry)


def _while_running(signals: MachineSignals, moments: list[int]) -> list[int]:
    runs = signals.running(np.array(moments, dtype=np.int64))
    return [at for at, running in zip(moments, runs, strict=True) if running]


def _states(anchor: Anchor, signals: MachineSignals, start: int, end: int) -> Iterator[Event]:
    """A state event at each change, at the start of the history and of every day: a window of days knows its state."""
    stops = [stop for stop in signals.story.stops if stop.end >= start - DAY and stop.start < end]
    moments = {anchor.begins} | {at for stop in stops for at in (stop.start, stop.hands_on, stop.end)}
    moments |= {
        hour for hour in range(start // HOUR * HOUR, end, HOUR) if _shift_changes(signals, hour) or hour % DAY == 0
    }
    before = _state(signals, stops, start - 1)
    for at in sorted(moments):
        state = _state(signals, stops, at)
        if start <= at < end and (state != before or at % DAY == 0 or at == anchor.begins):
            yield {"at": at, "kind": "state", **state}
        before = state


def _shift_changes(signals: MachineSignals, hour: int) -> bool:
    clock = signals.story.clock
    return clock.is_shift_at(hour - 1) != clock.is_shift_at(hour)


def _state(signals: MachineSignals, stops: list[Stop], at: int) -> Event:
    for stop in stops:
        if stop.start <= at < stop.end:
            if stop.reason is Reason.MESSAGE:
                return {"state": "not_executing", "mode": "none", "planned": False}
            mode = "maintenance" if at >= stop.hands_on else "none"
            return {"state": "out_of_service", "mode": mode, "planned": stop.reason is Reason.PLANNED}
    if signals.story.clock.is_shift_at(at):
        return {"state": "executing", "mode": "processing", "planned": None}
    return {"state": "not_executing", "mode": "none", "planned": True}
