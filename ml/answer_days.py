"""On which weekdays are which hours better for messages: factors from answers, seven weekdays for everyone.

Counted within contacts: each contact's answers are laid among the weekdays and hours at which they were messaged, as
likely as the hour alone says, so that who gets messages on which weekday does not matter. See ml.weekdays.
"""

from __future__ import annotations

import hashlib

import numpy as np
import polars as pl

from ml.hours import HOURS, Counts
from ml.metrics import Floats
from ml.result import Metric
from ml.weekdays import DAYS, Cells, Weekdays, fit

SHARES = (0.5, 0.7)
MOST_CONTACTS = 200_000
COLUMN = "local_weekday"


def messages(counts: Counts, hours: pl.DataFrame) -> pl.DataFrame:
    """Row of the contact in `counts`, weekday (0 Monday), hour, sent and responded; sorted; empty where unknown."""
    if COLUMN not in hours.columns:
        hours = hours.with_columns(pl.lit(None, pl.Int64).alias(COLUMN))
    known = hours.filter(
        pl.col(COLUMN).is_between(1, DAYS) & pl.col("local_hour").is_between(0, HOURS - 1)
    )
    place = pl.DataFrame({"contact_id": counts.contacts.cast(pl.String)}).with_row_index("row")
    count = pl.col("event_count").cast(pl.Float64)
    found = known.with_columns(pl.col("contact_id").cast(pl.String)).join(place, on="contact_id")
    cells = found.group_by("row", day=pl.col(COLUMN).cast(pl.Int64) - 1, hour="local_hour").agg(
        sent=count.filter(pl.col("kind") == "sent").sum(),
        responded=count.filter(pl.col("kind") == "responded").sum(),
    )
    answered = pl.min_horizontal("responded", "sent")
    return cells.filter(pl.col("sent") > 0).with_columns(answered).sort("row", "day", "hour")


def digest(sent: pl.DataFrame) -> str:
    """Of everything that `messages` found."""
    whole = hashlib.sha256()
    for name in ("row", "day", "hour", "sent", "responded"):
        whole.update(np.ascontiguousarray(sent[name].cast(pl.Float64).to_numpy()).tobytes())
    return whole.hexdigest()


def learn(counts: Counts, sent: pl.DataFrame, curves: Floats, seed: int) -> Weekdays:
    """Half of the contacts teach, a fifth chooses, the rest judges; `curves` (cohorts × 24) are those of all days."""
    told = sent.filter((pl.col("responded").sum().over("row") > 0) & (pl.len().over("row") > 1))
    people = told["row"].unique().sort().to_numpy()
    rng = np.random.default_rng(seed + 3)
    if len(people) > MOST_CONTACTS:
        people = np.sort(rng.choice(people, MOST_CONTACTS, replace=False))
        told = told.filter(pl.col("row").is_in(people))
    draw = np.zeros(len(counts.cohort))
    draw[people] = rng.random(len(people))
    row = told["row"].cast(pl.Int64).to_numpy()
    day, hour = (told[name].cast(pl.Int64).to_numpy() for name in ("day", "hour"))
    chance = told["sent"].to_numpy() * curves[counts.cohort[row], hour]
    _, group = np.unique(row, return_inverse=True)
    cells = Cells(row, day, hour, told["responded"].to_numpy(), chance, group)
    first, second = SHARES
    learning, judging = draw[row] < first, draw[row] >= second
    choosing = ~learning & ~judging
    learned, chosen, judged = (cells.where(part) for part in (learning, choosing, judging))
    return fit(learned, chosen, judged, seed)


def metrics(found: Weekdays) -> list[Metric]:
    """The gate's figures, under the name weekday; none where there was too little to judge."""
    if found.gate is None:
        return []
    figures = {"skill": found.gate.skill, "low": found.gate.low, "high": found.gate.high}
    figures["speaks"] = float(found.speaks)
    return [Metric("test", "weekday", name, value) for name, value in figures.items()]


def words(found: Weekdays) -> str:
    """Whether the weekday speaks, and why, as a sentence."""
    return "not enough answers on several weekdays" if found.gate is None else found.gate.verdict


def table(factors: list[list[float]]) -> pl.DataFrame:
    """`ml.send_weekdays`: seven rows, Monday 1; none where the weekday is held back."""
    return pl.DataFrame(
        {
            "local_weekday": pl.Series(range(1, len(factors) + 1), dtype=pl.Int64),
            "hour_factors": pl.Series(factors, dtype=pl.List(pl.Float32)),
        }
    )
