"""The demo plant's catalogue: one YAML file a machine type, one for the fleet. Manuals and simulator read the same."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

from data_engineering.simulator.models import Fleet, MachineType

_HERE = Path(__file__).parent


@cache
def machine_types() -> Mapping[str, MachineType]:
    """Machine type by name: cnc, pump, compressor, conveyor, robot, press."""
    files = sorted((_HERE / "machines").glob("*.yml"))
    types = [MachineType.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]
    return MappingProxyType({machine_type.type: machine_type for machine_type in types})


@cache
def fleet() -> Fleet:
    """Plants, lines and the 60 machines."""
    return Fleet.model_validate(yaml.safe_load((_HERE / "fleet.yml").read_text(encoding="utf-8")))
