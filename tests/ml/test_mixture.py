"""Typical days: found where there are some, ignored where there are none, and never far from everybody's day."""

from __future__ import annotations

import numpy as np

from ml import mixture
from ml.hours import HOURS


def world(seed: int, contacts: int = 1500, mean: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    """Early people and late people: their counts and their true days."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS)
    days = np.stack([np.exp(-0.5 * ((hour - peak) / 2.5) ** 2) + 0.02 for peak in (8, 20)])
    days /= days.sum(axis=1, keepdims=True)
    truth = days[rng.integers(0, 2, contacts)]
    return rng.poisson(rng.gamma(1.0, mean, (contacts, 1)) * truth).astype(float), truth


def test_days_are_found_and_predict_better_than_everybodys_day() -> None:
    """Somebody with five events is already told from the mean; somebody with none is the mean."""
    counts, _ = world(1)
    found = mixture.fit(counts)
    fresh, theirs = world(2)
    shape = found.shape(fresh)
    mean = np.tile(found.everyone, (len(fresh), 1))
    few = (fresh.sum(axis=1) >= 3) & (fresh.sum(axis=1) <= 8)

    def surprise(chances: np.ndarray) -> float:
        return float(-(theirs[few] * np.log(chances[few])).sum(axis=1).mean())

    assert surprise(shape) < surprise(mean) - 0.2
    assert np.allclose(found.shape(np.zeros((1, HOURS))), found.everyone)
    assert np.allclose(shape.sum(axis=1), 1)
    assert (shape > 0).all()


def test_where_all_share_one_day_nobody_gets_another() -> None:
    """The price of looking for days that are not there is small."""
    rng = np.random.default_rng(3)
    day = np.full(HOURS, 1 / HOURS)
    counts = rng.poisson(10 * np.tile(day, (1500, 1))).astype(float)
    found = mixture.fit(counts)
    shape = found.shape(counts)

    assert -(day * np.log(shape)).sum(axis=1).mean() < np.log(HOURS) + 0.02


def test_the_same_activity_learns_the_same_days() -> None:
    """And no activity learns a flat one."""
    counts, _ = world(5, contacts=300)
    one, other = mixture.fit(counts), mixture.fit(counts)

    assert np.array_equal(one.profiles, other.profiles)
    assert one.kappa == other.kappa
    assert np.allclose(mixture.fit(np.zeros((4, HOURS))).everyone, 1 / HOURS)
