"""The house itself: names, floors, documentation."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core.settings import Settings
from tests.conftest import ROOT

PACKAGES = ("agents", "api", "cli", "core", "data_engineering", "ml", "tools", "tests", "benchmarks")
HEAVY = ("torch", "pandas", "mlflow", "xgboost", "prophet", "sklearn", "chromadb", "onnxruntime")


@pytest.mark.parametrize("package", PACKAGES)
def test_a_top_level_name_is_our_own_folder(package: str) -> None:
    """Site-packages of the full environment holds a `tools` and a `tests` of others."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    assert Path(module.__file__).parent == ROOT / package


def test_importing_the_app_leaves_the_heavy_libraries_alone() -> None:
    code = f"import api.app, sys, json; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(found.stdout.splitlines()[-1]) == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"`COPILOT_{name.upper()}`" not in page]
    assert missing == []


def test_no_setting_is_documented_that_does_not_exist() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    known = {f"COPILOT_{name.upper()}" for name in Settings.model_fields} | {"COPILOT_SHARED", "COPILOT_CHROMIUM"}
    assert set(re.findall(r"`(COPILOT_[A-Z_]+)`", page)) - known == set()


def test_every_dependency_is_locked_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements/all.txt").read_text(encoding="utf-8").lower()
    wanted = [*project["dependencies"], *(d for extra in project["optional-dependencies"].values() for d in extra)]
    names = {name for requirement in wanted if (name := _name(requirement))}
    assert [name for name in sorted(names) if f"\n{name}==" not in f"\n{lock}" and f"\n{name}[" not in lock] == []
    assert "--hash=sha256:" in lock


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9_.-]+", requirement)
    return match[0].lower().replace("_", "-") if match else ""


def test_the_smaller_locks_are_cuts_of_the_whole() -> None:
    def pins(lock: str) -> set[str]:
        lines = (ROOT / f"requirements/{lock}.txt").read_text(encoding="utf-8").splitlines()
        return {line.split(" ")[0] for line in lines if "==" in line}

    assert pins("up") <= pins("dev") <= pins("all")


def test_no_lock_names_an_index() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text(encoding="utf-8"), lock.name
