"""What technicians write after a job: what they saw, found and did, in their own hurried way."""

from __future__ import annotations

import re

import numpy as np

from data_engineering.simulator.faults import Ending, Fault
from data_engineering.simulator.models import PreventiveTask
from data_engineering.simulator.noise import generator
from data_engineering.simulator.story import Job, MachineStory

_SYMPTOMS: dict[tuple[str, bool], tuple[str, ...]] = {
    ("vibration", True): (
        "strong vibration",
        "shaking badly, could be felt on the frame",
        "noise and vibration rising for days",
    ),
    ("temperature", True): ("ran hot", "housing too hot to touch", "temperature crept up"),
    ("coolant_temperature", True): ("coolant/oil side too warm", "return line hot"),
    ("current", True): ("motor current high", "drew too many amps"),
    ("current", False): ("current lower than usual",),
    ("power", True): ("power draw up", "needed more kW than normal"),
    ("power", False): ("power draw down",),
    ("pressure", False): ("pressure dropping", "could not hold pressure"),
    ("pressure", True): ("pressure too high",),
    ("flow", False): ("flow well below normal", "low flow"),
    ("rotation_speed", False): ("speed dropping under load", "rpm too low"),
    ("belt_speed", False): ("belt slower than drum", "belt speed falling"),
    ("position_error", True): ("parts out of position", "following error up", "positioning off"),
    ("torque", True): ("axis heavy to move", "torque up"),
    ("tool_wear", True): ("tool over its time",),
}

_CORRECTIVE = (
    "{symptom}. Found {label}. Replaced {component} ({part}), test run ok.",
    "Stopped with {code}, {symptom}. {component} finished, changed {part}. Run 20 min, values normal again.",
    "{label}: {symptom}. New {component} fitted, {part}. Took {hours} h.",
    "Called by shift lead, {symptom}. Cause: {cause}. Changed {component}.",
    "{component} replaced after {label}; {cause} suspected. {code} cleared.",
    "Opened the machine, {component} worn/damaged. {part} from stock. {symptom} before.",
)
_SUDDEN = (
    "No warning, machine just stopped with {code}. {component} replaced ({part}).",
    "Sudden stop. Found {label}. Changed {component}, restarted {hours} h later.",
    "{code}, nothing to see beforehand. {cause}? Fitted new {component} {part}.",
)
_CAUGHT = (
    "Heard it on the round: {symptom}. Planned stop, {component} changed before it failed ({part}).",
    "{symptom}, decided not to wait. {label} in an early state, replaced {component}.",
    "Planned repair with production: {component} ({part}) showed wear, {symptom}.",
)
_CALIBRATION = (
    "Reading did not fit the hand instrument. Calibrated {component}, machine itself fine.",
    "{component} off, adjusted and checked at two points. No fault on the machine.",
    "False signal: {component} drifted. Exchanged {part}, reading ok.",
)
_PREVENTIVE = (
    "{title}. No findings.",
    "{title}, done as per plan.",
    "PM done: {title}. All ok.",
    "{title}. Cleaned up, ok.",
)
_PREVENTIVE_WORN = (
    "{title}. {symptom} seen, keep an eye on it.",
    "PM done: {title}. Machine: {symptom}, reported to planning.",
    "{title}. Not perfect ({symptom}) but in limits.",
)
_REMARKS = (
    "Spare part reordered.", "Told the shift lead.", "Check again in two weeks.", "Area cleaned.", "First part ok.",
    "Bolts were loose too, tightened.", "Photo in folder.", "Waited for crane.", "Watch temperature next days.",
    "Old part kept for inspection.", "Oil topped up.", "Lock-out done, released to shift.",
)  # fmt: skip
_SHORT = {
    "replaced": "repl.", "temperature": "temp", "vibration": "vib", "machine": "m/c", "pressure": "press.",
    "checked": "chk", "Replaced": "Repl", "bearing": "brg", "planned": "pld", "without": "w/o",
}  # fmt: skip


def note_of(seed: int, story: MachineStory, job: Job) -> str:
    """The note of one finished job; the same job always gets the same words."""
    rng = generator(seed, story.machine.id, job.kind, job.start, "note")
    text = _fault_note(rng, job, job.fault) if job.fault is not None else _task_note(rng, story, job)
    if rng.random() < 0.45:
        text = f"{text} {_pick(rng, _REMARKS)}"
    return _hurried(rng, text[:1].upper() + text[1:])


def symptom_of(rng: np.random.Generator, fault: Fault) -> str:
    """What could be seen of the fault, in words."""
    if not fault.mode.effects:
        return "nothing unusual before"
    metrics = list(fault.mode.effects)
    metric = metrics[min(int(rng.exponential(0.7)), len(metrics) - 1)]
    return _pick(rng, _SYMPTOMS[metric, fault.mode.effects[metric].at_failure > 0])


def _fault_note(rng: np.random.Generator, job: Job, fault: Fault) -> str:
    mode = fault.mode
    choices: tuple[str, ...] = _CORRECTIVE
    if fault.ending is Ending.CALIBRATED:
        choices = _CALIBRATION
    elif fault.ending is Ending.CAUGHT:
        choices = _CAUGHT
    elif mode.silent:
        choices = _SUDDEN
    return _pick(rng, choices).format(
        symptom=symptom_of(rng, fault), label=mode.label, component=mode.component, part=mode.part, cause=mode.cause,
        code=next(iter(mode.codes)), hours=f"{(job.end - job.start) / 3600:.1f}",
    )  # fmt: skip


def _task_note(rng: np.random.Generator, story: MachineStory, job: Job) -> str:
    task: PreventiveTask | None = job.task
    if task is None:
        raise ValueError(f"job of {story.machine.id} at {job.start} has neither fault nor task")
    moment = np.array([job.start])
    grown = [f for f in story.faults if f.mode.stops_machine and f.severity(moment, story.clock)[0] > 0.45]
    if grown and rng.random() < 0.5:
        return _pick(rng, _PREVENTIVE_WORN).format(title=task.title, symptom=symptom_of(rng, grown[0]))
    return _pick(rng, _PREVENTIVE).format(title=task.title)


def _hurried(rng: np.random.Generator, text: str) -> str:
    style = rng.random()
    if style < 0.25:
        for word, short in _SHORT.items():
            text = re.sub(rf"\b{word}\b", short, text)
    if style < 0.12:
        text = text.lower()
    if 0.2 < style < 0.32:
        text = _with_typo(rng, text)
    return text


def _with_typo(rng: np.random.Generator, text: str) -> str:
    """Two letters of one longer word change places."""
    words = text.split(" ")
    long = [index for index, word in enumerate(words) if word.isalpha() and len(word) > 5]
    if long:
        index = long[int(rng.integers(len(long)))]
        at = int(rng.integers(1, len(words[index]) - 2))
        word = words[index]
        words[index] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return " ".join(words)


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.integers(len(choices)))]
