"""BG/NBD and Gamma-Gamma: parameters come back, figures agree with simulation, and totals are not far off."""

from __future__ import annotations

import numpy as np
import pytest

from ml.purchases import Buyers, Habits, fit

TRUE = Habits(r=0.6, alpha=6.0, a=0.8, b=2.5, p=5.0, q=4.0, v=3.0)
WEEKS = 39.0


@pytest.fixture(scope="module")
def world() -> tuple[Buyers, np.ndarray, np.ndarray, np.ndarray]:
    """4,000 customers drawn from TRUE: their past, their orders and value in the next weeks, and who is still there."""
    rng = np.random.default_rng(4)
    size = 4000
    rate, leaves = rng.gamma(TRUE.r, 1 / TRUE.alpha, size), rng.beta(TRUE.a, TRUE.b, size)
    age, scale = rng.uniform(20, 52, size), rng.gamma(TRUE.q, 1 / TRUE.v, size)
    repeats, last, later, alive = (np.zeros(size) for _ in range(4))
    for i in range(size):
        at, stays = 0.0, True
        while stays:
            at += rng.exponential(1 / rate[i])
            if at > age[i] + WEEKS:
                break
            if at > age[i]:
                later[i] += 1
            else:
                repeats[i], last[i] = repeats[i] + 1, at
            stays = rng.random() >= leaves[i]
        alive[i] = stays or later[i] > 0
    value = rng.gamma(TRUE.p * (repeats + 1)) / scale / (repeats + 1)
    return Buyers(repeats, last, age, value, repeats + 1), later, later * TRUE.p / scale, alive


def test_the_parameters_come_back(world: tuple[Buyers, np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Those that the data pin down, within a fifth; the mean order rate within a tenth."""
    found = fit(world[0], seed=1)

    assert found.r == pytest.approx(TRUE.r, rel=0.2)
    assert found.r / found.alpha == pytest.approx(TRUE.r / TRUE.alpha, rel=0.1)
    assert found.a / (found.a + found.b) == pytest.approx(TRUE.a / (TRUE.a + TRUE.b), rel=0.2)
    assert found.p * found.v / (found.q - 1) == pytest.approx(5.0, rel=0.1)


def test_what_is_expected_comes(world: tuple[Buyers, np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Totals within a tenth, by how often they had bought, and the chance of being there as well."""
    who, later, value, alive = world
    orders, spend = TRUE.orders(who, WEEKS), TRUE.spend(who)

    for part in (who.repeats == 0, (who.repeats > 0) & (who.repeats < 5), who.repeats >= 5):
        assert orders[part].sum() == pytest.approx(later[part].sum(), rel=0.12)
        assert TRUE.alive(who)[part].mean() == pytest.approx(alive[part].mean(), abs=0.04)
    assert (orders * spend).sum() == pytest.approx(value.sum(), rel=0.1)


def test_nine_of_ten_lie_in_the_interval(
    world: tuple[Buyers, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """At least: orders are whole, so many intervals begin at nothing and hold a little more."""
    who, _, value, _ = world
    low, high = TRUE.interval(who, WEEKS, 200, seed=2)
    inside = (value >= low) & (value <= high)

    assert 0.88 <= inside.mean() <= 0.97
    assert (low <= high).all()


def test_the_closed_form_agrees_with_drawn_futures(
    world: tuple[Buyers, np.ndarray, np.ndarray, np.ndarray],
) -> None:
    """The mean over many drawn futures of the busiest customers is the expectation, near a = 1 as well."""
    who = Buyers(*(np.array([v]) for v in (6.0, 30.0, 34.0, 1.0, 7.0)))
    for a in (0.6, 1.0, 1.7):
        habits = Habits(TRUE.r, TRUE.alpha, a, TRUE.b, TRUE.p, TRUE.q, TRUE.v)
        rng = np.random.default_rng(3)
        rate = rng.gamma(TRUE.r + 6, 1 / (TRUE.alpha + 34), 400_000)
        until = rng.geometric(np.clip(rng.beta(a, TRUE.b + 6, 400_000), 1e-12, 1))
        drawn = np.minimum(rng.poisson(rate * WEEKS), until).mean() * habits.alive(who)[0]

        assert habits.orders(who, WEEKS)[0] == pytest.approx(drawn, rel=0.02)
