"""Noise as a pure function of time: the same key and the same second give the same draw, in whatever order.

History, catch-up and the live stream therefore agree at every moment they share, and no generator state has to be kept.
The hash is splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.int64]
Floats = NDArray[np.float64]
Keys = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_LOW = np.uint64(0xFFFFFFFF)


def key_of(*parts: str | int) -> int:
    """64-bit key of a named stream, e.g. (seed, 'CNC-A-102', 'vibration')."""
    return int.from_bytes(blake2b("/".join(map(str, parts)).encode(), digest_size=8).digest(), "little")


def generator(*parts: str | int) -> np.random.Generator:
    """A generator for one named thing (one life of one component), independent of every other."""
    return np.random.default_rng(key_of(*parts))


def _bits(keys: Keys, counters: NDArray[np.int64]) -> Keys:
    mixed = keys + counters.astype(np.uint64) * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    result: Keys = mixed ^ (mixed >> np.uint64(31))
    return result


def uniform(keys: Keys, counters: NDArray[np.int64]) -> Floats:
    """Uniform on [0, 1); shapes broadcast."""
    return (_bits(keys, counters) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(keys: Keys, counters: NDArray[np.int64]) -> Floats:
    """Standard normal (Box-Muller on the two halves of one hash); shapes broadcast."""
    bits = _bits(keys, counters)
    first = ((bits >> np.uint64(32)).astype(np.float64) + 1.0) * 2.0**-32
    second = (bits & _LOW).astype(np.float64) * 2.0**-32
    result: Floats = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    return result


def wander(keys: Keys, seconds: Seconds, period_s: int) -> Floats:
    """Smooth noise of unit variance that changes over about `period_s`: `keys` (n, 1), `seconds` (t,), gives (n, t)."""
    position = seconds / period_s
    index = np.floor(position).astype(np.int64)
    knots = normal(keys, np.arange(index.min(), index.max() + 2, dtype=np.int64))
    fraction = position - index
    blend = fraction * fraction * (3.0 - 2.0 * fraction)
    offset = index - index.min()
    mixed = knots[:, offset] * (1.0 - blend) + knots[:, offset + 1] * blend
    result: Floats = mixed / np.sqrt((1.0 - blend) ** 2 + blend**2)
    return result


def occurrences(
    stream: tuple[str | int, ...], start: int, end: int, slot_s: int, probability: Floats | np.float64
) -> list[int]:
    """Seconds at which something rare happens: at most once in each slot of `slot_s` from `start` (a multiple of it) to
    `end`, with the given probability per slot. Any window gives the same moments.
    """
    slots = np.arange(start // slot_s, -(-end // slot_s), dtype=np.int64)
    keys = np.array([key_of(*stream), key_of(*stream, "moment")], dtype=np.uint64)
    hits = slots[uniform(keys[:1], slots) < probability]
    moments = hits * slot_s + (uniform(keys[1:], hits) * slot_s).astype(np.int64)
    return [int(moment) for moment in moments if start <= moment < end]
