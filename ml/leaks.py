"""Looks for features that alone tell the outcome, which usually means that they were filled in after it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ml import effects
from ml.frames import LABEL
from ml.metrics import Floats, auc

SUSPICIOUS = 0.98
ROWS_LOOKED_AT = 50_000
FEWEST_OF_EACH = 20


def leaks(
    rows: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]
) -> list[tuple[str, float]]:
    """The features of labelled rows whose value, or whose absence, alone has an AUC above .98, with that AUC."""
    if rows.height > ROWS_LOOKED_AT:
        rows = rows.sample(ROWS_LOOKED_AT, seed=11)
    y = rows[LABEL].to_numpy().astype(np.float64)
    if min(y.sum(), len(y) - y.sum()) < FEWEST_OF_EACH:
        return []
    found = []
    for name in (*numeric, *categorical):
        told = _numbers(rows, name) if name in numeric else _texts(rows, name)
        area = max(_area(y, column) for column in told)
        if area > SUSPICIOUS:
            found.append((name, area))
    return found


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
