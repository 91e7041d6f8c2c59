"""Calibration, metrics, the skill gate and the fallback's rates, each against a truth that is known."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from ml import ladder, metrics
from ml.calibrate import Calibrator, calibrate
from ml.explain import phrase
from ml.frames import ENTITY, LABEL
from ml.gate import judge
from ml.spec import Ladder


def test_platt_recovers_slope_and_intercept() -> None:
    """Margins that are twice too bold and shifted are put right."""
    rng = np.random.default_rng(1)
    margin = rng.normal(size=4000) * 2
    y = (rng.random(4000) < expit(0.5 * margin - 0.7)).astype(float)
    found = calibrate(margin, y, np.ones(4000), 4000, 900, Calibrator())

    assert found.slope == pytest.approx(0.5, abs=0.07)
    assert found.intercept == pytest.approx(-0.7, abs=0.12)


def test_a_margin_that_points_the_wrong_way_gets_slope_zero() -> None:
    """A negative slope would turn a weak model upside down."""
    rng = np.random.default_rng(2)
    margin = rng.normal(size=3000)
    y = (rng.random(3000) < expit(-margin)).astype(float)

    assert calibrate(margin, y, np.ones(3000), 3000, 900, Calibrator()).slope == 0.0


def test_isotonic_takes_over_above_a_thousand_positives_and_never_falls() -> None:
    """Its probabilities rise with the margin and stay inside (0, 1)."""
    rng = np.random.default_rng(3)
    margin = rng.normal(size=6000)
    y = (rng.random(6000) < np.where(margin > 0.5, 0.7, 0.2)).astype(float)
    found = calibrate(margin, y, np.ones(6000), 6000, int(y.sum()), Calibrator())
    p = found.probability(np.linspace(-4, 4, 200))

    assert found.knots
    assert (np.diff(p) >= 0).all()
    assert 0 < p.min() < 0.25 < 0.6 < p.max() < 1
    assert found.shifted(2.0).probability(np.array([2.5])) == found.probability(np.array([0.5]))


def test_calibration_error_of_the_truth_is_near_its_noise_floor() -> None:
    """A perfect forecaster shows about the floor; a bold one far more."""
    rng = np.random.default_rng(4)
    p = rng.uniform(0.05, 0.95, 3000)
    y = (rng.random(3000) < p).astype(float)

    assert metrics.ece(y, p) < 1.6 * metrics.ece_floor(p, 3000)
    assert metrics.ece(y, np.clip(p * 1.5 - 0.25, 0.01, 0.99)) > 3 * metrics.ece_floor(p, 3000)


def test_rows_of_one_entity_count_as_one_outcome() -> None:
    """Ten rows of each of fifty entities are worth fifty, however many rows there are."""
    assert metrics.effective_size(np.repeat(np.arange(50), 10)) == pytest.approx(50)


def test_the_gate_needs_both_skill_and_certainty() -> None:
    """Two per cent better for sure passes; better by luck, or surely by a hair, does not."""
    rng = np.random.default_rng(5)
    base = rng.uniform(0.4, 0.8, 2000)
    entity = np.arange(2000)

    assert judge(base - 0.05, base, entity, 1).passed
    assert not judge(base - 0.005, base, entity, 1).passed
    luck = rng.normal(0, 2.0, 2000)
    assert not judge(base + luck - luck.mean() - 0.05, base, entity, 1).passed


def test_the_gate_resamples_entities_and_not_rows() -> None:
    """The same rows repeated a hundred times are no more certain."""
    rng = np.random.default_rng(6)
    base, model = np.full(40, 0.6), 0.6 + rng.normal(-0.03, 0.15, 40)
    once = judge(model, base, np.arange(40), 1)
    often = judge(np.repeat(model, 100), np.repeat(base, 100), np.repeat(np.arange(40), 100), 1)

    assert (often.low, often.high) == pytest.approx((once.low, once.high))


def test_rates_of_small_cells_are_shrunk_to_their_parent() -> None:
    """(3 won of 3 + 20 × the pipeline's rate) / 23; unknown cells get the level above."""
    rows = pl.DataFrame(
        {
            ENTITY: [f"e{i}" for i in range(103)],
            LABEL: [1] * 50 + [0] * 50 + [1] * 3,
            "pipeline": ["a"] * 100 + ["b"] * 3,
            "stage": ["s"] * 103,
        }
    )
    rates = ladder.fit(
        rows, Ladder((("pipeline",), ("pipeline", "stage")), strength=20, minimum=30)
    )
    asked = pl.DataFrame({"pipeline": ["a", "b", "new"], "stage": ["s", "never", "s"]})
    found, words = rates.values(asked)
    overall = 53.5 / 104
    assert rates.overall == pytest.approx(overall)

    assert found[1] == pytest.approx((3 + 20 * overall) / 23)
    assert found[2] == pytest.approx(overall)
    assert words.to_list() == [
        "50% of 100 with pipeline a, stage s",
        "58% of 3 with pipeline b",
        "51% of all 103",
    ]


def test_an_entity_counts_once_per_cell_however_many_rows_it_has() -> None:
    """A deal that stayed in a stage for a year is one deal."""
    rows = pl.DataFrame(
        {
            ENTITY: ["long"] * 99 + [f"e{i}" for i in range(31)],
            LABEL: [1] * 99 + [0] * 31,
            "stage": ["s"] * 130,
        }
    )
    found, _ = ladder.fit(rows, Ladder((("stage",),), strength=1, minimum=30)).values(rows.head(1))

    assert found[0] < 0.05


@pytest.mark.parametrize(
    ("name", "value", "words", "told"),
    [
        ("visits", 3.0, {"visits": "{value:.0f} visits"}, "3 visits"),
        ("visits", None, {"visits": "visits: {value:.0f}"}, "visits: unknown"),
        ("stage_age", 12.0, {}, "stage age 12"),
        ("stage", "won", {}, "stage won"),
    ],
)
def test_reasons_read_as_people_speak(
    name: str, value: object, words: dict[str, str], told: str
) -> None:
    """Values, missing values and features without a template."""
    assert phrase(name, value, words) == told
