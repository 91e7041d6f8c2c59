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


def history(rows: pl.DataFrame, options: list[str], at: pl.DataFrame | None = None) -> pl.DataFrame:
    """What each contact had been sent and clicked of each variant, known at `decided_at` of `at` (or of `rows`).

    Rows as in `at`; columns sent_<n> and clicked_<n> by the variant's number.
    """
    wanted = (rows if at is None else at).select("contact_id", "decided_at").with_row_index("row")
    is_ = [pl.col("chosen") == option for option in options]
    sums = [
        *(one.cast(pl.Float64).cum_sum().over("contact_id").alias(f"sent_{n}") for n, one in enumerate(is_)),
        *(
            (one & pl.col("is_clicked")).cast(pl.Float64).cum_sum().over("contact_id").alias(f"clicked_{n}")
            for n, one in enumerate(is_)
        ),
    ]  # fmt: skip
    known = (
        rows.sort("decided_at", "contact_id")
        .with_columns(*sums, known_at=pl.col("decided_at") + KNOWN_AFTER)
        .select("contact_id", "known_at", pl.col("^(sent|clicked)_[0-9]+$"))
        .unique(["contact_id", "known_at"], keep="last", maintain_order=True)
        .sort("known_at")
    )
    joined = wanted.sort("decided_at").join_asof(
        known, left_on="decided_at", right_on="known_at", by="contact_id", check_sortedness=False
    )
    return joined.sort("row").select(pl.col("^(sent|clicked)_[0-9]+$").fill_null(0.0))


@dataclass(frozen=True)
class Matrix:
    """Features as numbers of about unit size, in an order that the vocabulary and the variants give."""

    words: dict[str, list[str]]
    options: list[str]

    def of(self, rows: pl.DataFrame, people: pl.DataFrame, past: pl.DataFrame | None) -> Floats:
        """One line per row of (contact_id, decided_at); `past` as `history` gives it."""
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
        parts = [known.select(*flags, tenure, business).to_numpy()]
        if past is not None:
            parts.append(self._own(past))
        else:
            parts.append(np.zeros((rows.height, len(self.options))))
        return np.hstack(parts)[:, -MOST_FEATURES:]

    def _own(self, past: pl.DataFrame) -> Floats:
        """How much more each variant was clicked by the contact than by everybody, shrunk, as logarithms."""
        found = []
        for number in range(len(self.options)):
            sent, clicked = past[f"sent_{number}"].to_numpy(), past[f"clicked_{number}"].to_numpy()
            rate = (clicked.sum() + 1) / (sent.sum() + 20)
            found.append(np.log((clicked + PRIOR_SENT * rate) / ((sent + PRIOR_SENT) * rate)))
        return np.stack(found, axis=1)


__all__ = ["Matrix", "history", "vocabulary"]
