"""Says in plain words where a contact's send hour comes from, one row per contact, for a million at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from ml.hours import Counts
from ml.result import PREDICTIONS

CONTACT, COHORT, EVERYONE = 0, 1, 2


@dataclass(frozen=True)
class Facts:
    """Arrays of one length: the hour, its level, expected gain over the next level's hour, and at least."""

    counts: Counts
    hour: np.ndarray
    level: np.ndarray
    gain: np.ndarray
    least: np.ndarray
    cohort_hour: np.ndarray
    usual: int


def predictions(facts: Facts) -> pl.DataFrame:
    """Rows as in PREDICTIONS; reasons are a JSON list: the level, the counts, the expected gain."""
    counts = facts.counts
    frame = pl.DataFrame(
        {
            "entity_id": counts.contacts,
            "hour": facts.hour.astype(np.int64),
            "level": facts.level.astype(np.int64),
            "cohort": pl.Series(counts.cohorts, dtype=pl.String)[counts.cohort],
            "answered": counts.responded.sum(axis=1).astype(np.int64),
            "sent": counts.sent.sum(axis=1).astype(np.int64),
            "active": counts.organic.sum(axis=1).astype(np.int64),
            "gain": np.round(100 * facts.gain, 1),
            "least": np.round(100 * facts.least, 1),
            "against": np.where(facts.level == CONTACT, facts.cohort_hour, facts.usual).astype(
                np.int64
            ),
        }
    )
    is_own, is_cohort = pl.col("level") == CONTACT, pl.col("level") == COHORT
    quiet = (
        pl.when(pl.col("cohort") == "unknown")
        .then(pl.lit("contacts of unknown place"))
        .otherwise(pl.col("cohort"))
    )
    cohort = quiet.str.replace_all(r'["\\]', "")
    level = (
        pl.when(is_own)
        .then(pl.lit("level: contact"))
        .when(is_cohort)
        .then(pl.format("level: cohort {}", cohort))
        .otherwise(pl.lit("level: everyone"))
    )
    seen = pl.format(
        "{} of {} messages answered, {} visits and orders", "answered", "sent", "active"
    )
    gain = (
        pl.when(is_own)
        .then(
            pl.format(
                "{}% more answers expected than at the cohort's {}:00 (cautiously {}%)",
                "gain",
                "against",
                "least",
            )
        )
        .when(is_cohort)
        .then(pl.format("{}% more answers expected than at everyone's {}:00", "gain", "against"))
        .otherwise(pl.lit("no other hour is credibly better"))
    )
    fallback = (
        pl.when(is_own)
        .then(None)
        .when(is_cohort)
        .then(pl.format("own hours not telling enough: the hour of {}", cohort))
        .otherwise(pl.lit("own hours not telling enough: the hour of everyone"))
    )
    return frame.select(
        "entity_id",
        pl.col("hour").cast(pl.Float64).alias("value"),
        (~is_own).alias("is_fallback"),
        fallback.cast(pl.String).alias("fallback_reason"),
        pl.format('["{}", "{}", "{}"]', level, seen, gain).alias("reasons"),
    ).cast(PREDICTIONS)


def defaults(contacts: pl.Series, hour: int) -> pl.DataFrame:
    """The same hour for everyone, where nothing could be learned yet."""
    return pl.DataFrame({"entity_id": contacts}).select(
        pl.col("entity_id"),
        pl.lit(float(hour)).alias("value"),
        pl.lit(True).alias("is_fallback"),
        pl.lit("not enough answered messages yet: a common hour").alias("fallback_reason"),
        pl.lit('["level: default"]').alias("reasons"),
    )
