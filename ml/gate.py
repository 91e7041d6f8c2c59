"""The skill gate: may this model speak instead of the simple thing? Decided on a cohort nothing else looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.metrics import Floats

SMALLEST_SKILL = 0.02
CONFIDENCE = 0.90
RESAMPLES = 2000
CHUNK = 2_000_000


@dataclass(frozen=True)
class Gate:
    """Relative improvement of log loss over the fallback (`skill`), and the interval of the loss difference.

    `low` and `high` bound `model - fallback` in nats per row; both below zero means surely better.
    """

    skill: float
    low: float
    high: float
    passed: bool
    verdict: str


def judge(
    model: Floats, fallback: Floats, entity: np.ndarray, seed: int, needed: float = SMALLEST_SKILL
) -> Gate:
    """Compare the losses of both, row by row; entities are resampled whole (paired bootstrap)."""
    base = float(fallback.mean())
    skill = (base - float(model.mean())) / base if base > 0 else 0.0
    low, high = interval(model - fallback, entity, seed)
    passed = skill >= needed and high < 0
    figures = f"log loss {-skill:+.1%} against the fallback, {CONFIDENCE:.0%} interval {low:+.4f} to {high:+.4f}"
    verdict = f"promoted: {figures}" if passed else f"fallback: not enough signal ({figures})"
    return Gate(skill, low, high, passed, verdict)


def interval(difference: Floats, entity: np.ndarray, seed: int) -> tuple[float, float]:
    """The central 90 % interval of the mean of `difference` when whole entities are drawn anew."""
    _, position = np.unique(entity, return_inverse=True)
    sums = np.bincount(position, weights=difference)
    sizes = np.bincount(position).astype(np.float64)
    rng = np.random.default_rng(seed)
    per_chunk = max(1, CHUNK // len(sums))
    means: list[Floats] = []
    for start in range(0, RESAMPLES, per_chunk):
        draws = min(per_chunk, RESAMPLES - start)
        counts = rng.poisson(1.0, (draws, len(sums)))
        means.append((counts @ sums) / np.maximum(counts @ sizes, 1.0))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)
