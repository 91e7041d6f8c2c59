"""A few typical days that a contact's own activity is shrunk to: a mixture of multinomials over the 24 local hours.

A contact without activity looks like everyone; with some, like everyone tilted towards the day that theirs resembles;
with much, like themselves. How many days there are, and for how many events they count (`kappa`), is chosen by how well
a part of everybody's activity predicts the rest. Fitted by expectation maximisation; neighbouring hours are smoothed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.hours import HOURS, smooth
from ml.metrics import Floats

SIZES = (3, 6)
KAPPAS = (8.0, 16.0, 32.0, 64.0, 128.0, 256.0)
ROUNDS = 25
KEPT = 0.7
MOST_LEARNED = 20_000
FLOOR = 1.0  # events that every hour of a typical day has seen, so that none is impossible


@dataclass(frozen=True)
class Mixture:
    """`profiles` (days × 24), `share` (days) and `everyone` (24) sum to 1 along the last axis; `kappa` counts events.

    `everyone` is the day of all events together, each counting once.
    """

    profiles: Floats
    share: Floats
    everyone: Floats
    kappa: float

    def prior(self, counts: NDArray[np.floating]) -> Floats:
        """What a contact with these counts (n × 24) is expected to do, before their own counts are mixed in."""
        mean = self.share @ self.profiles
        own = _belonging(counts, self.profiles, self.share) @ self.profiles
        tilted = self.everyone * own / mean
        return np.asarray(tilted / tilted.sum(axis=1, keepdims=True))

    def shape(self, counts: NDArray[np.floating], kappa: float | None = None) -> Floats:
        """Each contact's day (n × 24, rows sum to 1): their smoothed counts, shrunk to their prior."""
        weight = self.kappa if kappa is None else kappa
        total = counts.sum(axis=1, keepdims=True) + weight
        return np.asarray((smooth(counts) + weight * self.prior(counts)) / total)


def fit(
    counts: NDArray[np.floating], seed: int = 7, later: NDArray[np.floating] | None = None
) -> Mixture:
    """Learn from contacts' activity (n × 24 whole numbers); without any, one flat day.

    Where `later` (n × 24, the same contacts' activity after that of `counts`) is known it decides how many days there
    are and how much they count, else a random part of the activity itself does.
    """
    active = np.flatnonzero(counts.sum(axis=1) > 0)
    if not len(active):
        flat = np.full(HOURS, 1 / HOURS)
        return Mixture(flat[None, :], np.ones(1), flat, KAPPAS[2])
    rng = np.random.default_rng(seed)
    if len(active) > MOST_LEARNED:
        active = np.sort(rng.choice(active, MOST_LEARNED, replace=False))
    whole = np.asarray(counts[active], dtype=np.int64)
    seen = whole if later is not None else rng.binomial(whole, KEPT)
    rest = whole - seen if later is None else np.asarray(later[active], dtype=np.int64)
    tried: list[tuple[float, int, float]] = []
    for size in SIZES:
        days = _learn(seen.astype(np.float64), size, seed)
        for kappa in KAPPAS:
            shape = Mixture(*days, kappa).shape(seen.astype(np.float64))
            tried.append((-float((rest * np.log(shape)).sum()), size, kappa))
    _, size, kappa = min(tried)
    every = whole if later is None else whole + rest
    return Mixture(*_learn(every.astype(np.float64), size, seed), kappa)


def _learn(counts: Floats, size: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """Typical days, their shares and everyone's day; days begin at random contacts, drawn towards everyone's."""
    mean = smooth(counts.sum(axis=0)) + FLOOR
    mean /= mean.sum()
    begin = np.random.default_rng(seed).integers(0, len(counts), size * 50).reshape(size, 50)
    days = np.stack([smooth(counts[one].sum(axis=0)) for one in begin])
    days = days / np.maximum(days.sum(axis=1, keepdims=True), 1.0) + 0.2 * mean
    # Days that differ from the start: each is tilted towards another part of the day.
    hour = np.arange(HOURS)
    for number in range(size):
        days[number] *= 1 + 0.8 * np.cos((hour - (number + 0.5) * HOURS / size) / HOURS * 2 * np.pi)
    days /= days.sum(axis=1, keepdims=True)
    share = np.full(size, 1 / size)
    for _ in range(ROUNDS):
        belongs = _belonging(counts, days, share)
        share = belongs.mean(axis=0)
        days = smooth(belongs.T @ counts) + FLOOR * HOURS * mean
        days /= days.sum(axis=1, keepdims=True)
    total = counts.sum(axis=0) + FLOOR
    return days, share, total / total.sum()


def _belonging(counts: NDArray[np.floating], days: Floats, share: Floats) -> Floats:
    """How likely each contact belongs to each day, n × days."""
    score = counts @ np.log(days).T + np.log(np.maximum(share, 1e-12))
    score -= score.max(axis=1, keepdims=True)
    found = np.exp(score)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


__all__ = ["KAPPAS", "SIZES", "Mixture", "fit"]
