"""X Education: will a lead convert? Learned from the first 80 % of leads by number, judged on the rest.

Columns that sales filled in or that were overwritten after the outcome are left out (see `LEAKY`); the last fifth is
seen by nobody before it is scored.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks import plain
from benchmarks.judged import Bar, Judged, scores
from ml.learner import learn
from ml.metrics import Floats

NEEDS = ("x_education_leads/Leads.csv.gz",)
LEAKY = (
    "Tags",
    "Lead Quality",
    "Lead Profile",
    "Asymmetrique Activity Index",
    "Asymmetrique Profile Index",
    "Asymmetrique Activity Score",
    "Asymmetrique Profile Score",
    "Last Notable Activity",
)
LEFT_OUT = (*LEAKY, "Prospect ID", "Lead Number", "Converted", "at")
BARS = (Bar("auc", ">=", 0.88), Bar("brier", "<=", 0.132), Bar("ece", "<=", 0.035))
POINTS_BY_SOURCE = {
    "Reference": 40,
    "Welingak Website": 40,
    "Olark Chat": -10,
    "Referral Sites": -5,
}


def frame(data: Path) -> pl.DataFrame:
    """The leads with a time: the number rises with it, and an hour a lead stands in for the unknown dates."""
    leads = pl.read_csv(data / NEEDS[0], infer_schema_length=None)
    order = pl.col("Lead Number").rank("ordinal").cast(pl.Int64) * 3600
    return leads.with_columns(at=pl.from_epoch(order, time_unit="s")).sort("at")


def points(leads: pl.DataFrame) -> Floats:
    """What a marketer would write down: time on the site, pages, form and source, one unsubscribe."""
    visit = (pl.col("Total Time Spent on Website") / 60).clip(0, 40)
    pages = pl.col("TotalVisits").fill_null(0).clip(0, 10)
    form = pl.when(pl.col("Lead Origin") == "Lead Add Form").then(25).otherwise(0)
    source = pl.col("Lead Source").replace_strict(
        POINTS_BY_SOURCE, default=0, return_dtype=pl.Int64
    )
    stop = pl.when(pl.col("Do Not Email") == "Yes").then(-20).otherwise(0)
    total = leads.select(visit + pages + form + source + stop).to_series()
    return np.asarray(total.cast(pl.Float64).to_numpy())


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    leads = frame(data)
    cut = int(leads.height * 0.8)
    train, test = leads[:cut], leads[cut:]
    columns = [name for name in leads.columns if name not in LEFT_OUT]
    model = learn(
        train,
        label="Converted",
        entity="Prospect ID",
        time="at",
        numeric=tuple(name for name in columns if leads.schema[name].is_numeric()),
        categorical=tuple(name for name in columns if not leads.schema[name].is_numeric()),
        as_of=datetime(2026, 1, 1, tzinfo=UTC),
    )
    y, test_y = plain.outcome(train, "Converted"), plain.outcome(test, "Converted")
    found = scores(test_y, model.predict(test)["value"].to_numpy())
    yield Judged(
        "x_education",
        "lead conversion",
        model.verdict,
        {**found, "promoted": float(model.is_promoted)},
        {
            "constant": plain.constant(y, test_y),
            "rule of points": plain.rule(points(train), y, points(test), test_y),
            **plain.plain_models(train, test, "Converted", columns),
        },
        (*BARS, Bar("promoted", ">=", 1)),
    )
