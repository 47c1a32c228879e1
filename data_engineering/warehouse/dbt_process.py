"""dbt in a process of its own that never outlives its parent: `python -m data_engineering.warehouse.dbt_process ARGS`.

Standard input is a pipe that the parent keeps open; when the parent dies, by whatever signal, it ends and so do we.
"""

from __future__ import annotations

import os
import sys
import threading


def _die_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(1)


def main() -> None:
    threading.Thread(target=_die_with_parent, daemon=True).start()
    from dbt.cli.main import cli

    cli()


if __name__ == "__main__":
    main()
