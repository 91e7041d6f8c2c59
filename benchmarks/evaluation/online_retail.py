"""Online Retail: does a customer buy in the next 90 days? Monthly snapshots of each customer, judged on September's.

A row is a customer at the first of a month, described by their invoices before it; the label is known 90 days later.
Everything is learned from snapshots whose label was known on 1 September 2011.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import plain
from benchmarks.judged import Bar, Judged, scores
from ml.learner import learn

NEEDS = ("online_retail/online_retail.parquet",)
BARS = (Bar("auc", ">=", 0.74), Bar("log_loss", "<=", 0.595), Bar("promoted", ">=", 1))
HORIZON_DAYS = 90
# Invoices carry local times without a zone.
CUT = datetime(2011, 9, 1)  # noqa: DTZ001
NUMERIC = (
    "recency_days",
    "orders",
    "orders_30d",
    "orders_90d",
    "value_log",
    "value_90d_log",
    "tenure_days",
    "mean_gap_days",
    "gap_ratio",
    "items_log",
    "product_count_log",
    "return_count",
    "is_domestic",
)


def invoices(data: Path) -> pl.DataFrame:
    """One row per invoice of a known customer: when, worth, items, products, whether it is a return."""
    lines = pl.read_parquet(data / NEEDS[0]).filter(pl.col("CustomerID").is_not_null())
    return lines.group_by("CustomerID", "InvoiceNo").agg(
        pl.col("InvoiceDate").min().alias("at"),
        (pl.col("Quantity") * pl.col("UnitPrice")).sum().alias("value"),
        pl.col("Quantity").sum().alias("items"),
        pl.col("StockCode").n_unique().alias("products"),
        pl.col("InvoiceNo").first().str.starts_with("C").alias("is_return"),
        (pl.col("Country").first() == "United Kingdom").alias("domestic"),
    )


def snapshot(bills: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """One row per customer who bought before `at`, with what was known then and what came in 90 days."""
    orders = bills.filter(~pl.col("is_return"))
    past, age = orders.filter(pl.col("at") < at), (pl.lit(at) - pl.col("at")).dt.total_hours() / 24
    near = (pl.col("at") >= at) & (pl.col("at") < at + timedelta(days=HORIZON_DAYS))
    buyers = orders.filter(near).select("CustomerID").unique().with_columns(bought=pl.lit(True))
    returns = bills.filter(pl.col("is_return") & (pl.col("at") < at))
    returned = returns.group_by("CustomerID").len("return_count")
    rows = past.group_by("CustomerID").agg(
        age.min().alias("recency_days"),
        age.max().alias("tenure_days"),
        pl.len().alias("orders"),
        (age <= 30).sum().alias("orders_30d"),
        (age <= 90).sum().alias("orders_90d"),
        (pl.col("value").sum().clip(0) + 1).log().alias("value_log"),
        (pl.col("value").filter(age <= 90).sum().clip(0) + 1).log().alias("value_90d_log"),
        (pl.col("items").sum().clip(0) + 1).log().alias("items_log"),
        (pl.col("products").sum() + 1).log().alias("product_count_log"),
        pl.col("domestic").first().cast(pl.Int8).alias("is_domestic"),
    )
    gap = (pl.col("tenure_days") - pl.col("recency_days")) / (pl.col("orders") - 1)
    rows = rows.with_columns(pl.when(pl.col("orders") > 1).then(gap).alias("mean_gap_days"))
    return (
        rows.with_columns((pl.col("recency_days") / (pl.col("mean_gap_days") + 1)).alias("gap_ratio"))
        .join(returned, on="CustomerID", how="left")
        .join(buyers, on="CustomerID", how="left")
        .with_columns(
            pl.col("return_count").fill_null(0), pl.col("bought").fill_null(False), at=pl.lit(at)
        )
        .sort("CustomerID")
    )  # fmt: skip


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    bills = invoices(data)
    months = [CUT.replace(month=month) for month in range(1, 7)]
    train, test = pl.concat([snapshot(bills, at) for at in months]), snapshot(bills, CUT)
    model = learn(
        train,
        label="bought",
        entity="CustomerID",
        time="at",
        horizon_days=HORIZON_DAYS,
        numeric=NUMERIC,
        as_of=CUT.replace(tzinfo=UTC),
    )
    y, test_y = plain.outcome(train, "bought"), plain.outcome(test, "bought")
    recency = [np.asarray(-part["recency_days"].to_numpy()) for part in (train, test)]
    found = scores(test_y, model.predict(test)["value"].to_numpy())
    yield Judged(
        "online_retail",
        "buys in 90 days",
        model.verdict,
        {**found, "promoted": float(model.is_promoted)},
        {
            "constant": plain.constant(y, test_y),
            "recency only": plain.rule(recency[0], y, recency[1], test_y),
            **plain.plain_models(train, test, "bought", NUMERIC),
        },
        BARS,
    )
