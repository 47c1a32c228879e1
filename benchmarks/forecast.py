"""Forecasts on ETTh1 (7 hourly series of a transformer): error, coverage, cost; and the crossing tables, fitted anew.

usage: python -m benchmarks.forecast [--shared ../shared] [--origins 24] [--prophet] [--fit]

MASE against repeating the day before (in-sample, 60 days of history). Origins are spread over the whole record.
`--fit` pools crossings of the series' own quantiles, fits on the earlier half of the record, prints the tables of
ml/models/crossing.py and the Brier scores on the later half.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ml.models.crossing import SHARES, recalibrated, share_crossing
from ml.models.ports import Floats, Forecaster
from ml.models.profile import ProfileForecaster
from ml.models.series import DAY, LONGEST_HISTORY, naive_error

HORIZONS = (24, 168)
QUANTILES = ((0.90, "above"), (0.95, "above"), (0.98, "above"), (0.10, "below"), (0.05, "below"), (0.02, "below"))
Case = tuple[float, bool, int]
"""Share of crossing paths, whether it crossed, origin."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--origins", type=int, default=24)
    parser.add_argument("--prophet", action="store_true")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    if not (arguments.shared / "data").is_dir():
        print(f"skipped: no third-party data at {arguments.shared} (--shared)")
        return
    series = load_etth1(arguments.shared)
    print(f"{'model':>16}{'hours':>7}{'MASE':>8}{'coverage':>10}{'width/naive':>13}{'ms/series':>11}")
    forecasters: list[Forecaster] = [ProfileForecaster()]
    if arguments.prophet:
        from ml.models.prophet import ProphetForecaster

        forecasters.append(ProphetForecaster())
    for horizon in HORIZONS:
        show("seasonal naive", horizon, *measure_naive(series, horizon, arguments.origins))
        for forecaster in forecasters:
            show(forecaster.name, horizon, *measure(forecaster, series, horizon, arguments.origins))
    if arguments.fit:
        for horizon in HORIZONS:
            fit_crossings(series, horizon)


def show(name: str, horizon: int, mase: float, coverage: float, width: float, milliseconds: float) -> None:
    print(f"{name:>16}{horizon:>7}{mase:>8.3f}{coverage:>10.3f}{width:>13.2f}{milliseconds:>11.2f}")


def load_etth1(shared: Path) -> list[Floats]:
    with (shared / "data" / "etth1" / "ETTh1.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    table = np.array([[float(cell) for cell in row[1:]] for row in rows])
    return [np.ascontiguousarray(column) for column in table.T]


def cuts(length: int, horizon: int, count: int) -> list[int]:
    return [int(at) for at in np.linspace(LONGEST_HISTORY, length - horizon, count)]


def measure(forecaster: Forecaster, series: list[Floats], horizon: int, origins: int) -> tuple[float, ...]:
    """(MASE, coverage of the 90 % band, its width in naive errors, milliseconds a series)."""
    errors, inside, widths, took = [], [], [], 0.0
    for values in series:
        for at in cuts(values.size, horizon, origins):
            history, actual = values[at - LONGEST_HISTORY : at], values[at : at + horizon]
            started = time.process_time()
            found = forecaster.forecast(history, horizon=horizon)
            took += time.process_time() - started
            scale = naive_error(history) or np.nan
            errors.append(np.abs(found.mean - actual).mean() / scale)
            inside.append(((found.lower <= actual) & (actual <= found.upper)).mean())
            widths.append((found.upper - found.lower).mean() / scale)
    return float(np.mean(errors)), float(np.mean(inside)), float(np.mean(widths)), 1000 * took / len(errors)


def measure_naive(series: list[Floats], horizon: int, origins: int) -> tuple[float, ...]:
    """Yesterday repeated, as `measure`; without a band."""
    errors = []
    for values in series:
        for at in cuts(values.size, horizon, origins):
            history, actual = values[at - LONGEST_HISTORY : at], values[at : at + horizon]
            repeated = history[-DAY:][np.arange(horizon) % DAY]
            errors.append(np.abs(repeated - actual).mean() / (naive_error(history) or np.nan))
    return float(np.mean(errors)), float("nan"), float("nan"), 0.0


def fit_crossings(series: list[Floats], horizon: int, origins: int = 120) -> None:
    """Print the table fitted on all cases, and what one fitted on the earlier half does on the later."""
    cases = [case for values in series for case in crossing_cases(values, horizon, origins)]
    middle = float(np.median([at for _, _, at in cases]))
    earlier = [case for case in cases if case[2] < middle]
    later = [case for case in cases if case[2] >= middle]
    half = fit_table(earlier)
    base = float(np.mean([crossed for _, crossed, _ in earlier]))
    print(f"crossings within {horizon} h: {len(cases)} cases, base rate {np.mean([case[1] for case in cases]):.3f}")
    print(f"  table (all cases): {tuple(round(value, 3) for value in fit_table(cases))}")
    ways: dict[str, Callable[[float], float]] = {
        "base rate": lambda share: base,  # noqa: ARG005
        "raw share": lambda share: share,
        "fitted on earlier half": lambda share: float(np.interp(share, SHARES, half)),
        "committed table": lambda share: recalibrated(share, horizon),
    }
    for name, way in ways.items():
        brier = np.mean([(way(share) - crossed) ** 2 for share, crossed, _ in later])
        print(f"  Brier on the later half, {name}: {brier:.4f}")


def crossing_cases(values: Floats, horizon: int, origins: int) -> list[Case]:
    """Limits at quantiles of the history that the latest hour has not passed already."""
    forecaster, cases = ProfileForecaster(), []
    for at in cuts(values.size, horizon, origins):
        history, actual = values[at - LONGEST_HISTORY : at], values[at : at + horizon]
        found = forecaster.forecast(history, horizon=horizon)
        paths = found.mean + found.residual_paths
        for quantile, side in QUANTILES:
            limit = float(np.quantile(history, quantile))
            sign = 1.0 if side == "above" else -1.0
            if sign * (history[-1] - limit) < 0:
                crossed = bool((sign * (actual - limit) >= 0).any())
                cases.append((share_crossing(paths, limit, side), crossed, at))
    return cases


def fit_table(cases: list[Case]) -> list[float]:
    """Isotonic regression of what happened on the share, read off at `SHARES`."""
    from sklearn.isotonic import IsotonicRegression

    model = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    model.fit([share for share, _, _ in cases], [float(crossed) for _, crossed, _ in cases])
    return [float(value) for value in model.predict(list(SHARES))]


if __name__ == "__main__":
    main()
