"""What the watches hold back, what they warn of, and what leaves them at ease."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ml import monitor, registry
from ml.monitor import Shape

WIN = registry.spec("win_probability")
RNG = np.random.default_rng(3)


def scores(values: np.ndarray, *, fallback: bool = False) -> pl.DataFrame:
    """Predictions with these values."""
    return pl.DataFrame({"value": values, "is_fallback": [fallback] * len(values)})


def usual(size: int = 400, seed: int = 1) -> np.ndarray:
    """Chances as a healthy model gives them."""
    return np.random.default_rng(seed).beta(3, 4, size)


BEFORE = monitor.shape(scores(usual()), WIN)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.full(400, 0.4), "all 400 scores are the same"),
        (np.clip(usual() ** 6, 0.01, 0.99), "more than 0.5"),
        (np.append(usual()[:-1], np.nan), "lie outside 0.01 to 0.99"),
        (np.append(usual()[:-1], 1.7), "lie outside 0.01 to 0.99"),
        (usual(150), "150 scores, after 400"),
    ],
    ids=["all alike", "moved", "no number", "out of bounds", "half are gone"],
)
def test_a_broken_distribution_is_held(values: np.ndarray, words: str) -> None:
    """Each way in which scores break, in words."""
    found = monitor.distribution(scores(values), WIN, BEFORE)

    assert found.is_held and not found.is_well
    assert words in found.seen


@pytest.mark.parametrize("seed", range(2, 12))
def test_another_draw_of_the_same_scores_passes(seed: int) -> None:
    """Chance alone holds nothing back, not even at 120 rows."""
    assert monitor.distribution(scores(usual(400, seed)), WIN, BEFORE).is_well
    few = monitor.shape(scores(usual(120)), WIN)
    assert monitor.distribution(scores(usual(120, seed)), WIN, few).is_well


def test_a_switch_to_the_fallback_is_no_break() -> None:
    """The rule is there to answer when the model may not; its few values are no accident."""
    found = monitor.distribution(scores(np.full(400, 0.4), fallback=True), WIN, BEFORE)

    assert found.is_well
    assert "the fallback answers now" in found.seen


def test_hours_and_amounts_have_shapes_of_their_own() -> None:
    """Bins follow the bounds: every hour apart from its opposite, cents by powers of ten."""
    hour = monitor.shape(scores(np.repeat([7.0, 19.0], 50)), registry.spec("send_hour"))
    money = monitor.shape(scores(np.array([10.0, 5_000.0, 900_000.0])), registry.spec("value"))

    assert sorted(share for share in hour.shares if share) == [0.5, 0.5]
    assert sum(share > 0 for share in money.shares) == 3


def test_calibration_warns_beyond_chance_only() -> None:
    """Outcomes drawn from what was said pass, outcomes of twice that do not, and few outcomes say nothing."""
    p = RNG.uniform(0.1, 0.3, 800)
    fair = pl.DataFrame(
        {"entity": np.arange(800), "y": (RNG.random(800) < p).astype(float), "p": p}
    )
    twice = fair.with_columns(y=pl.Series((RNG.random(800) < 2 * p).astype(float)))

    assert monitor.calibration(fair).is_well
    assert not monitor.calibration(twice).is_well
    assert "fewer than 50" in monitor.calibration(twice.head(10)).seen


def test_nothing_is_held_before_there_is_something_to_compare_with() -> None:
    """The first night, and nights with few scores."""
    assert monitor.distribution(scores(np.full(400, 0.4)), WIN, None).is_well
    small = replace(BEFORE, rows=40)
    assert isinstance(small, Shape)
    assert (
        monitor.distribution(scores(np.full(40, 0.4)), WIN, small).seen.startswith("all 40")
        is False
    )
