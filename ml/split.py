"""Cuts labelled rows by time: what may be learned from at a moment, and what it is then tested on.

A row may train at moment T when its outcome was known by then and it is *mature*: older than the 90th percentile of
time-to-outcome, so that slow outcomes had their chance. It may test at T when it lies after T, its outcome was not
known at T, and none of its entity's rows train at T. Method: rolling origin with the label's own delay as the gap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.frames import ENTITY, KNOWN, LABEL, TIME

MATURITY_QUANTILE = 0.9
LARGEST_MATURITY_SHARE = 0.25
TEST_FROM, VALIDATE_FROM = 0.70, (0.40, 0.70)
FEWEST_PER_CLASS = 10


@dataclass(frozen=True)
class Fold:
    """One origin: positions of the rows that train at it and of the rows that it is tested on."""

    origin: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Plan:
    """Folds for choosing and calibrating, and one later fold that only the final verdict looks at."""

    validation: tuple[Fold, ...]
    test: Fold


def mature(rows: pl.DataFrame, moment: int) -> np.ndarray:
    """Which rows were known and mature at `moment` (naive microseconds): a boolean array.

    The wait is at most a quarter of the history before `moment`, so that young installations can learn too.
    """
    time, known = rows[TIME].to_numpy(), rows[KNOWN].to_numpy()
    past = known <= moment
    if not past.any():
        return past
    wait = np.quantile(known[past] - time[past], MATURITY_QUANTILE)
    wait = min(float(wait), LARGEST_MATURITY_SHARE * float(moment - time[past].min()))
    return np.asarray(past & (time <= moment - wait))


def plan(rows: pl.DataFrame, grouped: bool = True) -> Plan | str:
    """The folds over `rows` (all known and mature), or in words why there can be none."""
    time, label = rows[TIME].to_numpy(), rows[LABEL].to_numpy()
    entity = rows[ENTITY].rank("dense").to_numpy()
    test = _fold(rows, entity, _at(time, TEST_FROM), None, grouped)
    if not _usable(test, label, entity):
        return "not enough history: too few outcomes before and after one date to test on"
    seen = time[test.train]
    ends = [_at(seen, share) for share in VALIDATE_FROM]
    folds = []
    for start, end in zip(ends, [*ends[1:], test.origin], strict=True):
        fold = _fold(rows, entity, start, (end, test.train), grouped)
        if _usable(fold, label, entity):
            folds.append(fold)
    if not folds:
        return "not enough history: too few outcomes to choose and calibrate before the test period"
    return Plan(tuple(folds), test)


def _at(time: np.ndarray, share: float) -> int:
    return int(np.quantile(time, share, method="nearest"))


def _fold(
    rows: pl.DataFrame,
    entity: np.ndarray,
    origin: int,
    within: tuple[int, np.ndarray] | None,
    grouped: bool,
) -> Fold:
    """Train and test positions at `origin`; `within` bounds the test rows by an end and a set of positions."""
    time, known = rows[TIME].to_numpy(), rows[KNOWN].to_numpy()
    train = mature(rows, origin)
    test = (time >= origin) & (known > origin)
    if grouped:
        test &= ~np.isin(entity, np.unique(entity[train]))
    if within:
        allowed = np.zeros(len(time), dtype=bool)
        allowed[within[1]] = True
        test &= (time < within[0]) & allowed
    return Fold(origin, np.flatnonzero(train), np.flatnonzero(test))


def _usable(fold: Fold, label: np.ndarray, entity: np.ndarray) -> bool:
    """Both outcomes on both sides, in at least ten entities each."""
    return all(
        len(np.unique(entity[part][label[part] == outcome])) >= FEWEST_PER_CLASS
        for part in (fold.train, fold.test)
        for outcome in (0, 1)
    )
