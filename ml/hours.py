"""Counts and curves over the 24 local hours: one row per contact of messages sent, messages answered and own activity.

A curve is the chance of an answer at an hour relative to the same contact's average hour. It is estimated within
contacts (each contact's own level is divided out), because who gets messages at which hour is no accident.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ml.frames import require
from ml.metrics import Floats

HOURS = 24
KINDS = ("sent", "responded", "organic")
UNKNOWN = "unknown"
ROUNDS = 8

Counts32 = NDArray[np.float32]


@dataclass(frozen=True)
class Counts:
    """Contacts sorted by cohort, then id; `sent`, `responded` and `organic` are n × 24, `cohort` indexes `cohorts`."""

    contacts: pl.Series
    cohorts: tuple[str, ...]
    cohort: NDArray[np.int64]
    sent: Counts32
    responded: Counts32
    organic: Counts32

    def digest(self) -> str:
        """A digest of everything in here."""
        whole = hashlib.sha256("\n".join([*self.cohorts, *self.contacts.to_list()]).encode())
        for array in (self.cohort, self.sent, self.responded, self.organic):
            whole.update(np.ascontiguousarray(array).tobytes())
        return whole.hexdigest()

    def rows(self, which: slice | NDArray[np.int64]) -> Counts:
        """The same for some of the contacts (positions in rising order)."""
        keep = np.arange(len(self.cohort))[which]
        return Counts(
            self.contacts[keep],
            self.cohorts,
            self.cohort[keep],
            self.sent[keep],
            self.responded[keep],
            self.organic[keep],
        )

    def by_cohort(self, matrix: Counts32) -> Floats:
        """Sums of `matrix` (n × 24) over each cohort: cohorts × 24."""
        bounds = np.searchsorted(self.cohort, np.arange(len(self.cohorts) + 1))
        total = np.zeros((len(self.cohorts), HOURS))
        for index in range(len(self.cohorts)):
            total[index] = matrix[bounds[index] : bounds[index + 1]].sum(axis=0, dtype=np.float64)
        return total


def count(contacts: pl.DataFrame, hours: pl.DataFrame) -> Counts:
    """From marts.dim_contacts (contact_id, country, timezone) and int_contacts__hours to dense counts.

    Contacts without a country or a time zone are in cohort 'unknown'. Responses never exceed what was sent.
    """
    require(contacts, ["contact_id", "country", "timezone"], "marts.dim_contacts")
    require(hours, ["contact_id", "kind", "local_hour", "event_count"], "int_contacts__hours")
    placed = pl.col("country").is_not_null() & pl.col("timezone").is_not_null()
    people = (
        contacts.filter(pl.col("contact_id").is_not_null())
        .select(
            pl.col("contact_id").cast(pl.String),
            pl.when(placed)
            .then(pl.col("country").cast(pl.String))
            .fill_null(UNKNOWN)
            .alias("cohort"),
        )
        .unique(subset="contact_id", keep="any")
        .sort("cohort", "contact_id")
        .with_row_index("row")
    )
    cohorts = tuple(people["cohort"].unique().sort().to_list())
    index = pl.DataFrame({"cohort": pl.Series(cohorts, dtype=pl.String)}).with_row_index("index")
    cohort = (
        people.join(index, on="cohort", maintain_order="left")["index"].cast(pl.Int64).to_numpy()
    )
    known = hours.filter(
        pl.col("local_hour").is_between(0, HOURS - 1) & (pl.col("event_count") > 0)
    )
    placed_hours = known.select(
        pl.col("contact_id").cast(pl.String), "kind", "local_hour", "event_count"
    ).join(people.select("contact_id", "row"), on="contact_id")
    sent, responded, organic = (_dense(placed_hours, kind, people.height) for kind in KINDS)
    return Counts(people["contact_id"], cohorts, cohort, sent, np.minimum(responded, sent), organic)


def smooth(matrix: NDArray[np.floating]) -> Floats:
    """Each hour mixed with its neighbours, .25 .5 .25, around the clock; the sum over hours stays the same."""
    left, right = np.roll(matrix, 1, axis=-1), np.roll(matrix, -1, axis=-1)
    return np.asarray(0.5 * matrix + 0.25 * (left + right))


def curve(counts: Counts, prior: Floats, strength: float) -> Floats:
    """Everyone's curve (24 values, mean 1), each hour shrunk to `prior` as if seen in `strength` answers."""
    return _curve(counts.sent, counts.responded, prior, strength)


def cohort_curves(counts: Counts, everyone: Floats, strength: float) -> Floats:
    """One curve per cohort (cohorts × 24), each hour shrunk to everyone's as if seen in `strength` answers."""
    bounds = np.searchsorted(counts.cohort, np.arange(len(counts.cohorts) + 1))
    found = [
        _curve(counts.sent[start:end], counts.responded[start:end], everyone, strength)
        for start, end in pairwise(bounds)
    ]
    return np.array(found).reshape(-1, HOURS)


def _curve(sent: Counts32, responded: Counts32, prior: Floats, strength: float) -> Floats:
    found = np.asarray(prior, dtype=np.float64)
    answers = responded.sum(axis=1)
    total = smooth(responded.sum(axis=0, dtype=np.float64))
    for _ in range(ROUNDS):
        weighted = sent @ found.astype(np.float32)
        level = np.divide(answers, weighted, out=np.zeros_like(answers), where=weighted > 0)
        expected = smooth((level @ sent).astype(np.float64))
        found = (total + strength * prior) / (expected + strength)
        found = found / found.mean()
    return np.asarray(found)


def levels(counts: Counts, curves: NDArray[np.floating]) -> Counts32:
    """Each contact's own rate of answers at an average hour: answers / what the curve made of the messages."""
    weighted = (counts.sent * curves).sum(axis=1)
    answers = counts.responded.sum(axis=1)
    return np.asarray(
        np.divide(answers, weighted, out=np.zeros_like(answers), where=weighted > 0),
        dtype=np.float32,
    )


def organic_shapes(counts: Counts, kappa: float) -> tuple[Floats, Floats]:
    """When people are active on their own, as shares of the day: everyone's (24) and each cohort's (cohorts × 24)."""
    sums = smooth(counts.by_cohort(counts.organic))
    total = sums.sum(axis=0)
    everyone = (total + 1.0) / (total.sum() + HOURS)
    cohorts = (sums + kappa * everyone) / (sums.sum(axis=1, keepdims=True) + kappa)
    return np.asarray(everyone), np.asarray(cohorts)


def _dense(rows: pl.DataFrame, kind: str, contacts: int) -> Counts32:
    mine = rows.filter(pl.col("kind") == kind)
    cell = (
        mine["row"].cast(pl.Int64).to_numpy() * HOURS + mine["local_hour"].cast(pl.Int64).to_numpy()
    )
    weights = mine["event_count"].cast(pl.Float64).to_numpy()
    total = np.bincount(cell, weights=weights, minlength=contacts * HOURS)
    return np.asarray(total.reshape(contacts, HOURS), dtype=np.float32)
