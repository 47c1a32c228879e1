"""How hard the demo plant is beside the Azure PdM set: failures, codes, signal to noise, what a plain model reaches.

    python -m benchmarks.difficulty [FOLDER OF THE AZURE SET]

Both sets go through the same lines. The model here is a yardstick (daily means against the machine's own month,
code counts, gradient boosting); the product's model is trained and judged by `copilot train failure --report`.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.report import console, show
from core.clock import FixedClock
from core.settings import Settings
from core.workspace import Workspace
from data_engineering.contracts.tables import BronzeTable
from data_engineering.lake.local import LocalLake
from data_engineering.simulator.faults import Fault
from data_engineering.simulator.history import write_history
from data_engineering.simulator.noise import Seconds
from data_engineering.simulator.plant import DemoPlant
from data_engineering.simulator.shifts import DAY, WorkClock
from data_engineering.simulator.story import Anchor

AZURE = Path("../shared/data/azure_pdm")
END = datetime(2026, 3, 1, 6, tzinfo=UTC)
HORIZONS_H = (24, 48, 168)
NORMAL_DAYS = 30
PATIENCE_DAYS = 10
STANDING = 0.35
"""An hour with less than this share of the machine's usual vibration is one in which it stood."""

Floats = NDArray[np.float64]
Times = NDArray[np.datetime64]


@dataclass(frozen=True)
class Plant:
    """`hourly`: equipment_id, metric, at, value; `codes` and `failures`: equipment_id, at."""

    name: str
    hourly: pl.DataFrame
    codes: pl.DataFrame
    failures: pl.DataFrame


def demo(folder: Path) -> Plant:
    workspace = Workspace(folder)
    lake = LocalLake(workspace, FixedClock(END))
    write_history(lake, workspace=workspace, until=END, seed=Settings().seed)
    good = lake.scan(BronzeTable.READINGS).filter(pl.col("status_code") == 0)
    hourly = good.group_by("equipment_id", "metric", at=pl.col("source_ts").dt.truncate("1h")).agg(pl.mean("value"))
    events = lake.scan(BronzeTable.EVENTS).select("equipment_id", "kind", at="source_ts").collect()
    codes = events.filter(pl.col("kind").is_in(["alarm", "error"]))
    return Plant("demo plant", _running(hourly.collect()), codes, events.filter(kind="failure"))


def azure(folder: Path) -> Plant:
    """The 20 machines and 90 days of which the complete telemetry is there."""
    wide = pl.read_parquet(folder / "telemetry_20machines_90days.parquet").rename({"datetime": "at"})
    at = pl.col("at").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    wide = wide.with_columns(at, equipment_id=pl.col("machineID").cast(pl.String)).drop("machineID")
    hourly = wide.unpivot(index=["equipment_id", "at"], variable_name="metric", value_name="value")
    first, last, machines = wide["at"].min(), wide["at"].max(), wide["equipment_id"].unique()

    def read(name: str) -> pl.DataFrame:
        rows = pl.read_csv(folder / name, try_parse_dates=True)
        rows = rows.select(equipment_id=pl.col("machineID").cast(pl.String), at=pl.col("datetime"))
        rows = rows.with_columns(at).filter(pl.col("equipment_id").is_in(machines.implode()))
        return rows.filter(pl.col("at").is_between(first, last))

    return Plant("Azure PdM", hourly, read("PdM_errors.csv"), read("PdM_failures.csv"))


def _running(hourly: pl.DataFrame) -> pl.DataFrame:
    usual = pl.col("value").quantile(0.9).over("equipment_id")
    shaking = hourly.filter(pl.col("metric") == "vibration").filter(pl.col("value") > STANDING * usual)
    return hourly.join(shaking, on=["equipment_id", "at"], how="semi")


class MachineDays:
    """One decision a machine a day at 12:00 UTC, from what was known then."""

    def __init__(self, plant: Plant) -> None:
        self.plant = plant
        daily = _deviations(plant.hourly)
        self.wide = daily.pivot(on="metric", index=["equipment_id", "at"], values=["z", "trend"]).sort(
            "equipment_id", "at"
        )
        self.at: Times = self.wide["at"].to_numpy()
        self.names = self.wide["equipment_id"].to_list()
        self.day = (self.at - self.at.min()) // np.timedelta64(1, "D")

    def count(self, events: pl.DataFrame, start_h: float, end_h: float) -> Floats:
        """Events of the same machine in (at + start_h, at + end_h]."""
        moments = {name[0]: np.sort(rows["at"].to_numpy()) for name, rows in events.group_by("equipment_id")}
        none = np.array([], dtype=self.at.dtype)
        first, last = (self.at + np.timedelta64(int(h * 3600), "s") for h in (start_h, end_h))
        return np.array(
            [
                np.searchsorted(moments.get(name, none), b, "right")
                - np.searchsorted(moments.get(name, none), a, "right")
                for name, a, b in zip(self.names, first, last, strict=True)
            ],
            dtype=np.float64,
        )

    def strongest(self) -> Floats:
        """Largest deviation of any metric, in standard deviations of the machine's own daily means."""
        z = self.wide.select(pl.col("^z_.*$").abs()).select(pl.max_horizontal(pl.all()))
        return z.to_series().to_numpy()

    def features(self) -> Floats:
        codes = [self.count(self.plant.codes, -hours, 0) for hours in (24, 72, 168)]
        return np.column_stack([self.wide.drop("equipment_id", "at").to_numpy(), *codes])


def _deviations(hourly: pl.DataFrame) -> pl.DataFrame:
    """Daily means from noon to noon against the machine's own month before."""
    at = (pl.col("at") + timedelta(hours=12)).dt.truncate("1d") + timedelta(hours=12)
    daily = hourly.group_by("equipment_id", "metric", at=at).agg(pl.mean("value")).sort("equipment_id", "metric", "at")
    series = ["equipment_id", "metric"]

    def over(days: int, how: str, *, before: bool) -> pl.Expr:
        rolling = getattr(pl.col("value"), f"rolling_{how}_by")
        expression: pl.Expr = rolling("at", f"{days}d", closed="left" if before else "right").over(series)
        return expression

    daily = daily.with_columns(
        mean=over(NORMAL_DAYS, "mean", before=True),
        spread=over(NORMAL_DAYS, "std", before=True),
        trend=over(3, "mean", before=False) - over(14, "mean", before=False),
    )
    floor = pl.col("spread").median().over("metric") / 2
    spread = pl.max_horizontal("spread", floor)
    return daily.with_columns(z=(pl.col("value") - pl.col("mean")) / spread, trend=pl.col("trend") / spread)


def average_precision(days: MachineDays, horizon_h: int) -> tuple[float, float]:
    """(share of positives, PR-AUC), mean of three cuts in time with a purge of one horizon."""
    import xgboost
    from sklearn.metrics import average_precision_score

    features, failed = days.features(), days.count(days.plant.failures, 0, horizon_h) > 0
    last = int(days.day.max()) - horizon_h // 24
    scores, shares = [], []
    for cut in (last - 34, last - 24, last - 14):
        train = (days.day >= PATIENCE_DAYS) & (days.day < cut - horizon_h / 24)
        test = (days.day >= cut) & (days.day < min(cut + 14, last))
        model = xgboost.XGBClassifier(
            n_estimators=200, max_depth=3, learning_rate=0.06, subsample=0.7, colsample_bytree=0.5,
            min_child_weight=5, n_jobs=1, random_state=1,
        )  # fmt: skip
        model.fit(features[train], failed[train])
        scores.append(average_precision_score(failed[test], model.predict_proba(features[test])[:, 1]))
        shares.append(failed[test].mean())
    return float(np.mean(shares)), float(np.mean(scores))


def figures(plant: Plant) -> dict[str, str]:
    days = MachineDays(plant)
    machines, span = len(set(days.names)), int(days.day.max()) + 1
    failures, codes = plant.failures.height, plant.codes.height
    strongest = days.strongest()
    quiet = strongest[(days.count(plant.failures, 0, 21 * 24) == 0) & (days.day >= PATIENCE_DAYS)]
    result: dict[str, Any] = {
        "machines, days": f"{machines}, {span}",
        "failures per machine in 90 days": f"{failures / machines / span * 90:.1f}",
        "codes per failure": f"{codes / failures:.1f}",
        "failures with a code in the 24 h before": f"{_warned(plant, 24):.0%}",
        "failures with a code in the 7 days before": f"{_warned(plant, 168):.0%}",
        "codes with no failure in the 7 days after": f"{_unfounded(plant, 168):.0%}",
        "strongest metric, no failure within 21 days": f"{np.nanmedian(quiet):.1f} sd",
    }
    for before in (0, 1, 3, 7):
        near = days.count(plant.failures, before * 24, (before + 1) * 24) > 0
        result[f"strongest metric, {before} to {before + 1} days before"] = f"{np.nanmedian(strongest[near]):.1f} sd"
    for horizon in HORIZONS_H:
        share, score = average_precision(days, horizon)
        result[f"PR-AUC at {horizon} h (share of positives)"] = f"{score:.2f} ({share:.2f})"
    return result


def _pairs(plant: Plant, hours: int) -> pl.DataFrame:
    """(failure, code) of one machine with the code at most `hours` before the failure."""
    failures = plant.failures.select("equipment_id", failed="at")
    both = failures.join(plant.codes.select("equipment_id", "at"), on="equipment_id")
    return both.filter(pl.col("at").is_between(pl.col("failed") - timedelta(hours=hours), pl.col("failed")))


def _warned(plant: Plant, hours: int) -> float:
    return _pairs(plant, hours).select("equipment_id", "failed").n_unique() / plant.failures.height


def _unfounded(plant: Plant, hours: int) -> float:
    return 1.0 - _pairs(plant, hours).select("equipment_id", "at").n_unique() / plant.codes.height


def ceiling(horizon_h: int = 168) -> float:
    """PR-AUC of ranking the demo plant by the true running time left to any growing fault, which no model sees."""
    from sklearn.metrics import average_precision_score

    plant = DemoPlant(Anchor(Settings().seed, END - timedelta(days=90), END))
    ahead = horizon_h * 3600
    days = np.arange(plant.anchor.begins + DAY, plant.anchor.ends - ahead, DAY)
    failed, urgency = [], []
    for story in plant.stories.values():
        starts = np.array([stop.start for stop in story.failures()])
        failed.append([bool(((starts > day) & (starts <= day + ahead)).any()) for day in days])
        visible = [fault for fault in story.faults if fault.mode.stops_machine and not fault.mode.silent]
        urgency.append(np.max([_urgency(fault, story.clock, days) for fault in visible], axis=0))
    return float(average_precision_score(np.concatenate(failed), np.concatenate(urgency)))


def _urgency(fault: Fault, clock: WorkClock, seconds: Seconds) -> Floats:
    """1 / days left, 0 before the onset."""
    severity = fault.severity(seconds, clock)
    left = np.maximum((1.0 - severity) * fault.growth / DAY, 0.2)
    return np.where(severity > 0, 1.0 / left, 0.0)


def main(folder: Path = AZURE) -> None:
    with tempfile.TemporaryDirectory(prefix="copilot-bench-") as home:
        plants = [figures(demo(Path(home)))]
    names: tuple[str, ...] = ("figure", "demo plant")
    if folder.is_dir():
        plants.append(figures(azure(folder)))
        names = (*names, "Azure PdM (simulated by others)")
    console.print(f"Demo plant, 7 days, by the true time left: PR-AUC {ceiling():.2f}")
    show("How hard it is", names, [(name, *(plant[name] for plant in plants)) for name in plants[0]])


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:]))
