"""How good probabilities are, as plain functions of outcomes `y` (0 or 1) and probabilities `p`, both of length n."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.result import BINS, LIFT, Metric

Floats = NDArray[np.float64]

ECE_BINS = 15
SMALLEST = 1e-6


def losses(y: Floats, p: Floats) -> Floats:
    """Log loss of each row, in nats."""
    p = np.clip(p, SMALLEST, 1 - SMALLEST)
    return np.asarray(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def ece(y: Floats, p: Floats) -> float:
    """Expected calibration error over 15 bins of equal mass: the mean of |observed - predicted|."""
    table = bins(y, p, ECE_BINS)
    gap = (table["observed_rate"] - table["predicted_mean"]).abs()
    return float((gap * table["row_count"]).sum() / max(1, len(y)))


def ece_floor(p: Floats, effective: float) -> float:
    """The calibration error that a perfect model would show by chance with so many independent outcomes."""
    return float(0.8 * math.sqrt(ECE_BINS * float(np.mean(p * (1 - p))) / max(1.0, effective)))


def effective_size(entity: NDArray[Any]) -> float:
    """How many independent outcomes rows are worth whose entities share one each (Kish's formula)."""
    _, sizes = np.unique(entity, return_counts=True)
    return float(sizes.sum() ** 2 / np.square(sizes, dtype=np.float64).sum()) if len(sizes) else 0.0


def bins(y: Floats, p: Floats, count: int = ECE_BINS) -> pl.DataFrame:
    """Reliability: rows cut by probability into `count` bins of equal mass, columns as in ml.calibration_bins."""
    if len(y) == 0:
        return pl.DataFrame(schema=BINS)
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, count) if len(part)]
    return pl.DataFrame(
        {
            "bin": np.arange(len(parts), dtype=np.int64),
            "predicted_mean": [float(p[part].mean()) for part in parts],
            "observed_rate": [float(y[part].mean()) for part in parts],
            "row_count": [len(part) for part in parts],
        },
        schema=BINS,
    )


def lift(y: Floats, p: Floats, count: int = 10) -> pl.DataFrame:
    """Rows from the most to the least likely in ten parts: the rate of each, over everybody's, and successes so far."""
    if len(y) == 0 or not y.any():
        return pl.DataFrame(schema=LIFT)
    order = np.argsort(-p, kind="stable")
    deciles = [part for part in np.array_split(order, count) if len(part)]
    won = np.array([float(y[part].sum()) for part in deciles])
    size = np.array([len(part) for part in deciles])
    return pl.DataFrame(
        {
            "decile": np.arange(1, len(deciles) + 1, dtype=np.int64),
            "row_count": size,
            "observed_rate": won / size,
            "lift": won / size / y.mean(),
            "captured": won.cumsum() / won.sum(),
        },
        schema=LIFT,
    )


def auc(y: Floats, p: Floats) -> float | None:
    """Area under the ROC curve, None when there is one outcome only."""
    if len(np.unique(y)) < 2:
        return None
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(y, p))


def measure(
    cohort: str, candidate: str, y: Floats, p: Floats, entity: NDArray[Any]
) -> list[Metric]:
    """All figures of one candidate on one cohort; `entity` names each row's entity."""
    if len(y) == 0:
        return []
    values = {
        "log_loss": float(losses(y, p).mean()),
        "brier": float(np.mean((p - y) ** 2)),
        "auc": auc(y, p),
        "ece": ece(y, p),
        "ece_floor": ece_floor(p, effective_size(entity)),
        "rows": float(len(y)),
        "entities": float(len(np.unique(entity))),
        "observed_rate": float(y.mean()),
        "predicted_mean": float(p.mean()),
    }
    return [
        Metric(cohort, candidate, name, value)
        for name, value in values.items()
        if value is not None
    ]
