"""Drift: silent over healthy years however small or young the table, loud where a feature breaks."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from ml import drift, monitor
from ml.frames import ENTITY, KNOWN, TIME

DAY = 86_400_000_000
NAMES = tuple(f"f{number}" for number in range(8))
Tables = tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]


def year(seed: int, size: int, *, trend: float = 0.0, shift: float = 0.0) -> Tables:
    """Rows learned from, all rows, and rows scored now: `size` entities, looked at every thirty days for a year.

    All features are standard normal but `f0`, which rises by `trend` over the year and by `shift` in the newest rows;
    `f7` is a text of twelve values, some of them rare.
    """
    rng = np.random.default_rng(seed)
    moments = np.repeat(np.arange(13) * 30, size)
    known = {name: rng.normal(size=len(moments)) for name in NAMES[:-1]}
    known["f0"] = known["f0"] + trend * moments / 360 + shift * (moments == 360)
    rare = rng.choice(
        12, len(moments), p=np.array([30, 25, 15, 10, 8, 4, 3, 2, 1, 1, 0.5, 0.5]) / 100
    )
    every = pl.DataFrame(
        {
            ENTITY: np.tile(np.arange(size), 13).astype(str),
            TIME: moments * DAY,
            KNOWN: (moments + 45) * DAY,
            **known,
            "f7": np.array([f"value {n}" for n in range(12)])[rare],
        }
    )
    then = every.filter(pl.col(KNOWN) <= 360 * DAY)
    return then, every, every.filter(pl.col(TIME) == 360 * DAY)


def alarms(seeds: range, size: int, **more: float) -> float:
    """The share of years in which the watch warns."""
    told = [monitor.drift(drift.moved(*year(s, size, **more), NAMES)) for s in seeds]
    assert all(one.value is not None for one in told)
    return float(np.mean([not one.is_well for one in told]))


@pytest.mark.parametrize(("size", "trend"), [(120, 0.0), (120, 2.0), (600, 2.0)])
def test_a_healthy_year_is_silent(size: int, trend: float) -> None:
    """No warning in a dozen years, neither of a small table's noise nor of a feature that rises with the years."""
    assert alarms(range(12 if size < 600 else 4), size, trend=trend) == 0


def test_without_the_allowance_small_tables_would_cry_wolf() -> None:
    """What is tested above is needed: the same rising feature lies far beyond the line by itself."""
    found = drift.moved(*year(1, 120, trend=2.0), NAMES)["f0"]

    assert found.psi > monitor.DRIFTED_PSI
    assert found.usual > monitor.DRIFTED_PSI


@pytest.mark.parametrize("trend", [0.0, 2.0])
def test_a_break_is_caught(trend: float) -> None:
    """A feature that jumps by two standard deviations, on the same tables; and nothing else is accused."""
    assert alarms(range(6), 120, trend=trend, shift=2.0) >= 0.9
    told = monitor.drift(drift.moved(*year(1, 1000, trend=trend, shift=2.0), NAMES))

    assert not told.is_well
    assert not told.is_held
    assert told.seen.startswith("PSI unlike before: f0 ")
    assert "f1 " not in told.seen


def test_a_column_that_empties_is_caught() -> None:
    """Numbers that are gone, and texts that are all new."""
    then, every, now = year(2, 120)
    broken = now.with_columns(f3=pl.lit(None, pl.Float64), f7=pl.lit("new"))
    told = monitor.drift(drift.moved(then, every, broken, NAMES))

    assert "f3 " in told.seen
    assert "f7 " in told.seen


def test_chance_alone_adds_what_the_literature_says() -> None:
    """The mean PSI of two samples of the same thing is about (bins - 1)(1/n + 1/m)."""
    rng = np.random.default_rng(4)
    found = []
    for _ in range(300):
        before, after = drift.counts(
            pl.Series(rng.normal(size=900)), pl.Series(rng.normal(size=300))
        )
        found.append(drift.psi(after, before))

    assert np.mean(found) == pytest.approx(9 * (1 / 900 + 1 / 300), rel=0.15)


def test_without_a_past_nothing_is_said() -> None:
    """One moment only: nobody knows what is usual, and the watch says so."""
    then, every, now = year(3, 120)
    told = monitor.drift(drift.moved(now.with_columns(), now, now, NAMES))

    assert told.is_well
    assert told.value is None
    assert "history" in told.seen
    assert drift.moved(then.head(20), every, now, NAMES) == {}
