from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from core.metrics import metric_catalogue
from data_engineering.simulator.catalogue import fleet, machine_types
from data_engineering.simulator.models import ErrorCode, FailureMode, Machine, MachineType, MetricProfile

TYPES = list(machine_types().values())
MODES = [pytest.param(kind, mode, id=f"{kind.type}-{mode.id}") for kind in TYPES for mode in kind.failure_modes]
CODES = [pytest.param(kind, code, id=code.code) for kind in TYPES for code in kind.codes]
METRICS = [
    pytest.param(name, profile, id=f"{kind.type}-{name}") for kind in TYPES for name, profile in kind.metrics.items()
]


def test_there_are_six_machine_types() -> None:
    assert set(machine_types()) == {"cnc", "pump", "compressor", "conveyor", "robot", "press"}


@pytest.mark.parametrize(("name", "profile"), METRICS)
def test_normal_level_and_limits_lie_in_the_sane_range_of_the_metric(name: str, profile: MetricProfile) -> None:
    metric = metric_catalogue()[name]
    levels = [profile.normal, profile.idle, *(b for b in profile.limits.model_dump().values() if b is not None)]
    assert all(metric.minimum <= level <= metric.maximum for level in levels)


@pytest.mark.parametrize(("name", "profile"), METRICS)
def test_limits_rise_from_alarm_low_to_alarm_high_around_the_normal_level(name: str, profile: MetricProfile) -> None:
    limits = profile.limits
    ladder = [limits.alarm_low, limits.warning_low, profile.normal, limits.warning_high, limits.alarm_high]
    present = [level for level in ladder if level is not None]
    assert present == sorted(set(present))


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_failure_mode_moves_a_metric_of_its_machine_or_is_declared_silent(
    kind: MachineType, mode: FailureMode
) -> None:
    assert set(mode.effects) <= set(kind.metrics)
    assert bool(mode.effects) is not mode.silent


@pytest.mark.parametrize(("kind", "mode"), MODES)
def test_every_failure_mode_raises_known_codes(kind: MachineType, mode: FailureMode) -> None:
    assert mode.codes
    assert set(mode.codes) <= {entry.code for entry in kind.codes}


@pytest.mark.parametrize(("kind", "code"), CODES)
def test_the_failure_mode_behind_a_code_exists_and_raises_it(kind: MachineType, code: ErrorCode) -> None:
    if code.failure_mode is not None:
        assert code.code in kind.failure_mode(code.failure_mode).codes


def test_a_code_belongs_to_one_machine_type() -> None:
    counts = Counter(entry.code for kind in TYPES for entry in kind.codes)
    assert counts.most_common(1)[0][1] == 1


def test_a_component_has_one_part_number_and_a_part_number_one_component() -> None:
    pairs = {(kind.type, mode.component, mode.part) for kind in TYPES for mode in kind.failure_modes}
    assert len(pairs) == len({pair[:2] for pair in pairs}) == len({pair[2] for pair in pairs})


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.type)
def test_preventive_tasks_work_on_components_that_can_fail(kind: MachineType) -> None:
    assert {task.component for task in kind.preventive} <= {mode.component for mode in kind.failure_modes}


def test_e_417_is_about_the_spindle() -> None:
    entry = machine_types()["cnc"].code("E-417")
    assert entry.failure_mode == "spindle_bearing_wear"
    assert "Spindle" in entry.title


def test_the_fleet_has_two_plants_six_lines_and_sixty_machines() -> None:
    plants = {line.plant for line in fleet().lines.values()}
    assert (plants, len(fleet().lines), len(fleet().machines)) == ({"north", "south"}, 6, 60)


def test_machine_ids_are_unique() -> None:
    assert len({machine.id for machine in fleet().machines}) == 60


@pytest.mark.parametrize("machine", fleet().machines, ids=lambda machine: machine.id)
def test_a_machine_stands_on_a_known_line_and_is_of_a_known_model(machine: Machine) -> None:
    assert machine.model in machine_types()[machine.type].models
    assert fleet().pattern_of(machine)
    assert machine.commissioned_on < date(2026, 1, 1)


def test_stories_and_own_limits_name_things_that_exist() -> None:
    for story in fleet().stories:
        machine_types()[fleet().machine(story.equipment_id).type].failure_mode(story.failure_mode)
    for limit in fleet().limits:
        assert limit.metric in machine_types()[fleet().machine(limit.equipment_id).type].metrics
