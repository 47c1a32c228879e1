"""The API starts lean: decision 1. One fresh process, looked at several ways."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

HEAVY = "torch pandas mlflow xgboost prophet sklearn chromadb onnxruntime langchain_openai langgraph pyarrow"
LARGEST_RSS_KIB = 150 * 1024
CODE = """
import json, sys
from api.app import create_app
from core.settings import Settings
paths = list(create_app(Settings(home="/nowhere")).openapi()["paths"])
with open("/proc/self/status") as status:
    resident = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
modules = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({"modules": modules, "paths": paths, "resident": resident}))
"""


@pytest.fixture(scope="module")
def fresh_process() -> dict[str, Any]:
    ran = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=60)
    seen: dict[str, Any] = json.loads(ran.stdout)
    return seen


def test_the_application_imports_nothing_heavy(fresh_process: dict[str, Any]) -> None:
    assert not set(HEAVY.split()) & set(fresh_process["modules"])


def test_the_application_is_created_without_a_workspace(fresh_process: dict[str, Any]) -> None:
    assert "/v1/chat" in fresh_process["paths"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_application_is_small(fresh_process: dict[str, Any]) -> None:
    assert fresh_process["resident"] < LARGEST_RSS_KIB
