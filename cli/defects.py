"""Where the traceback of a defect goes: a file of the person's own, never the terminal or the network."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from uuid import uuid4

from core.clock import SystemClock
from core.settings import Settings
from core.workspace import Workspace


def report_defect() -> tuple[str, Path]:
    """Appends the exception being handled to `<home>/state/errors.log`; (reference, file)."""
    reference = uuid4().hex[:12]
    log = Workspace(_home().resolve()).state / "errors.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as file:
        file.write(f"--- {reference} {SystemClock().now().isoformat()} {' '.join(sys.argv[1:])}\n")
        traceback.print_exc(file=file)
    return reference, log


def _home() -> Path:
    """--home where it was given, else the setting; the command's own parsing may not have got that far."""
    arguments = sys.argv[1:]
    if "--home" in arguments[:-1]:
        return Path(arguments[arguments.index("--home") + 1])
    return Settings().home
