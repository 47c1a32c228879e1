"""Platt calibration of log-odds, with a bootstrap over machines that says how sure the two numbers are.

J. Platt, Probabilistic outputs for support vector machines (1999); fitted by Newton steps on the log-likelihood with a
weak normal prior around the identity (slope 1, intercept 0; one pseudo-observation each), so that few failures cannot
run away.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]

_STEPS = 25
_PRIOR_PRECISION = 1.0


class Calibration(BaseModel):
    """logit p = slope * margin + intercept."""

    model_config = ConfigDict(frozen=True)

    slope: float = Field(ge=0)
    intercept: float
    bootstrap: tuple[tuple[float, float], ...] = Field(default=(), description="(slope, intercept) of each draw.")

    def apply(self, margins: Floats) -> Floats:
        return sigmoid(self.slope * margins + self.intercept)

    def draws(self, margins: Floats) -> Iterator[Floats]:
        """Probabilities under each bootstrap draw; under the fit itself when there is none."""
        for slope, intercept in self.bootstrap or ((self.slope, self.intercept),):
            yield sigmoid(slope * margins + intercept)


IDENTITY = Calibration(slope=1.0, intercept=0.0)


def sigmoid(margins: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * margins)))


def calibrate(
    margins: Floats, labels: NDArray[np.bool_], machines: NDArray[np.int64], *, draws: int, seed: int
) -> Calibration:
    """Fit on rows not trained on. `machines`: the machine of each row; the bootstrap draws machines, never rows."""
    slope, intercept = _fit(margins, labels, np.ones_like(margins))
    generator = np.random.default_rng(seed)
    count = int(machines.max()) + 1 if machines.size else 0
    found = []
    for _ in range(draws if count else 0):
        weight = np.bincount(generator.integers(0, count, count), minlength=count)[machines].astype(np.float64)
        found.append(_fit(margins, labels, weight))
    return Calibration(slope=slope, intercept=intercept, bootstrap=tuple(found))


def _fit(margins: Floats, labels: NDArray[np.bool_], weights: Floats) -> tuple[float, float]:
    design = np.stack([margins, np.ones_like(margins)], axis=1)
    identity = np.array([1.0, 0.0])
    parameters = identity.copy()
    for _ in range(_STEPS):
        probability = sigmoid(design @ parameters)
        gradient = design.T @ (weights * (labels - probability)) - _PRIOR_PRECISION * (parameters - identity)
        curvature = (design * (weights * probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(curvature + _PRIOR_PRECISION * np.eye(2), gradient)
        parameters = parameters + np.clip(step, -2.0, 2.0)
        if float(np.abs(step).max()) < 1e-8:
            break
    return max(float(parameters[0]), 0.0), float(parameters[1])
