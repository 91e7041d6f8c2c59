"""How far features lie from what was learned from: beyond what chance does, and beyond what they always did.

The population stability index (PSI) is the sum of (now − before) × ln(now / before) over bins. Of two samples of the
same thing it is about (1/n + 1/m) times a chi-square of one degree less than there are bins (Yurdakul and Naranjo 2020,
Statistical properties of the population stability index, Journal of Risk Model Validation 14(4)): its mean is taken
off, and its spread, that of a noncentral chi-square, is allowed for. Sizes count independent entities.

Rows that are scored differ from rows that were learned from in any healthy year: they are later, and still open. So the
same is asked of a few past moments, of what would have been scored then and what would have been learned from by then.
That much was there when the model was tested; only what exceeds the most of it, and where it was heading, is news.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy.stats import norm

from ml.frames import ENTITY, KNOWN, TIME
from ml.metrics import Floats, effective_size
from ml.result import Moved

FEWEST_ROWS, FEWEST_THEN = 100, 50
MOST_ROWS = 100_000
MOMENTS, STEPS = 3, 8  # so many past moments, an eighth of the history apart
FALSE_ALARMS = 0.01  # of healthy nights, over all features together
FEWEST_IN_BIN = 5.0
TENTHS = np.linspace(0.1, 0.9, 9)


def moved(
    then: pl.DataFrame, every: pl.DataFrame, now: pl.DataFrame, names: tuple[str, ...]
) -> dict[str, Moved]:
    """Each feature in `now`, the rows that are scored, beside `then`, those that were learned from.

    All have the columns ENTITY and TIME, `then` also KNOWN. `every` are all rows that were there, of which those that
    would have been scored at past moments are taken. Empty where there are too few rows, or no past moment.
    """
    now, then = _some(now), _some(then)
    if min(then.height, now.height) < FEWEST_ROWS:
        return {}
    past = _past(then, every, now)
    if not past:
        return {}
    sure = float(norm.ppf(1 - FALSE_ALARMS / max(1, len(names))))
    found = {}
    for name in names:
        if name in then.columns:
            value, spread = _psi(then, now, name)
            usual, error = _usual([_psi(*one, name) for one in past])
            found[name] = Moved(value, usual, sure * float(np.hypot(spread, error)))
    return found


def _usual(past: list[tuple[float, float]]) -> tuple[float, float]:
    """The most of the past, or where it was heading, with its standard error; `past` is the newest first."""
    newest, oldest = past[0], past[-1]
    steps = len(past) - 1
    heading = newest[0] + (newest[0] - oldest[0]) / max(1, steps)
    error = float(np.hypot(newest[1] * (1 + 1 / max(1, steps)), oldest[1] / max(1, steps)))
    return max(*past, (heading, error))


def _past(
    then: pl.DataFrame, every: pl.DataFrame, now: pl.DataFrame
) -> list[tuple[pl.DataFrame, pl.DataFrame]]:
    """What was learned from and what was scored at past moments, the newest first."""
    start, end = every[TIME].min(), now[TIME].min()
    if not isinstance(start, int) or not isinstance(end, int) or start >= end:
        return []
    step = (end - start) // STEPS
    gaps = (
        every.sort(ENTITY, TIME).select(pl.col(TIME).diff().over(ENTITY)).to_series().drop_nulls()
    )
    usual = gaps.filter(gaps > 0).median()
    width = min(step, int(usual)) if isinstance(usual, float) else step
    found = []
    for number in range(1, MOMENTS + 1):
        moment = end - number * step
        seen = every.filter(pl.col(TIME).is_between(moment - width, moment, closed="right"))
        seen = seen.sort(TIME).unique(ENTITY, keep="last", maintain_order=True)
        known = then.filter(pl.col(KNOWN) <= moment)
        if known.height >= FEWEST_ROWS and seen.height >= FEWEST_THEN:
            found.append((known, _some(seen)))
    return found


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    """At most so many rows, spread evenly over all."""
    return rows if rows.height <= MOST_ROWS else rows.gather_every(-(-rows.height // MOST_ROWS))


def _psi(then: pl.DataFrame, now: pl.DataFrame, name: str) -> tuple[float, float]:
    """The PSI of one feature less its mean under chance, and its standard error."""
    before, after = counts(then[name], now[name])
    scale = sum(
        1 / max(1.0, effective_size(rows[ENTITY].rank("dense").to_numpy())) for rows in (then, now)
    )
    value = max(0.0, psi(after, before) - (len(before) - 1) * scale)
    return value, float(np.sqrt(2 * (len(before) - 1) * scale**2 + 4 * scale * value))


def psi(now: Floats, before: Floats) -> float:
    """Σ (now − before) ln(now / before) over shares of counts; half a row more in each bin, so that none is empty."""
    now, before = ((part + 0.5) / (part.sum() + 0.5 * len(part)) for part in (now, before))
    return float(((now - before) * np.log(now / before)).sum())


def counts(then: pl.Series, now: pl.Series) -> tuple[Floats, Floats]:
    """Rows by bin in both: tenths of `then` for numbers, values for texts, the absent in a bin of their own.

    Values so rare that they would be there less than five times in the smaller one are one bin.
    """
    if then.dtype == pl.String or now.dtype == pl.String:
        before, after = (s.cast(pl.String).fill_null("").value_counts() for s in (then, now))
        joined = before.join(after, on=before.columns[0], how="full", suffix=" now").fill_null(0)
        # A sum of floats depends on its order, and a join has none.
        table = joined.sort("count", "count now").select("count", "count now").to_numpy()
        table = np.asarray(table, dtype=np.float64)
        total = table.sum(axis=0)
        rare = table.sum(axis=1) / total.sum() * total.min() < FEWEST_IN_BIN
        table = np.vstack([table[~rare], table[rare].sum(axis=0, keepdims=True)])
        return table[:, 0], table[:, 1]
    old, new = (
        s.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy() for s in (then, now)
    )
    known = old[np.isfinite(old)]
    edges = np.unique(np.quantile(known, TENTHS)) if len(known) else known
    found = np.stack([_counts(values, edges) for values in (old, new)])
    found = found[:, found.any(axis=0)]
    return found[0], found[1]


def _counts(values: Floats, edges: Floats) -> Floats:
    finite = np.isfinite(values)
    place = np.where(
        finite, np.searchsorted(edges, np.where(finite, values, 0.0), side="right"), len(edges) + 1
    )
    return np.bincount(place, minlength=len(edges) + 2).astype(np.float64)
