"""What customers were worth, cut at a day: their past as buyers, what came after, and the rates of RFM cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from ml.metrics import Floats
from ml.purchases import Buyers

CELL_STRENGTH = 20.0
FREQUENCIES = (1, 2, 5)  # up to and including, and more
RECENCIES = 5


@dataclass(frozen=True)
class Past:
    """Customers as known at the end of a day: `people` has contact_id, currency, mean value and RFM cell."""

    people: pl.DataFrame
    buyers: Buyers

    @classmethod
    def until(cls, days: pl.DataFrame, end: date) -> Past:
        """Everybody who had ordered by `end`; `days` as int_customers__order_days."""
        known = days.filter(pl.col("ordered_on") <= end)
        people = (
            known.group_by("contact_id", "currency")
            .agg(
                pl.len().alias("order_days"),
                pl.col("ordered_on").min().alias("first"),
                pl.col("ordered_on").max().alias("last"),
                pl.col("net_cents").clip(0).mean().alias("mean_cents"),
            )
            .sort("contact_id")
        )
        usual = known.group_by("currency").agg(
            pl.col("net_cents").clip(0).mean().alias("usual_cents")
        )
        people = people.join(usual, on="currency", how="left", maintain_order="left")
        silent = (pl.lit(end) - pl.col("last")).dt.total_days()
        people = people.with_columns(
            silent.alias("silent_days"),
            _cell(people.height).alias("cell"),
            pl.col("usual_cents").clip(1e-9),
        )
        columns = [
            people["order_days"].cast(pl.Float64) - 1,
            people.select(_weeks(pl.col("last") - pl.col("first")))["weeks"],
            people.select(_weeks(pl.lit(end) - pl.col("first")))["weeks"],
            people["mean_cents"] / people["usual_cents"],
            people["order_days"].cast(pl.Float64),
        ]
        return cls(
            people, Buyers(*(np.asarray(column.to_numpy(), np.float64) for column in columns))
        )

    def later(self, days: pl.DataFrame, start: date, length: int) -> tuple[Floats, Floats]:
        """Each one's order days and value (cents) in the `length` days after `start`."""
        near = days.filter(
            (pl.col("ordered_on") > start)
            & (pl.col("ordered_on") <= start + timedelta(days=length))
        )
        sums = near.group_by("contact_id").agg(
            pl.len().alias("orders"), pl.col("net_cents").clip(0).sum().alias("cents")
        )
        found = self.people.select("contact_id").join(
            sums, on="contact_id", how="left", maintain_order="left"
        )
        return tuple(  # type: ignore[return-value]
            found[name].fill_null(0).cast(pl.Float64).to_numpy() for name in ("orders", "cents")
        )


def _weeks(length: pl.Expr) -> pl.Expr:
    return (length.dt.total_days() / 7).alias("weeks")


def _cell(size: int) -> pl.Expr:
    """Fifth of recency and class of frequency, as text."""
    order = (pl.col("last").rank("average") - 1) / max(1, size - 1)
    fifth = (order * RECENCIES).floor().clip(0, RECENCIES - 1).cast(pl.Int64) + 1
    class_ = sum(pl.when(pl.col("order_days") > most).then(1).otherwise(0) for most in FREQUENCIES)
    return pl.format("recency {} of 5, frequency {} of 4", fifth, class_ + 1)


@dataclass(frozen=True)
class Cells:
    """Mean value and its 5th and 95th percentile by RFM cell, against the currency's mean order; shrunk to all."""

    rates: dict[str, tuple[float, float, float, int]]
    overall: float

    @classmethod
    def learn(cls, past: Past, worth: Floats) -> Cells:
        """From what each customer was worth after `past`."""
        frame = past.people.select("cell").with_columns(worth=pl.Series(worth))
        overall = float(worth.mean()) if len(worth) else 0.0
        rates = {}
        for cell, count, total, low, high in (
            frame.group_by("cell")
            .agg(
                pl.len(),
                pl.col("worth").sum().alias("total"),
                pl.col("worth").quantile(0.05, "linear").alias("low"),
                pl.col("worth").quantile(0.95, "linear").alias("high"),
            )
            .sort("cell")
            .iter_rows()
        ):
            mean = (total + CELL_STRENGTH * overall) / (count + CELL_STRENGTH)
            rates[cell] = (float(mean), float(low), float(max(high, mean)), int(count))
        return cls(rates, overall)

    def of(self, past: Past) -> tuple[Floats, Floats, Floats]:
        """Mean, low and high of each customer's cell; the mean of all where a cell is new."""
        unknown = (self.overall, 0.0, self.overall, 0)
        found = [self.rates.get(cell, unknown)[:3] for cell in past.people["cell"]]
        table = np.array(found, dtype=np.float64).reshape(-1, 3)
        return table[:, 0], table[:, 1], table[:, 2]
