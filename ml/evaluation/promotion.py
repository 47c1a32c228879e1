"""May a new model take the champion's place? Paired log-loss on the same machine-days, bootstrap over machines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]

MARGIN = 0.05
"""The candidate may lose at most this share of the champion's loss, with 95 % confidence."""


class Promotion(BaseModel):
    """Whether the new version became champion, and why."""

    model_config = ConfigDict(frozen=True)

    promoted: bool
    reason: str
    champion_version: str | None = Field(None, description="The champion it was compared with.")
    champion_log_loss: float | None = None
    candidate_log_loss: float | None = None
    gain_interval: tuple[float, float] | None = Field(
        None, description="90 % interval of champion's minus candidate's log-loss per machine-day."
    )


def compare(
    champion: Floats, candidate: Floats, machine: NDArray[np.int64], *, version: str, draws: int, seed: int
) -> Promotion:
    """Log-losses of the same machine-days. Promoted when no worse on average, and surely not worse by much."""
    count = int(machine.max()) + 1
    gains = np.bincount(machine, champion - candidate, minlength=count)
    sizes = np.bincount(machine, minlength=count)
    chosen = np.random.default_rng(seed).integers(0, count, (draws, count))
    low, high = np.quantile(gains[chosen].sum(axis=1) / np.maximum(sizes[chosen].sum(axis=1), 1), [0.05, 0.95])
    gain, loss = float(gains.sum() / sizes.sum()), float(champion.mean())
    promoted = gain >= 0 and float(low) >= -MARGIN * loss
    return Promotion(
        promoted=promoted,
        reason=f"log-loss {candidate.mean():.4f} against {loss:.4f} of version {version} on the same machine-days: "
        + ("not worse" if promoted else "worse, or not surely as good"),
        champion_version=version,
        champion_log_loss=loss,
        candidate_log_loss=float(candidate.mean()),
        gain_interval=(float(low), float(high)),
    )
