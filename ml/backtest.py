"""Lets a model speak at an earlier moment and holds it against what came, week by week, and month by month in money.

The model learns at the moment before the newest 30 % of mature rows, with what was known then, and is asked about all
later ones. By week: loss and calibration of what it would have served beside its fallback. Where rows carry an amount,
by month: sum(p × amount) over what was open at the month's first look, beside what of it came true.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

import numpy as np
import polars as pl

from ml.frames import KNOWN, LABEL, TIME
from ml.learner import training_rows
from ml.metrics import Floats, losses
from ml.result import Metric
from ml.spec import Spec

FROM_SHARE, FEWEST_ROWS = 0.7, 20


class Asked(Protocol):
    """What a tabular model offers here."""

    @property
    def spec(self) -> Spec:
        """The declaration."""

    def served(
        self, known: pl.DataFrame, rows: pl.DataFrame, then: datetime
    ) -> tuple[Floats, Floats]:
        """What it would have served for `rows`, had it learned from `known` at `then`; and its fallback alone."""


def run(model: Asked, rows: pl.DataFrame, as_of: datetime, amount: str = "") -> list[Metric]:
    """The metrics of weeks and months; none where there is too little to learn from and to ask about."""
    spec = model.spec
    mature, _ = training_rows(rows, spec, as_of)
    if mature.height < FEWEST_ROWS:
        return []
    moment = int(np.quantile(mature[TIME].to_numpy(), FROM_SHARE, method="nearest"))
    last = int(mature[TIME].max())  # type: ignore[arg-type]
    then = datetime.fromtimestamp(moment / 1e6, UTC)
    time = pl.col(spec.time).cast(pl.Datetime("us")).to_physical()
    label = pl.col(spec.label).cast(pl.Float64)
    later = rows.filter((time > moment) & (time <= last) & label.is_not_null()).sort(
        spec.time, spec.entity
    )
    if later.height < FEWEST_ROWS or mature.filter(pl.col(KNOWN) <= moment)[LABEL].n_unique() < 2:
        return []
    own, plain = model.served(rows.filter(time <= moment), later, then)
    frame = later.select(
        pl.col(spec.entity).cast(pl.String).alias("entity"),
        pl.col(spec.time).dt.truncate("1w").dt.strftime("%Y-%m-%d").alias("week"),
        pl.col(spec.time).dt.strftime("%Y-%m").alias("month"),
        label.alias("y"),
        (pl.col(amount).cast(pl.Float64) if amount else pl.lit(None, pl.Float64)).alias("amount"),
    ).with_columns(served=pl.Series(own), fallback=pl.Series(plain))
    frame = frame.filter(pl.col("served").is_not_nan() & pl.col("fallback").is_not_nan())
    return [*_weeks(frame), *(_months(frame) if amount else [])]


def _weeks(frame: pl.DataFrame) -> list[Metric]:
    found = []
    for (week,), part in frame.partition_by("week", as_dict=True, maintain_order=True).items():
        if part.height >= FEWEST_ROWS:
            y = part["y"].to_numpy()
            for name in ("served", "fallback"):
                p = part[name].to_numpy()
                figures = {
                    "log_loss": float(losses(y, p).mean()),
                    "predicted_mean": float(p.mean()),
                    "observed_rate": float(y.mean()),
                    "rows": float(len(y)),
                }
                found += [
                    Metric(f"week {week}", name, key, value) for key, value in figures.items()
                ]
    return found


def _months(frame: pl.DataFrame) -> list[Metric]:
    """Each entity counts once a month, at its first look in it."""
    found = []
    first = frame.unique(["month", "entity"], keep="first", maintain_order=True)
    first = first.filter(pl.col("amount").is_not_null())
    for (month,), part in first.partition_by("month", as_dict=True, maintain_order=True).items():
        amount, y = part["amount"].to_numpy(), part["y"].to_numpy()
        figures = {"came_true": float((y * amount).sum()), "open": float(amount.sum())}
        figures |= {
            name: float((part[name].to_numpy() * amount).sum()) for name in ("served", "fallback")
        }
        found += [
            Metric(f"month {month}", name, "amount", value) for name, value in figures.items()
        ]
        found.append(Metric(f"month {month}", "open", "rows", float(len(y))))
    return found
