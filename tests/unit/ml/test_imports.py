"""What importing the failure model costs a process that only reads its scores."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ml.serving.factors import Factor
from tests.conftest import ROOT
from tools.models import Factor as ToolFactor

HEAVY = ("mlflow", "xgboost", "pandas", "sklearn", "torch")


@pytest.mark.parametrize("module", ["ml.training_pipelines.failure", "ml.serving.scoring", "ml.registry.mlflow"])
def test_importing_the_failure_model_loads_no_heavy_library(module: str) -> None:
    check = f"import sys, {module}; print([name for name in {HEAVY} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_a_stored_factor_is_one_the_tools_can_read() -> None:
    stored = Factor(text="t", feature="f", value=1.0, normal=None, unit="", contribution=0.5)
    assert ToolFactor.model_validate_json(stored.model_dump_json()).model_dump() == stored.model_dump()
