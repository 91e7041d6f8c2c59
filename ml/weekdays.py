"""What a weekday adds to the hours of all days: per weekday and local hour one factor, shrunk to 1, or none at all.

A factor compares what was seen at that hour of that weekday with what people's own days foretold for it. It is learned
from one part of what happened and must foretell another part better than days without weekdays, by a margin that chance
does not explain; else every factor is 1, and hours stay as they were. Factors act within a weekday or a stretch of
hours: whether Mondays are better than Sundays as a whole they tell only as far as the same people were seen on both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.gate import Gate, judge
from ml.hours import HOURS, smooth
from ml.metrics import Floats

DAYS = 7
# How many events as foretold every factor begins with; the best on the second part is taken.
STRENGTHS = (5.0, 20.0, 80.0, 320.0)
SMALLEST_SKILL = 0.002
FEWEST_EVENTS = 200
FLAT = np.ones((DAYS, HOURS))


@dataclass(frozen=True)
class Cells:
    """Events in cells, one row per person, weekday and hour: `person`, `day` (0 Monday) and `hour` are positions.

    `seen` counts what happened there; `chance` is proportional to what was expected there without a weekday, and is
    compared within `group`: the cells among which one event could have fallen.
    """

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    hour: NDArray[np.int64]
    seen: Floats
    chance: Floats
    group: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> Cells:
        """Some of the cells."""
        return Cells(
            self.person[keep], self.day[keep], self.hour[keep], self.seen[keep], self.chance[keep], self.group[keep]
        )  # fmt: skip


@dataclass(frozen=True)
class Weekdays:
    """`factors` (7 × 24) multiply the chances of hours; all 1 where `gate` did not pass, or is None: too few events."""

    factors: Floats
    gate: Gate | None
    strength: float | None

    @property
    def speaks(self) -> bool:
        """Whether a weekday changes anything."""
        return self.gate is not None and self.gate.passed


def fit(learn: Cells, choose: Cells, test: Cells, seed: int = 7) -> Weekdays:
    """Factors from `learn`, their strength by `choose`, judged on `test`, and then learned anew from all three."""
    if min(learn.seen.sum(), choose.seen.sum(), test.seen.sum()) < FEWEST_EVENTS:
        return Weekdays(FLAT, None, None)
    lost = [float(losses(choose, factors(learn, strength)).sum()) for strength in STRENGTHS]
    strength = STRENGTHS[int(np.argmin(lost))]
    if min(lost) >= float(losses(choose, FLAT).sum()):
        found = factors(learn, strength)
        return Weekdays(FLAT, _judged(test, found, seed, needed=np.inf), None)
    gate = _judged(test, factors(_both(learn, choose), strength), seed)
    if not gate.passed:
        return Weekdays(FLAT, gate, None)
    return Weekdays(factors(_both(_both(learn, choose), test), strength), gate, strength)


def factors(cells: Cells, strength: float) -> Floats:
    """One factor per weekday and hour (7 × 24): seen over foretold, both smoothed around the clock and shrunk to 1."""
    seen, foretold = np.zeros((DAYS, HOURS)), np.zeros((DAYS, HOURS))
    share = cells.chance / np.bincount(cells.group, weights=cells.chance)[cells.group]
    total = np.bincount(cells.group, weights=cells.seen)[cells.group]
    np.add.at(seen, (cells.day, cells.hour), cells.seen)
    np.add.at(foretold, (cells.day, cells.hour), share * total)
    return np.asarray((smooth(seen) + strength) / (smooth(foretold) + strength))


def losses(cells: Cells, found: Floats) -> Floats:
    """The surprise of what was seen in each cell, in nats, under chances times factors."""
    chance = cells.chance * found[cells.day, cells.hour]
    share = chance / np.bincount(cells.group, weights=chance)[cells.group]
    return np.asarray(-cells.seen * np.log(np.maximum(share, 1e-12)))


def _both(one: Cells, other: Cells) -> Cells:
    shift = int(one.group.max(initial=-1)) + 1
    return Cells(
        np.concatenate([one.person, other.person]),
        np.concatenate([one.day, other.day]),
        np.concatenate([one.hour, other.hour]),
        np.concatenate([one.seen, other.seen]),
        np.concatenate([one.chance, other.chance]),
        np.concatenate([one.group, other.group + shift]),
    )


def _judged(test: Cells, found: Floats, seed: int, needed: float = SMALLEST_SKILL) -> Gate:
    """Per event, people resampled whole."""
    people, place = np.unique(test.person, return_inverse=True)
    events = np.bincount(place, weights=test.seen)
    use = events > 0
    with_, without = (
        np.bincount(place, weights=losses(test, one))[use] / events[use].mean()
        for one in (found, FLAT)
    )
    return judge(with_, without, people[use], seed, needed=needed)
