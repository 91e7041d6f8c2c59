"""What the content model knows of a contact when it decides: who they are, for how long, and what they clicked before.

Nothing here is known later than the decision: clicks count three days after the message that earned them was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from ml.content import MOST_FEATURES
from ml.metrics import Floats
from ml.tastes import Counts, Tastes

PLACES, SOURCES = 6, 4
KNOWN_AFTER = timedelta(days=3)
PRIOR_SENT = 4.0
YEAR_DAYS = 365.0


def vocabulary(people: pl.DataFrame) -> dict[str, list[str]]:
    """The most common countries and sources, each of which is a feature."""
    found = {}
    for name, most in (("country", PLACES), ("acquisition_source", SOURCES)):
        counts = people[name].drop_nulls().cast(pl.String).value_counts(sort=False)
        ranked = counts.sort("count", name, descending=[True, False])
        found[name] = ranked[name].head(most).to_list()
    return found


def history(rows: pl.DataFrame, options: list[str], at: pl.DataFrame | None = None) -> Counts:
    """What each contact had been sent, opened and clicked of each variant, known at `decided_at` of `at` (or `rows`).

    Lines as in `at`. A click counts as an open, too: not every client tells of opens.
    """
    wanted = (rows if at is None else at).select("contact_id", "decided_at").with_row_index("row")
    seen = pl.col("is_opened") | pl.col("is_clicked")
    kinds = {"sent": pl.lit(True), "opened": seen, "clicked": pl.col("is_clicked")}
    sums = {
        f"{kind}_{number}": ((pl.col("chosen") == option) & happened).cast(pl.Float64)
        for kind, happened in kinds.items()
        for number, option in enumerate(options)
    }
    known = (
        rows.sort("decided_at", "contact_id")
        .with_columns(
            *(part.cum_sum().over("contact_id").alias(name) for name, part in sums.items()),
            known_at=pl.col("decided_at") + KNOWN_AFTER,
        )
        .select("contact_id", "known_at", *sums)
        .unique(["contact_id", "known_at"], keep="last", maintain_order=True)
        .sort("known_at")
    )
    joined = wanted.sort("decided_at").join_asof(
        known, left_on="decided_at", right_on="known_at", by="contact_id", check_sortedness=False
    )
    found = joined.sort("row").select(pl.col(*sums).fill_null(0.0)).to_numpy()
    return Counts(*np.split(found, len(kinds), axis=1))


def totals(rows: pl.DataFrame, options: list[str]) -> Counts:
    """What each contact was sent, opened and clicked of each variant in all of `rows`, one line per contact."""
    contact = rows["contact_id"].rank("dense").cast(pl.Int64).to_numpy() - 1
    variant = rows["chosen"].replace_strict(options, range(len(options)), return_dtype=pl.Int64)
    place = contact * len(options) + variant.to_numpy()
    clicked = rows["is_clicked"].to_numpy()
    size = (int(contact.max(initial=-1)) + 1) * len(options)
    kinds = (np.ones(rows.height, dtype=bool), clicked | rows["is_opened"].to_numpy(), clicked)
    return Counts(
        *(
            np.bincount(place[kind], minlength=size).reshape(-1, len(options)).astype(np.float64)
            for kind in kinds
        )
    )


@dataclass(frozen=True)
class Matrix:
    """Features as numbers of about unit size, in an order that the vocabulary and the variants give."""

    words: dict[str, list[str]]
    options: list[str]

    def of(self, who: Floats, past: Counts | None, tastes: Tastes | None) -> Floats:
        """Who they are, as `who` gives it, and what they like; one line per line of `who`."""
        return np.hstack([who, self.own(past, tastes, len(who))])[:, -MOST_FEATURES:]

    def kinds(self) -> list[int]:
        """For each feature 0 if it says who they are, 1 if what they like."""
        about = sum(len(values) for values in self.words.values()) + 2
        return ([0] * about + [1] * len(self.options))[-MOST_FEATURES:]

    def who(self, rows: pl.DataFrame, people: pl.DataFrame) -> Floats:
        """What is known of the contact of each row of (contact_id, decided_at) at that moment."""
        known = rows.select("contact_id", "decided_at").join(
            people.unique("contact_id", keep="any"),
            on="contact_id",
            how="left",
            maintain_order="left",
        )
        flags = [
            (pl.col(name) == value).fill_null(False).cast(pl.Float64).alias(f"{name} {value}")
            for name, values in sorted(self.words.items())
            for value in values
        ]
        age = (pl.col("decided_at") - pl.col("created_at").cast(pl.Datetime("us"))).dt.total_days()
        tenure = (age.clip(0) / YEAR_DAYS + 1).log().fill_null(0.0).alias("tenure")
        business = pl.col("industry").is_not_null().cast(pl.Float64).alias("business")
        return known.select(*flags, tenure, business).to_numpy()

    def own(self, past: Counts | None, tastes: Tastes | None, height: int) -> Floats:
        """What each variant is worth to the contact beside everybody, as logarithms, rows × variants.

        By the groups that they may belong to; where no groups were found, by their own rate, shrunk.
        """
        if past is None:
            return np.zeros((height, len(self.options)))
        if tastes is not None and len(tastes.share) > 1:
            return tastes.worth(past)
        rate = (past.clicked.sum(axis=0) + 1) / (past.sent.sum(axis=0) + 20)
        expected = (past.sent + PRIOR_SENT) * rate
        return np.asarray(np.log((past.clicked + PRIOR_SENT * rate) / expected))


__all__ = ["Matrix", "history", "totals", "vocabulary"]
