"""What a registry keeps of a model: files that any reader of their formats can open. No pickles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from xgboost import Booster

CHAMPION, CHALLENGER = "champion", "challenger"
BOOSTER_FILE = "model.ubj"


@dataclass(frozen=True)
class ModelPackage:
    """A finished model on its way into the registry."""

    booster: Booster
    documents: Mapping[str, str]
    """File name to JSON text: features, calibration, report."""
    input_example: pl.DataFrame
    """A few rows as the booster takes them, float32."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


class ModelVersion(BaseModel):
    """One registered version."""

    model_config = ConfigDict(frozen=True)

    name: str
    version: str
    run_id: str | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoredModel:
    """A version with its files, as they lie in the registry and equal, byte for byte, to what was registered."""

    version: ModelVersion
    files: Mapping[str, bytes]
