"""Looks for features that alone tell the outcome, which usually means that they were filled in after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ml import effects
from ml.frames import LABEL
from ml.metrics import Floats, auc

SUSPICIOUS, TOO_GOOD = 0.98, 0.97
ROWS_LOOKED_AT = 50_000
FEWEST_OF_EACH = 20
COLUMNS_AT_ONCE = 200


def alone(
    rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]
) -> list[tuple[str, float]]:
    """Each feature with the AUC that its value, or its absence, has alone over labelled rows; the highest first."""
    if rows.height > ROWS_LOOKED_AT:
        rows = rows.sample(ROWS_LOOKED_AT, seed=11)
    y = rows[LABEL].to_numpy().astype(np.float64)
    if min(y.sum(), len(y) - y.sum()) < FEWEST_OF_EACH:
        return []
    found = [area for start in range(0, len(numeric), COLUMNS_AT_ONCE)
             for area in _numbers(rows, numeric[start : start + COLUMNS_AT_ONCE], y)]  # fmt: skip
    found += [(name, _area(y, _texts(rows, name))) for name in categorical]
    return sorted(found, key=lambda one: -one[1])


def warnings(found: Sequence[tuple[str, float]], served: float | None) -> tuple[str, ...]:
    """What to tell a person: features that alone are too good, or a model that is; `served` is its AUC, if any."""
    told = [words(name, area) for name, area in found if area > SUSPICIOUS]
    if not told and found and served is not None and served > TOO_GOOD:
        name, area = found[0]
        told = [
            f"looks like a leak: an AUC of {served:.3f} is more than such questions allow; the column that tells most "
            f"is {name} (alone {area:.3f}). Was it filled in afterwards? Leave it out if so"
        ]
    return tuple(told)


def words(name: str, area: float) -> str:
    """What to tell a person."""
    return (
        f"looks like a leak: {name} alone tells the outcome (AUC {area:.3f}); "
        "was it filled in afterwards? Leave it out if so"
    )


def _numbers(rows: pl.DataFrame, names: Sequence[str], y: Floats) -> list[tuple[str, float]]:
    """By ranks, many columns at once; an absent value stands in the middle, and its absence is looked at by itself."""
    clean = rows.select(pl.col(names).cast(pl.Float64, strict=False).fill_nan(None))
    absent = clean.select(pl.all().is_null().cast(pl.Float64)).to_numpy()
    ranks = clean.select(pl.all().fill_null(pl.all().median()).fill_null(0.0).rank()).to_numpy()
    won = float(y.sum())
    lost = len(y) - won
    by_value = (y @ ranks - won * (won + 1) / 2) / (won * lost)
    by_absence = 0.5 + ((y @ absent) / won - ((1 - y) @ absent) / lost) / 2
    most = 0.5 + np.maximum(np.abs(by_value - 0.5), np.abs(by_absence - 0.5))
    return list(zip(names, most.tolist(), strict=True))


def _texts(rows: pl.DataFrame, name: str) -> Floats:
    """Categories by the outcomes of other entities, so that a value of its own per row tells nothing."""
    texts = rows[name].cast(pl.String).fill_null("")
    return effects.in_parts(texts, rows)


def _area(y: Floats, value: Floats) -> float:
    area = auc(y, value)
    return 0.5 if area is None else max(area, 1 - area)
