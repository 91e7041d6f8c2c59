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


def alone(
    rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]
) -> list[tuple[str, float]]:
    """Each feature with the AUC that its value, or its absence, has alone over labelled rows; the highest first."""
    if rows.height > ROWS_LOOKED_AT:
        rows = rows.sample(ROWS_LOOKED_AT, seed=11)
    y = rows[LABEL].to_numpy().astype(np.float64)
    if min(y.sum(), len(y) - y.sum()) < FEWEST_OF_EACH:
        return []
    numbers = set(numeric)
    found = []
    for name in (*numeric, *categorical):
        told = _numbers(rows, name) if name in numbers else _texts(rows, name)
        found.append((name, max(_area(y, column) for column in told)))
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


def _numbers(rows: pl.DataFrame, name: str) -> list[Floats]:
    value = rows[name].cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy()
    missing = np.isnan(value)
    seen = value[~missing]
    middle = float(np.median(seen)) if len(seen) else 0.0
    return [np.where(missing, middle, value), missing.astype(np.float64)]


def _texts(rows: pl.DataFrame, name: str) -> list[Floats]:
    """Categories by the outcomes of other entities, so that a value of its own per row tells nothing."""
    texts = rows[name].cast(pl.String).fill_null("")
    return [effects.in_parts(texts, rows)]


def _area(y: Floats, value: Floats) -> float:
    area = auc(y, value)
    return 0.5 if area is None else max(area, 1 - area)
