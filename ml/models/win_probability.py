"""Will this open deal be won? One probability per open deal, for sales to choose where to spend the week.

Label: won (true) or lost (false), known when the deal closed. Each row is a deal as it stood at one weekly landmark, so
nothing later can leak in; a deal counts once in fitting, however long it was open. Pipelines share one model, in which
a pipeline of few deals moves little from the rest.
"""

from __future__ import annotations

import polars as pl

from ml.spec import Ladder, Minimum, Spec
from ml.tabular import TabularModel

AGE_CLASSES = {14.0: "0-14", 30.0: "15-30", 60.0: "31-60", 120.0: "61-120"}
OLDER = "over 120"

SPEC = Spec(
    name="win_probability",
    question="Will this open deal be won?",
    decision="Which deals to work on this week, and how much revenue to expect",
    relations=("intermediate.int_deals__snapshots",),
    entity="deal_id",
    time="snapshot_at",
    label="is_won",
    known="closed_at",
    weight="deal_weight",
    numeric=(
        "age_days",
        "stage_age_days",
        "stage_age_ratio",
        "stage_regressions",
        "close_date_pushes",
        "days_to_expected_close",
        "amount_log",
        "amount_change_ratio",
        "owner_win_rate",
        "creator_win_rate",
        "employees",
        "tasks_done_count",
        "tasks_overdue_count",
        "inbound_count",
        "days_since_two_way_contact",
        "contact_visits_30d",
        "contact_clicks_30d",
    ),
    categorical=("pipeline", "source", "stage", "industry", "contact_lead_source"),
    minimum=Minimum(100, 100, "won deals", "lost deals"),
    fallback=Ladder(levels=(("pipeline",), ("pipeline", "stage", "days_open")), minimum=30),
    slices=("stage", "days_open"),
    bounds=(0.01, 0.99),
    shown={"amount_log": "amount"},
    words={
        "age_days": "days open: {value:.0f}",
        "stage_age_days": "days in this stage: {value:.0f}",
        "stage_age_ratio": "in this stage {value:.1f} times as long as usual",
        "stage_regressions": "times moved back a stage: {value:.0f}",
        "close_date_pushes": "times the close date was pushed: {value:.0f}",
        "days_to_expected_close": "days to the expected close: {value:.0f}",
        "amount_log": "amount {value:,.0f}",
        "amount_change_ratio": "amount now {value:.2f} times the first",
        "owner_win_rate": "owner wins {value:.0%} of deals",
        "creator_win_rate": "who entered it wins {value:.0%} of deals",
        "employees": "account has {value:,.0f} employees",
        "tasks_done_count": "tasks done: {value:.0f}",
        "tasks_overdue_count": "tasks overdue: {value:.0f}",
        "inbound_count": "replies so far: {value:.0f}",
        "days_since_two_way_contact": "days since the last reply: {value:.0f}",
        "contact_visits_30d": "visits of the contact in 30 days: {value:.0f}",
        "contact_clicks_30d": "clicks of the contact in 30 days: {value:.0f}",
        "pipeline": "pipeline {value}",
        "source": "source {value}",
        "stage": "stage {value}",
        "industry": "industry {value}",
        "contact_lead_source": "contact came through {value}",
    },
)


def derive(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds the amount in units, the weight 1 / snapshots of the deal, and `days_open`, the age in classes."""
    age = pl.col("age_days").cast(pl.Float64)
    return frame.with_columns(
        (pl.col("amount_cents").cast(pl.Float64) / 100).alias("amount"),
        (1 / pl.len().over("deal_id")).alias("deal_weight"),
        pl.coalesce(
            *(pl.when(age <= days).then(pl.lit(label)) for days, label in AGE_CLASSES.items()),
            pl.when(age.is_not_null()).then(pl.lit(OLDER)),
        ).alias("days_open"),
    )


MODEL = TabularModel(SPEC, current="is_current", derive=derive, amount="amount_cents")
