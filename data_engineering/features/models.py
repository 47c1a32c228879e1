"""Feature definitions as data: YAML in, one canonical form and its hash out. The compiler reads nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from core.errors import InvalidInput
from data_engineering.features.formula import names_of

Per = Literal["machine", "metric", "code", "component", "equipment_type", "model"]
Aggregation = Literal["mean", "std", "min", "max", "count", "hours_since", "limit", "age", "one_hot"]

TILES, EVENTS, MAINTENANCE = "fact_sensor_tiles_hourly", "fact_equipment_events", "fact_maintenance"
_TILE_AGGREGATIONS = frozenset({"mean", "std", "min", "max"})
_XGBOOST_FORBIDS = str.maketrans("[]<", "()_")


def _hours(text: Any) -> Any:
    """'24h' or '7d' as hours."""
    if not isinstance(text, str):
        return text
    match = re.fullmatch(r"(\d+)(h|d)", text.strip())
    if match is None:
        raise ValueError(f"'{text}' is not a duration like 24h or 7d")
    return int(match[1]) * (24 if match[2] == "d" else 1)


Hours = Annotated[int, BeforeValidator(_hours)]


class QualityChecks(BaseModel):
    """Bounds a computed value may not leave. None: unbounded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: float | None = None
    maximum: float | None = None


class FeatureDefinition(BaseModel):
    """One feature: either an `aggregation` of a source over a window, or a `formula` over other features."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    description: str = Field(min_length=1)
    owner: str = Field(min_length=1)
    entity: Literal["equipment"]
    per: Per = Field(description="One column for the machine, or one per key of the vocabulary.")
    sources: tuple[str, ...] = Field(min_length=1, description="Tables of schema marts.")
    where: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="Column to the values it may have.")
    aggregation: Aggregation | None = None
    window: Hours | None = Field(None, gt=0, description="Hours that end at the decision less `offset`.")
    offset: Hours = Field(0, ge=0, description="Hours between the window's end and the decision.")
    min_coverage: float = Field(0.0, ge=0, le=1, description="Share of the window's hours with a tile, else null.")
    requires: tuple[str, ...] = Field(default=(), description="Null unless these features are known.")
    formula: str | None = None
    pool: Literal["max"] | None = Field(None, description="Over the metrics of the machine.")
    quality_checks: QualityChecks = QualityChecks()
    theme: str = Field("", description="What a person would call the reason; contributions are summed over it.")
    phrase: str = Field("", description="Which sentence says it.")
    output: bool = Field(True, description="False: an intermediate the model does not see.")
    version: int = Field(ge=1)

    @model_validator(mode="after")
    def _one_way_to_compute_it(self) -> Self:
        if (self.aggregation is None) == (self.formula is None):
            raise ValueError("give either aggregation or formula")
        if self.aggregation in _TILE_AGGREGATIONS and (self.window is None or self.per != "metric"):
            raise ValueError(f"{self.aggregation} needs a window and per: metric")
        if self.aggregation == "count" and self.window is None:
            raise ValueError("count needs a window")
        if self.formula is not None and self.per != ("metric" if self.pool is None else "machine"):
            raise ValueError("a formula needs per: metric, or per: machine and a pool over the metrics")
        return self

    @property
    def depends_on(self) -> frozenset[str]:
        return frozenset(self.requires) | (names_of(self.formula) if self.formula else frozenset())


class Vocabulary(BaseModel):
    """The keys a feature set has columns for. Fixed when a model is trained, from its training window alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metrics: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    equipment_types: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def keys(self, per: Per) -> tuple[str, ...]:
        return {
            "machine": ("",),
            "metric": self.metrics,
            "code": self.codes,
            "component": self.components,
            "equipment_type": self.equipment_types,
            "model": self.models,
        }[per]


def column_name(key: str, feature: str) -> str:
    """`<key>:<feature>`, or the feature's own name for the machine; without the three characters xgboost refuses."""
    return f"{key}:{feature}".translate(_XGBOOST_FORBIDS) if key else feature


class Column(BaseModel):
    """One output column: a definition and the key it stands for."""

    model_config = ConfigDict(frozen=True)

    name: str
    key: str
    definition: FeatureDefinition


class FeatureSet(BaseModel):
    """Definitions in an order in which each stands after what it needs, with the vocabulary of one plant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    definitions: tuple[FeatureDefinition, ...]
    vocabulary: Vocabulary = Vocabulary()

    def columns(self) -> tuple[Column, ...]:
        """Output columns, in the fixed order the model sees. A key's column is called `<key>:<feature>`."""
        return tuple(self._columns())

    def _columns(self) -> Iterator[Column]:
        for definition in self.definitions:
            for key in self.vocabulary.keys(definition.per) if definition.output else ():
                yield Column(name=column_name(key, definition.name), key=key, definition=definition)

    @property
    def hash(self) -> str:
        """sha256 of the canonical form: the same hash, the same numbers."""
        canonical = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


_DEFINITIONS = TypeAdapter(list[FeatureDefinition])


@cache
def shipped_definitions() -> tuple[FeatureDefinition, ...]:
    """Every definition under `definitions/`, ordered by dependency."""
    folder = Path(__file__).with_name("definitions")
    texts = {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))}
    return read_definitions(texts)


def read_definitions(texts: dict[str, str]) -> tuple[FeatureDefinition, ...]:
    """Definitions of several YAML texts (by file name), ordered by dependency.

    Raises:
        InvalidInput: a text that is no list of definitions, a name given twice, an unknown name in a formula, a circle.
    """
    found: dict[str, FeatureDefinition] = {}
    for file, text in texts.items():
        try:
            definitions = _DEFINITIONS.validate_python(yaml.safe_load(text))
        except (ValidationError, yaml.YAMLError) as error:
            raise InvalidInput(
                f"{file}: {error}", remedy="See docs/explanation/failure-model.md for the keys.", field=file
            ) from error
        for definition in definitions:
            if definition.name in found:
                raise InvalidInput(
                    f"{file}: '{definition.name}' is defined twice.", remedy="Rename one.", field=definition.name
                )
            found[definition.name] = definition
    return _by_dependency(found)


def _by_dependency(found: dict[str, FeatureDefinition]) -> tuple[FeatureDefinition, ...]:
    ordered: dict[str, FeatureDefinition] = {}
    waiting = dict(found)
    while waiting:
        ready = [name for name, definition in waiting.items() if definition.depends_on <= ordered.keys()]
        if not ready:
            missing = sorted(set().union(*(d.depends_on for d in waiting.values())) - found.keys())
            raise InvalidInput(
                f"features: {', '.join(missing) or ', '.join(waiting)} {'unknown' if missing else 'form a circle'}.",
                remedy="A formula may use defined features only, and none that needs it.",
            )
        for name in ready:
            ordered[name] = waiting.pop(name)
    return tuple(ordered.values())
