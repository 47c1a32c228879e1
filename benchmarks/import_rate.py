"""CPU seconds that one million readings cost on their way from a CSV or Parquet export into the lake.

    python -m benchmarks.import_rate

Each layout runs in a process of its own, so that imports of libraries count too.
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import polars as pl

READINGS = 1_000_000
SEED = 20260301
BUDGET_CPU_SECONDS = 20.0
METRICS = {"vibration": "in/s", "temperature": "degF", "current": "A", "pressure": "psi"}
WIDE = """
name: bench
description: wide
files:
  - match: "wide.*"
    format: {format}
    targets:
      - table: readings
        fields:
          equipment_id: machine
          source_ts: {{column: time, zone: Europe/Berlin}}
        values:
{values}
"""
LONG = """
name: bench
description: long
files:
  - match: long.csv
    format: csv
    targets:
      - table: readings
        fields:
          equipment_id: machine
          source_ts: {column: time, zone: UTC}
        series: {name: tag, value: value, unit: unit}
"""


def wide_frame() -> pl.DataFrame:
    rows = READINGS // len(METRICS)
    start = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    times = pl.datetime_range(start, start.replace(year=2027), "1m", eager=True)[: rows // 50].cast(pl.Datetime("us"))
    numbers = pl.Series([float(n % 9973) / 100 for n in range(rows)])
    values = {name: numbers.sample(fraction=1.0, shuffle=True, seed=SEED) for name in METRICS}
    machines = [f"CNC-A-{n:03}" for n in range(50) for _ in range(times.len())]
    return pl.DataFrame({"time": pl.concat([times] * 50), "machine": machines, **values})


def prepare(folder: Path) -> None:
    frame = wide_frame()
    texts = frame.with_columns(pl.col("time").dt.to_string("%Y-%m-%d %H:%M:%S"))
    texts.write_csv(folder / "wide.csv")
    frame.write_parquet(folder / "wide.parquet")
    units = pl.DataFrame({"tag": list(METRICS), "unit": list(METRICS.values())})
    long = texts.unpivot(index=["time", "machine"], variable_name="tag", value_name="value").join(units, on="tag")
    long.write_csv(folder / "long.csv")
    values = "\n".join(f"          - {{column: {n}, metric: {n}, unit: {u}}}" for n, u in METRICS.items())
    (folder / "wide.csv.yml").write_text(WIDE.format(format="csv", values=values))
    (folder / "wide.parquet.yml").write_text(WIDE.format(format="parquet", values=values))
    (folder / "long.csv.yml").write_text(LONG)


def import_one(file: Path) -> None:
    from core.clock import SystemClock
    from core.workspace import Workspace
    from data_engineering.connectors.files import import_files
    from data_engineering.lake.local import LocalLake

    workspace, clock = Workspace(file.parent / f"home-{file.name}"), SystemClock()
    started = time.perf_counter()
    summary = import_files(
        [file], file.parent / f"{file.name}.yml", lake=LocalLake(workspace, clock), workspace=workspace, clock=clock
    )
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu, wall = usage.ru_utime + usage.ru_stime, time.perf_counter() - started
    accepted = summary.accepted()["readings"]
    verdict = "within" if cpu <= BUDGET_CPU_SECONDS else "OVER"
    print(
        f"{file.name:13} {accepted:>9,} readings, {cpu:5.2f} CPU s ({verdict} {BUDGET_CPU_SECONDS:.0f}), "
        f"{wall:5.2f} s wall, {usage.ru_maxrss / 1024:.0f} MB peak, refused {summary.refused()}"
    )


def main() -> None:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("polars", "pyarrow", "pydantic"))
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}, {libraries}")
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for name in ("wide.csv", "wide.parquet", "long.csv"):
            subprocess.run([sys.executable, "-m", "benchmarks.import_rate", str(Path(folder) / name)], check=True)


if __name__ == "__main__":
    import_one(Path(sys.argv[1])) if len(sys.argv) > 1 else main()
