"""From contributions of features to reasons a technician would name: summed by theme, the risk-raising ones first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from data_engineering.features.models import Column, FeatureSet
from ml.serving.wording import Facts, Phrase, Words, phrase_for

MOST_FACTORS = 5
LEAST_CONTRIBUTION = 0.05
"""Log-odds; a reason that moves the odds by less than about 5 % is not named."""

Floats = NDArray[np.float64]
Theme = tuple[str, str]


class Factor(BaseModel):
    """One reason. The same fields as the tools' Factor; `contribution` is in log-odds of the hazard."""

    model_config = ConfigDict(frozen=True)

    text: str
    feature: str
    value: float | None
    normal: float | None
    unit: str
    contribution: float


def with_intermediates(features: FeatureSet) -> FeatureSet:
    """The same features with the numbers they were made from, which the sentences quote."""
    return features.model_copy(
        update={"definitions": tuple(d.model_copy(update={"output": True}) for d in features.definitions)}
    )


def explain(frame: pl.DataFrame, features: FeatureSet, contributions: Floats, words: Words) -> list[list[list[Factor]]]:
    """For each row of `frame` and each edge, at most five reasons. `contributions`: (rows, edges, features)."""
    columns = features.columns()
    return [
        [_factors(columns, edge, Facts(values=row, features=features, words=words)) for edge in of_row]
        for row, of_row in zip(frame.iter_rows(named=True), contributions, strict=True)
    ]


def _factors(columns: Iterable[Column], contributions: Floats, facts: Facts) -> list[Factor]:
    groups: dict[Theme, list[tuple[float, Column]]] = defaultdict(list)
    for column, contribution in zip(columns, contributions, strict=True):
        groups[_theme(column, facts)].append((float(contribution), column))
    found = [_factor(members, facts) for members in groups.values()]
    raising = [factor for factor in found if factor is not None and factor.contribution >= LEAST_CONTRIBUTION]
    return sorted(raising, key=lambda factor: -factor.contribution)[:MOST_FACTORS]


def _theme(column: Column, facts: Facts) -> Theme:
    """What the contribution is about. A number pooled over the metrics is about the metric it was taken from."""
    if column.definition.pool is not None:
        return ("metric", facts.most_unusual_metric())
    return (column.definition.theme, column.key)


def _factor(members: list[tuple[float, Column]], facts: Facts) -> Factor | None:
    """The theme's sum, said with its strongest member that has something to say."""
    raising = sorted((m for m in members if m[0] > 0), key=lambda member: -member[0])
    said = _first_phrase((column for _, column in raising), facts)
    if said is None:
        return None
    column, phrase = said
    return Factor(
        text=phrase.text,
        feature=column.name,
        value=phrase.value,
        normal=phrase.normal,
        unit=phrase.unit,
        contribution=round(sum(contribution for contribution, _ in members), 4),
    )


def _first_phrase(columns: Iterable[Column], facts: Facts) -> tuple[Column, Phrase] | None:
    for column in columns:
        phrase = phrase_for(column, facts)
        if phrase is not None:
            return column, phrase
    return None
