"""Weekdays: found where they differ, held back where they do not, and never learned from what judges them."""

from __future__ import annotations

import numpy as np
import pytest

from ml import weekdays
from ml.hours import HOURS
from ml.weekdays import DAYS, Cells


def world(late_weekend: float, people: int = 600, seed: int = 1) -> Cells:
    """People act mornings; on Saturdays and Sundays `late_weekend` of what they do moves to the evening."""
    rng = np.random.default_rng(seed)
    hour = np.arange(HOURS)
    morning, evening = (np.exp(-0.5 * ((hour - peak) / 2.0) ** 2) + 0.02 for peak in (9, 20))
    morning, evening = morning / morning.sum(), evening / evening.sum()
    truth = np.tile(morning, (DAYS, 1))
    truth[5:] = (1 - late_weekend) * morning + late_weekend * evening
    seen = rng.poisson(rng.gamma(2.0, 1.0, (people, 1, 1)) * truth)
    person, day, at = (part.ravel() for part in np.indices(seen.shape))
    foretold = truth.mean(axis=0)
    return Cells(person, day, at, seen.ravel().astype(float), foretold[at], person * DAYS + day)


def parts(cells: Cells) -> tuple[Cells, Cells, Cells]:
    third = cells.person % 3
    return cells.where(third == 0), cells.where(third == 1), cells.where(third == 2)


def test_weekends_that_differ_are_found_and_foretell_people_not_seen() -> None:
    """The factors come near the planted ones, and new people's hours are less surprising with them."""
    found = weekdays.fit(*parts(world(0.8)))
    fresh = world(0.8, seed=2)

    assert found.speaks, found.gate
    assert found.factors[5:, 20].min() > 1.8
    assert found.factors[:5, 20].max() < 0.6
    assert found.factors[5:, 9].max() < 0.6
    gain = weekdays.losses(fresh, weekdays.FLAT).sum() - weekdays.losses(fresh, found.factors).sum()
    assert gain / fresh.seen.sum() > 0.1


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_where_all_days_are_alike_every_factor_is_one(seed: int) -> None:
    """Held back, whatever noise the weekdays show."""
    found = weekdays.fit(*parts(world(0.0, seed=seed)))

    assert not found.speaks
    assert (found.factors == 1).all()


def test_with_few_events_nothing_is_judged() -> None:
    """Neither promoted nor refused: there is nothing to tell from."""
    found = weekdays.fit(*parts(world(0.8, people=30)))

    assert found.gate is None
    assert (found.factors == 1).all()


def test_what_judges_does_not_decide_what_it_judges() -> None:
    """Only the part that judges differs on weekends: the gate must refuse what was learned elsewhere."""
    learn, choose, _ = parts(world(0.0))
    _, _, test = parts(world(0.8))

    assert not weekdays.fit(learn, choose, test).speaks
