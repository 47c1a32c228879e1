"""Figures over a range: sums divided, never ratios averaged (ISO 22400-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.trends import Point


@dataclass(frozen=True, slots=True)
class Kpi:
    """A figure over the whole range and its daily values. `unit` '%' means the value is a share times 100."""

    name: str
    label: str
    unit: str
    value: float | None
    daily: list[Point]
    missing: str = ""


def ratio(numerator: float | None, denominator: float | None, *, percent: bool = True) -> float | None:
    """numerator / denominator, times 100 when `percent`; None when it cannot be computed."""
    if numerator is None or not denominator:
        return None
    return numerator / denominator * (100 if percent else 1)


def total(rows: Sequence[Mapping[str, Any]], column: str) -> float | None:
    """Sum of the known values; None when none is known."""
    known = [row[column] for row in rows if row[column] is not None]
    return float(sum(known)) if known else None


def share(name: str, label: str, rows: list[dict[str, Any]], over: str, under: str, missing: str) -> Kpi:
    """A share in percent: the sums divided, and the same day by day."""
    known = [row for row in rows if row[over] is not None and row[under] is not None]
    value = ratio(total(known, over), total(known, under))
    daily = [Point(str(row["date"]), ratio(row[over], row[under])) for row in rows]
    return Kpi(name, label, "%", value, daily if value is not None else [], "" if value is not None else missing)


def formatted(kpi: Kpi) -> str | None:
    """'92.3%', '67.2°C', '3.41 mm/s'; None when it cannot be computed."""
    if kpi.value is None:
        return None
    if kpi.unit in ("%", "°C"):
        return f"{kpi.value:.1f}{kpi.unit}"
    if kpi.unit == "" and float(kpi.value).is_integer():
        return f"{kpi.value:.0f}"
    digits = 1 if abs(kpi.value) >= 100 else 2
    return f"{kpi.value:,.{digits}f} {kpi.unit}".rstrip()
