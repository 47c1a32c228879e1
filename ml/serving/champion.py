"""The failure model in the registry: which files it is made of, and back again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from core.errors import CorruptData
from data_engineering.features.models import FeatureSet
from ml.evaluation.calibration import Calibration
from ml.models.hazard import HazardModel
from ml.registry.models import BOOSTER_FILE, CHAMPION
from ml.registry.ports import ModelRegistry

MODEL_NAME = "failure"
_REMEDY = "Run `copilot train failure` to make a new version."


@dataclass(frozen=True)
class Champion:
    """The model now in service."""

    version: str
    model: HazardModel
    files: Mapping[str, bytes]


def documents_of(model: HazardModel, report: str) -> dict[str, str]:
    """The JSON files that stand beside the booster."""
    return {
        "features.json": model.features.model_dump_json(indent=1),
        "calibration.json": model.calibration.model_dump_json(),
        "horizon.json": json.dumps({"edges_h": model.edges}),
        "report.json": report,
    }


def load_champion(registry: ModelRegistry) -> Champion:
    """The version behind `models:/failure@champion`.

    Raises:
        NotReady: no champion.
        CorruptData: a file is missing, changed or unreadable, or the booster does not take the features it comes with.
    """
    import xgboost

    stored = registry.load(MODEL_NAME, CHAMPION)
    version = stored.version.version
    try:
        booster = xgboost.Booster()
        booster.load_model(bytearray(stored.files[BOOSTER_FILE]))
        model = HazardModel(
            booster=booster,
            features=FeatureSet.model_validate_json(stored.files["features.json"]),
            edges=tuple(json.loads(stored.files["horizon.json"])["edges_h"]),
            calibration=Calibration.model_validate_json(stored.files["calibration.json"]),
        )
    except (KeyError, ValueError, ValidationError, xgboost.core.XGBoostError) as error:
        raise CorruptData(f"Model {MODEL_NAME} version {version} cannot be read: {error}", remedy=_REMEDY) from error
    if tuple(booster.feature_names or ()) != model.columns:
        raise CorruptData(
            f"Model {MODEL_NAME} version {version}: its features are not those it was trained with.", remedy=_REMEDY
        )
    return Champion(version=version, model=model, files=stored.files)
