"""The sentences of contributing factors, with their numbers. A sentence without its numbers is not said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from core.metrics import unit_symbol
from data_engineering.features.models import Column, FeatureDefinition, FeatureSet, column_name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


NEAR_LIMIT = 0.7
"""From this share of an alarm limit on, the limit is worth naming."""
LEAST_PERCENT = 1.0
"""A mean closer to its normal than this is not called a deviation."""


@dataclass(frozen=True)
class Words:
    """What the plant calls things."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Metric to label."""
    units: Mapping[str, str] = field(default_factory=dict)
    """Metric to unit, as the catalogue spells it."""
    messages: Mapping[str, str] = field(default_factory=dict)
    """Code to the newest message that came with it."""


@dataclass(frozen=True)
class Phrase:
    """A sentence and the two numbers it compares."""

    text: str
    value: float | None = None
    normal: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class Subject:
    """What a sentence is about: a feature, and the metric, code or component it is of ('' for the machine)."""

    key: str
    definition: FeatureDefinition


@dataclass(frozen=True)
class Facts:
    """Everything known of one machine at its decision."""

    values: Mapping[str, Any]
    features: FeatureSet
    words: Words

    def of(self, key: str, feature: str) -> float | None:
        """The value of a feature of one key ('' for the machine's own); None when unknown."""
        value = self.values.get(column_name(key, feature))
        return None if value is None else float(value)

    def label(self, metric: str) -> str:
        text = self.words.labels.get(metric) or metric.replace("_", " ")
        return text[:1].upper() + text[1:]

    def unit(self, metric: str) -> str:
        return unit_symbol(self.words.units.get(metric, ""))

    def most_unusual_metric(self) -> str:
        """The metric furthest from its normal; '' when none is known."""
        known = {metric: self.of(metric, "deviation_24h_sd") for metric in self.features.vocabulary.metrics}
        return max(
            (metric for metric, value in known.items() if value is not None),
            key=lambda m: abs(known[m] or 0),
            default="",
        )


def read_words(connection: DuckDBPyConnection) -> Words:
    """Labels, units and messages from the published marts."""
    metrics = connection.execute("SELECT metric, label, unit FROM marts.dim_metric").fetchall()
    messages = connection.execute(
        "SELECT code, arg_max(message, source_ts) FROM marts.fact_equipment_events "
        "WHERE code IS NOT NULL AND message IS NOT NULL GROUP BY code"
    ).fetchall()
    return Words(
        labels={name: label for name, label, _ in metrics},
        units={name: unit for name, _, unit in metrics},
        messages=dict(messages),
    )


def phrase_for(column: Column, facts: Facts) -> Phrase | None:
    """The sentence of one feature; None when it has nothing to say (unknown, or none counted)."""
    key = facts.most_unusual_metric() if column.definition.pool is not None else column.key
    return _PHRASES[column.definition.phrase](Subject(key, column.definition), facts)


def numbers(value: float, other: float) -> tuple[str, str]:
    """Two numbers with as few decimals as tell them apart, at most three more than their size asks for."""
    size = max(abs(value), abs(other))
    least = 0 if size >= 100 else 1 if size >= 1 else 3
    for decimals in range(least, least + 3):
        texts = f"{value:.{decimals}f}", f"{other:.{decimals}f}"
        if texts[0] != texts[1]:
            break
    return texts


def ago(hours: float) -> str:
    if hours < 48:
        return f"{hours:.0f} hour{'' if round(hours) == 1 else 's'} ago"
    return f"{hours / 24:.0f} days ago"


def _against(metric: str, facts: Facts, value: float, other: float, joint: str = "against") -> str:
    left, right = numbers(value, other)
    unit = facts.unit(metric)
    return f"{left} {joint} {right}{f' {unit}' if unit else ''}"


def _deviation(metric: str, facts: Facts, mean: str, span: str) -> Phrase | None:
    value, normal = facts.of(metric, mean), facts.of(metric, "normal_mean_30d")
    if value is None or normal is None:
        return None
    numbers_said = _against(metric, facts, value, normal)
    if normal == 0:
        text = f"{facts.label(metric)} away from its 30-day normal of zero{span} ({numbers_said})"
    else:
        percent = 100 * (value - normal) / abs(normal)
        if abs(percent) < LEAST_PERCENT:
            return None
        side = "above" if percent >= 0 else "below"
        text = f"{facts.label(metric)} {abs(percent):.0f} % {side} its 30-day normal{span} ({numbers_said})"
    return Phrase(text, value, normal, facts.unit(metric))


def _day_deviation(about: Subject, facts: Facts) -> Phrase | None:
    return _deviation(about.key, facts, "mean_24h", "")


def _week_deviation(about: Subject, facts: Facts) -> Phrase | None:
    return _deviation(about.key, facts, "mean_7d", " over the last 7 days")


def _trend(metric: str, facts: Facts, recent: str, before: str, spans: str) -> Phrase | None:
    value, normal = facts.of(metric, recent), facts.of(metric, before)
    if value is None or normal is None:
        return None
    side = "higher" if value >= normal else "lower"
    text = f"{facts.label(metric)} {side} {spans} ({_against(metric, facts, value, normal)})"
    return Phrase(text, value, normal, facts.unit(metric))


def _day_on_week_ago(about: Subject, facts: Facts) -> Phrase | None:
    spans = "over the last 24 hours than over the same hours a week ago"
    return _trend(about.key, facts, "mean_24h", "mean_24h_week_ago", spans)


def _week_on_week(about: Subject, facts: Facts) -> Phrase | None:
    return _trend(about.key, facts, "mean_7d", "mean_7d_before", "over the last 7 days than over the 7 before")


def _week_peak(about: Subject, facts: Facts) -> Phrase | None:
    value, normal = facts.of(about.key, "max_7d"), facts.of(about.key, "normal_mean_30d")
    if value is None or normal is None or value <= normal:
        return None
    said = _against(about.key, facts, value, normal, "at the highest, 30-day normal")
    return Phrase(f"{facts.label(about.key)} peak in the last 7 days ({said})", value, normal, facts.unit(about.key))


def _limit(about: Subject, facts: Facts) -> Phrase | None:
    value, limit = facts.of(about.key, "mean_24h"), facts.of(about.key, "alarm_high")
    if value is None or not limit:
        return None
    if value / limit < NEAR_LIMIT:
        return _day_deviation(about, facts)
    said = _against(about.key, facts, value, limit, "of")
    return Phrase(
        f"{facts.label(about.key)} at {100 * value / limit:.0f} % of its alarm limit ({said})",
        value,
        limit,
        facts.unit(about.key),
    )


def _count(about: Subject, facts: Facts) -> Phrase | None:
    value = facts.of(about.key, about.definition.name)
    if not value:
        return None
    window = about.definition.window or 0
    span = "24 hours" if window == 24 else f"{window // 24} days"
    noun = {"failures": "failure", "alarms": "error or alarm", "code": "report"}[about.definition.theme]
    many = {"error or alarm": "errors and alarms"}.get(noun, f"{noun}s")
    what = f"{value:.0f} {noun if value == 1 else many}"
    if about.key:
        message = facts.words.messages.get(about.key)
        what = f"{what} of {about.key}{f' ({message})' if message else ''}"
    return Phrase(f"{what} in the last {span}", value)


def _since(about: Subject, facts: Facts) -> Phrase | None:
    hours = facts.of(about.key, about.definition.name)
    if hours is None:
        return None
    what = {
        "component": f"{about.key[:1].upper()}{about.key[1:].replace('_', ' ')} last replaced or serviced",
        "maintenance": "Last maintenance",
        "failures": "Last failure",
        "alarms": "Last error or alarm",
    }[about.definition.theme]
    return Phrase(f"{what} {ago(hours)}", hours, unit="h")


def _age(about: Subject, facts: Facts) -> Phrase | None:
    years = facts.of(about.key, about.definition.name)
    return None if years is None else Phrase(f"In service for {years:.0f} years", years, unit="years")


def _one_hot(about: Subject, facts: Facts) -> Phrase | None:
    if not facts.of(about.key, about.definition.name):
        return None
    what = "type" if about.definition.per == "equipment_type" else "model"
    return Phrase(f"Machines of {what} {about.key} fail more often, other things being equal", 1.0)


_PHRASES: Mapping[str, Callable[[Subject, Facts], Phrase | None]] = {
    "deviation": _day_deviation,
    "week_deviation": _week_deviation,
    "day_on_week_ago": _day_on_week_ago,
    "week_on_week": _week_on_week,
    "week_peak": _week_peak,
    "limit": _limit,
    "count": _count,
    "since": _since,
    "age": _age,
    "one_hot": _one_hot,
}
