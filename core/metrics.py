"""The metric catalogue: what may be measured, in which unit, within which sane range."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.errors import UnknownMetric


class Metric(BaseModel):
    """One entry. Values are kept in `unit` everywhere behind the boundary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label: str
    unit: str = Field(description="pint spelling; '1' when the source states none.")
    minimum: float
    maximum: float
    reference: float = Field(description="Shift constant of the hourly tiles.")
    bad: Literal["high", "low", "both"]
    aliases: tuple[str, ...] = ()


class MetricCatalogue(Mapping[str, Metric]):
    def __init__(self, metrics: list[Metric]) -> None:
        self._by_name = {metric.name: metric for metric in metrics}

    def __getitem__(self, name: str) -> Metric:
        try:
            return self._by_name[name]
        except KeyError:
            raise UnknownMetric(
                f"metric: '{name}' is not in the metric catalogue.",
                remedy=f"Use one of {', '.join(sorted(self._by_name))}, or define it in a mapping's `metrics`.",
                field="metric",
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def __contains__(self, name: object) -> bool:
        return name in self._by_name


_METRICS = TypeAdapter(list[Metric])


@cache
def _shipped() -> tuple[Metric, ...]:
    text = Path(__file__).with_name("metrics.yml").read_text(encoding="utf-8")
    return tuple(_METRICS.validate_python(yaml.safe_load(text)))


def metric_catalogue(workspace_metrics: Path | None = None) -> MetricCatalogue:
    """The shipped catalogue plus the metrics that mappings of this workspace define (`Workspace.metrics_file`)."""
    own: list[Metric] = []
    if workspace_metrics is not None and workspace_metrics.exists():
        own = _METRICS.validate_python(yaml.safe_load(workspace_metrics.read_text(encoding="utf-8")) or [])
    return MetricCatalogue([*_shipped(), *own])


UNIT_SYMBOLS = {"degC": "°C", "percent": "%", "m^3/h": "m³/h", "N*m": "Nm", "1": ""}
"""How a catalogue unit is written for people, where it differs."""


def unit_symbol(unit: str) -> str:
    return UNIT_SYMBOLS.get(unit, unit)
