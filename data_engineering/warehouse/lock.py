"""One transformation at a time in a workspace, whoever starts it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import Busy
from core.workspace import Workspace

_ORPHAN_SECONDS = 10.0


@contextmanager
def transform_lock(workspace: Workspace) -> Iterator[int]:
    """Holds the lock; yields its descriptor, which dbt's process inherits so that the lock lasts as long as it writes.

    The lock is the kernel's: a holder that died holds nothing. Only its dbt may outlive it, for a moment.

    Raises:
        Busy: a living process transforms this workspace; names its id.
    """
    workspace.state.mkdir(parents=True, exist_ok=True)
    file = workspace.state / "transform.lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, file)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, file: Path) -> None:
    deadline = time.monotonic() + _ORPHAN_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read_text(encoding="utf-8")
            if _is_alive(holder) or time.monotonic() > deadline:
                raise Busy(
                    f"Process {holder or 'unknown'} is transforming this workspace.",
                    remedy="Wait for it to end, or stop it, and run `copilot transform` again.",
                ) from None
            time.sleep(0.1)
        else:
            return


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True
