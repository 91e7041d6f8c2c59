"""Maven CRM: will a deal be won, by what is known when it is created? There is no signal, so the model must refuse."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import polars as pl

from benchmarks import plain
from benchmarks.judged import Bar, Judged, scores
from ml.learner import learn

NEEDS = ("maven_crm_opportunities/sales_pipeline.csv", "maven_crm_opportunities/accounts.csv")
NUMERIC = ("revenue", "employees")
CATEGORICAL = ("sales_agent", "product", "sector", "office_location")


def frame(data: Path) -> pl.DataFrame:
    """Closed deals in the order of their engagement; `close_value`, which is 0 for the lost ones, is no feature."""
    deals = pl.read_csv(data / NEEDS[0], try_parse_dates=True)
    closed = deals.filter(pl.col("deal_stage").is_in(["Won", "Lost"]))
    return (
        closed.join(pl.read_csv(data / NEEDS[1]), on="account", how="left")
        .with_columns(
            won=pl.col("deal_stage") == "Won",
            at=pl.col("engage_date").cast(pl.Datetime("us")),
            closed_at=pl.col("close_date").cast(pl.Datetime("us")),
        )
        .sort("at", "opportunity_id")
    )


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    deals = frame(data)
    cut = int(deals.height * 0.8)
    test, now = deals[cut:], deals["at"][cut]
    train = deals[:cut].filter(pl.col("closed_at") <= now)
    model = learn(
        train,
        label="won",
        entity="opportunity_id",
        time="at",
        known="closed_at",
        numeric=NUMERIC,
        categorical=CATEGORICAL,
        as_of=now.replace(tzinfo=UTC),
    )
    y, test_y = plain.outcome(train, "won"), plain.outcome(test, "won")
    found = scores(test_y, model.predict(test)["value"].to_numpy())
    yield Judged(
        "maven_crm",
        "win probability",
        model.verdict,
        {**found, "promoted": float(model.is_promoted)},
        {
            "constant": plain.constant(y, test_y),
            **plain.plain_models(train, test, "won", [*NUMERIC, *CATEGORICAL]),
        },
        (Bar("promoted", "<=", 0),),
    )
