"""Cuts labelled rows into folds: what may be learned from at an origin, and the later cohort it is then tested on.

A row may train at origin T when its outcome was known by then and it is *mature*: older than the 90th percentile of
time-to-outcome, so that slow outcomes had their chance. It may test at T when it lies between T and the next origin and
its outcome was not known at T, so that the gap is the label's own delay. Method: rolling origin; where rows have no
time, folds of whole entities by chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl

from ml.frames import ENTITY, KNOWN, LABEL, MICROSECONDS_PER_DAY, TIME, parts

MATURITY_QUANTILE = 0.9
LARGEST_MATURITY_SHARE = 0.25
# Shares of the rows at which origins lie, from fine to coarse; the first that gives enough folds is used.
GRIDS = ((0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9), (0.4, 0.6, 0.8), (0.5, 0.75), (0.7,), (0.5,))
TEST_FROM, FEWEST_ORIGINS = 0.70, 3
FOLDS, INNER_FOLDS = 5, 3
# Were more of the test rows left out because their entity is known already, another population would be tested.
MOST_KNOWN_ALREADY = 0.2
FEWEST_PER_CLASS = 10
# A time that is only an order counts seconds from 1970 (ml.infer); nobody's rows are that old.
ORDERS_BELOW = 200_000_000 * 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fold:
    """One origin: positions of the rows that train at it and of the rows that it is tested on."""

    name: str
    origin: int
    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Part:
    """Those rows of a fold's test (a boolean array over it) that may be looked at, by the fold's position."""

    fold: int
    seen: np.ndarray


@dataclass(frozen=True)
class Stage:
    """One rehearsal of what is done today: chosen and calibrated on `validation`, tested on fold `fold`."""

    fold: int
    validation: tuple[Part, ...]


@dataclass(frozen=True)
class Plan:
    """Folds, the stages that are judged, and what choosing and calibrating may look at today, newest last."""

    folds: tuple[Fold, ...]
    stages: tuple[Stage, ...]
    today: tuple[Part, ...]
    told: str


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


def plan(rows: pl.DataFrame, grouped: bool | None = None, timed: bool = True) -> Plan | str:
    """The folds over `rows` (all known and mature, sorted by time), or in words why there can be none.

    `grouped` keeps an entity's rows off both sides of a cut; None does so where that costs no more than a fifth of the
    test rows: where the same contacts are asked about month after month, newcomers alone would stand for everybody.
    """
    if not timed:
        return _by_entity(rows)
    if grouped is None:
        grouped = not _recurs(rows)
    for grid in GRIDS:
        found = _rolling(rows, grid, grouped)
        if found and (len(found.stages) >= FEWEST_ORIGINS or grid == GRIDS[-1]):
            return found
        if found and len(grid) <= FEWEST_ORIGINS:
            return found
    return "not enough history: too few outcomes before and after one date to test on"


def _recurs(rows: pl.DataFrame) -> bool:
    """Whether so many entities come again that keeping them on one side of a cut would test another population."""
    time, known = rows[TIME].to_numpy(), rows[KNOWN].to_numpy()
    if not len(time):
        return False
    origin = _at(time, TEST_FROM)
    entity = rows[ENTITY].rank("dense").to_numpy()
    test = (time >= origin) & (known > origin)
    old = np.isin(entity[test], np.unique(entity[known <= origin]))
    return bool(len(old) and old.mean() > MOST_KNOWN_ALREADY)


def _rolling(rows: pl.DataFrame, grid: tuple[float, ...], grouped: bool) -> Plan | None:
    time = rows[TIME].to_numpy()
    if not len(time):
        return None
    entity = rows[ENTITY].rank("dense").to_numpy()
    origins = sorted({_at(time, share) for share in grid})
    ends = [*origins[1:], int(time.max()) + 1]
    cut = [
        _fold(rows, entity, start, end, grouped) for start, end in zip(origins, ends, strict=True)
    ]
    folds = [fold for fold in cut if _usable(fold, rows, entity)]
    if not folds:
        return None
    newest = [i for i, fold in enumerate(folds) if fold.origin >= _at(time, TEST_FROM)]
    tested = newest if len(newest) >= FEWEST_ORIGINS else list(range(len(folds)))[-FEWEST_ORIGINS:]
    stages: list[Stage] = []
    inner: list[Fold] = []
    for number in tested:
        seen = _seen(rows, folds[:number], mature(rows, folds[number].origin), entity)
        if not seen:
            inside = _inside(rows, folds[number])
            seen = tuple(
                Part(len(folds) + len(inner) + i, np.ones(len(fold.test), dtype=bool))
                for i, fold in enumerate(inside)
            )
            inner += inside
        if seen:
            stages.append(Stage(number, seen))
    if not stages:
        return None
    today = tuple(Part(i, np.ones(len(fold.test), dtype=bool)) for i, fold in enumerate(folds))
    return Plan((*folds, *inner), tuple(stages), today, _told(rows, folds, stages, grouped))


def _fold(rows: pl.DataFrame, entity: np.ndarray, origin: int, end: int, grouped: bool) -> Fold:
    time, known = rows[TIME].to_numpy(), rows[KNOWN].to_numpy()
    train = mature(rows, origin) & (time < origin)
    # An outcome may come at the origin itself only where it comes with its row.
    later = (known > origin) | ((known == origin) & (time == origin))
    test = (time >= origin) & (time < end) & later
    if grouped:
        test &= ~np.isin(entity, np.unique(entity[train]))
    name = f"from {EPOCH + timedelta(microseconds=origin):%Y-%m-%d}"
    if abs(time).max() < ORDERS_BELOW:
        name = f"from number {origin // 1_000_000:,}"
    return Fold(name, origin, np.flatnonzero(train), np.flatnonzero(test))


def _seen(
    rows: pl.DataFrame, folds: list[Fold], known: np.ndarray, entity: np.ndarray
) -> tuple[Part, ...]:
    """The rows of earlier cohorts whose outcomes were known; none when they are too few of a kind."""
    label = rows[LABEL].to_numpy()
    every = (Part(i, known[fold.test]) for i, fold in enumerate(folds))
    found = tuple(part for part in every if part.seen.any())
    if not found:
        return ()
    here = np.concatenate([folds[part.fold].test[part.seen] for part in found])
    return found if _both(here, label, entity) else ()


def _inside(rows: pl.DataFrame, fold: Fold) -> list[Fold]:
    """Folds of whole entities within the training rows, for histories too short to hold a cohort between."""
    part = rows[fold.train]
    entity = part[ENTITY].rank("dense").to_numpy()
    found = []
    for name, train, test in _hashed(part, INNER_FOLDS):
        one = Fold(name, fold.origin, train, test)
        if _usable(one, part, entity):
            found.append(Fold(name, fold.origin, fold.train[train], fold.train[test]))
    return found


def _by_entity(rows: pl.DataFrame) -> Plan | str:
    entity = rows[ENTITY].rank("dense").to_numpy() if rows.height else np.zeros(0)
    cut = [Fold(name, 0, train, test) for name, train, test in _hashed(rows, FOLDS)]
    folds = [fold for fold in cut if _usable(fold, rows, entity)]
    if len(folds) < FOLDS:
        return (
            "not enough data: too few outcomes to learn from in one part and to test on in another"
        )
    every = [Part(i, np.ones(len(fold.test), dtype=bool)) for i, fold in enumerate(folds)]
    stages = tuple(
        Stage(i, tuple(part for part in every if part.fold != i)) for i in range(len(folds))
    )
    told = f"{FOLDS} folds of whole entities, for the rows have no time: no later cohort was tested"
    return Plan(tuple(folds), stages, tuple(every), told)


def _hashed(rows: pl.DataFrame, count: int) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """(name, train, test) positions for each of `count` parts; an entity's part hangs on its name alone."""
    share = parts(rows, count, seed=17)
    return [
        (f"fold {i + 1}", np.flatnonzero(share != i), np.flatnonzero(share == i))
        for i in range(count)
    ]


def _told(rows: pl.DataFrame, folds: list[Fold], stages: list[Stage], grouped: bool) -> str:
    names = [folds[stage.fold].name.removeprefix("from ") for stage in stages]
    gap = np.quantile((rows[KNOWN] - rows[TIME]).to_numpy(), MATURITY_QUANTILE)
    days = f", outcomes known after {gap / MICROSECONDS_PER_DAY:,.0f} days" if gap else ""
    kept = "each entity on one side of a cut" if grouped else "entities may come again later"
    return f"{len(names)} rolling origins ({', '.join(names)}){days}, {kept}"


def _at(time: np.ndarray, share: float) -> int:
    return int(np.quantile(time, share, method="nearest"))


def _usable(fold: Fold, rows: pl.DataFrame, entity: np.ndarray) -> bool:
    label = rows[LABEL].to_numpy()
    return all(_both(part, label, entity) for part in (fold.train, fold.test))


def _both(part: np.ndarray, label: np.ndarray, entity: np.ndarray) -> bool:
    """Both outcomes, in at least ten entities each."""
    return all(
        len(np.unique(entity[part][label[part] == outcome])) >= FEWEST_PER_CLASS
        for outcome in (0, 1)
    )
