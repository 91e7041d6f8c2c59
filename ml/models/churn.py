"""Will this customer come back? One probability per customer, for choosing whom to win back before they are gone.

Label: an order within the days that nine of ten next orders took (at most 180). Each row is a customer as known on one
day. The rates by recency and frequency, the R and F of RFM, answer until a model beats them.
"""

from __future__ import annotations

import polars as pl

from ml.spec import Ladder, Minimum, Spec
from ml.tabular import TabularModel

RECENCIES = {0.5: "half a horizon", 1.0: "one horizon", 2.0: "two horizons", 4.0: "four horizons"}
LONGER = "longer"

SPEC = Spec(
    name="churn",
    question="Will this customer order again in time?",
    decision="Whom to win back before they are gone",
    relations=("intermediate.int_customers__snapshots",),
    entity="contact_id",
    time="snapshot_at",
    label="has_come_back",
    known="known_at",
    numeric=(
        "days_since_order",
        "days_since_first_order",
        "order_count",
        "orders_90d",
        "orders_365d",
        "mean_gap_days",
        "gap_ratio",
        "mean_order_cents",
        "visits_30d",
        "visits_90d",
        "product_views_30d",
        "carts_30d",
        "active_days_30d",
        "active_days_90d",
        "days_since_seen",
        "messages_90d",
        "opened_90d",
        "clicked_90d",
        "days_since_click",
    ),
    categorical=("country", "acquisition_source", "email_consent"),
    minimum=Minimum(100, 100, "customers who came back", "customers who did not"),
    fallback=Ladder(levels=(("silent_for",), ("silent_for", "orders_so_far")), per_row=True),
    slices=("silent_for",),
    bounds=(0.001, 0.999),
    words={
        "days_since_order": "days since the last order: {value:.0f}",
        "days_since_first_order": "customer for {value:.0f} days",
        "order_count": "orders so far: {value:.0f}",
        "orders_90d": "orders in 90 days: {value:.0f}",
        "orders_365d": "orders in a year: {value:.0f}",
        "mean_gap_days": "usually {value:.0f} days from order to order",
        "gap_ratio": "silent {value:.1f} times as long as usual",
        "mean_order_cents": "mean order {value:,.0f} cents",
        "visits_30d": "pages in 30 days: {value:.0f}",
        "visits_90d": "pages in 90 days: {value:.0f}",
        "product_views_30d": "products looked at in 30 days: {value:.0f}",
        "carts_30d": "put into the cart in 30 days: {value:.0f}",
        "active_days_30d": "active on {value:.0f} of 30 days",
        "active_days_90d": "active on {value:.0f} of 90 days",
        "days_since_seen": "days since last seen: {value:.0f}",
        "messages_90d": "messages in 90 days: {value:.0f}",
        "opened_90d": "messages opened in 90 days: {value:.0f}",
        "clicked_90d": "messages clicked in 90 days: {value:.0f}",
        "days_since_click": "days since the last click: {value:.0f}",
        "country": "country {value}",
        "acquisition_source": "came through {value}",
        "email_consent": "consent to e-mail: {value}",
    },
)


def derive(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the silence in horizons and the number of orders, in classes."""
    silence = pl.col("days_since_order").cast(pl.Float64) / pl.col("comeback_days")
    count = pl.col("order_count").cast(pl.Int64)
    classes = (pl.when(silence <= most).then(pl.lit(name)) for most, name in RECENCIES.items())
    return frame.with_columns(
        pl.coalesce(*classes, pl.when(silence.is_not_null()).then(pl.lit(LONGER))).alias(
            "silent_for"
        ),
        pl.when(count >= 5)
        .then(pl.lit("5 and more"))
        .otherwise(count.cast(pl.String))
        .alias("orders_so_far"),
    )


MODEL = TabularModel(
    SPEC, current="is_current", derive=derive, grouped=False, horizon="comeback_days"
)
