"""Which of very many features take part: those that, each by itself, tell the outcome most, on training rows alone.

Hundreds of columns that say nothing cost more than time: a penalty shared by all of them shrinks the few that matter.
Each feature gets a score test of independence from the label (a number by its rank, its squared rank and its absence,
which catches rising, falling and U-shaped relations; a category by its values), and the surest stay. It runs
inside every fold, never on rows that are tested. Method: sure independence screening (Fan and Lv 2008).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ml.frames import LABEL
from ml.metrics import Floats

# Up to so many features all take part.
MOST_FEATURES = 150
ROWS_LOOKED_AT = 50_000
COLUMNS_AT_ONCE = 200
FEWEST_ROWS_PER_VALUE = 10
NOTHING = 1e-9


def most_telling(
    rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The numeric and the categorical features that take part, in the order given."""
    if len(numeric) + len(categorical) <= MOST_FEATURES or LABEL not in rows.columns:
        return list(numeric), list(categorical)
    if rows.height > ROWS_LOOKED_AT:
        rows = rows.sample(ROWS_LOOKED_AT, seed=31)
    label = rows[LABEL].cast(pl.Float64).to_numpy()
    starts = range(0, len(numeric), COLUMNS_AT_ONCE)
    strength = [numbers(rows.select(numeric[i : i + COLUMNS_AT_ONCE]), label) for i in starts]
    strength += [np.array([values(rows[name], label)]) for name in categorical]
    best = np.argsort(-np.concatenate(strength), kind="stable")[:MOST_FEATURES]
    kept = {(*numeric, *categorical)[position] for position in best}
    return [name for name in numeric if name in kept], [n for n in categorical if n in kept]


def numbers(columns: pl.DataFrame, label: Floats) -> Floats:
    """For each column how surely it says something of `label` (0 or 1), in standard deviations."""
    clean = columns.select(pl.all().cast(pl.Float64, strict=False).fill_nan(None))
    place = np.asarray(clean.select(pl.all().rank("average")).to_numpy(), dtype=np.float64)
    missing = np.isnan(place)
    seen = np.maximum((~missing).sum(axis=0), 1)
    # Ranks from -1 to 1 whose mean over the rows that have a value is 0.
    line = np.where(missing, 0.0, (2 * place - seen - 1) / seen)
    square = np.where(missing, 0.0, line**2)
    square = np.where(missing, 0.0, square - square.sum(axis=0) / seen)
    along = (line * square).sum(axis=0) / np.maximum((line**2).sum(axis=0), NOTHING)
    absent = missing - missing.mean(axis=0)
    gap = label - label.mean()
    told, freedom = np.zeros(columns.width), np.zeros(columns.width)
    for part in (line, square - along * line, absent):
        size = (part**2).sum(axis=0)
        varies = size > NOTHING * len(label)
        freedom += varies
        told += np.where(varies, (gap @ part) ** 2 / np.maximum(size, NOTHING), 0.0)
    return _surprise(told / max(gap @ gap, NOTHING) * len(label), freedom)


def values(column: pl.Series, label: Floats) -> float:
    """The same for a category; its rare values count as one."""
    texts = column.cast(pl.String).rename("value").to_frame().with_columns(y=pl.Series(label))
    counted = texts.group_by("value", maintain_order=True).agg(pl.col("y").sum(), n=pl.len())
    won, size = counted["y"].to_numpy(), counted["n"].to_numpy().astype(np.float64)
    often = size >= FEWEST_ROWS_PER_VALUE
    if not often.all():
        won = np.append(won[often], won[~often].sum())
        size = np.append(size[often], size[~often].sum())
    rate = float(label.mean())
    told = ((won - rate * size) ** 2 / size).sum() / max(rate * (1 - rate), NOTHING)
    return float(_surprise(np.array([told]), np.array([len(size) - 1.0]))[0])


def _surprise(statistic: Floats, freedom: Floats) -> Floats:
    """Chi squared with its degrees of freedom as standard deviations of a normal (Wilson and Hilferty 1931).

    A p-value itself would be nought for all that tell much.
    """
    spread = 2 / (9 * np.maximum(freedom, 1))
    found = (np.cbrt(statistic / np.maximum(freedom, 1)) - (1 - spread)) / np.sqrt(spread)
    return np.asarray(np.where(freedom > 0, found, -np.inf))
