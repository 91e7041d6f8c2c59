"""Send hours on real activity: at which hour does a person act next? Learned from the first 70 % of time, judged after.

Online Retail's customers by invoice, CollegeMsg's students by message sent. The figure is log loss over 24 hours in
nats (uniform: 3.178), beside everyone's histogram, the raw personal one, and the hour of most past events. An event is
an hour in which somebody was active, as the warehouse counts them. `on_weekday` is the same where the weekday of that
action is known, as it is when a message is about to be sent: with the weekday's factors, if their gate let them pass.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.judged import Bar, Judged
from ml import mixture, weekdays
from ml.hours import HOURS
from ml.weekdays import Cells, Weekdays

NEEDS = ("online_retail/online_retail.parquet", "collegemsg/CollegeMsg.txt.gz")
TRAIN, TRAIN_FIRST = 0.7, 0.8
BUCKETS = ((0, 0), (1, 2), (3, 9), (10, 29), (30, 99), (100, 10**9))
NEVER_WORSE = 0.01


def retail(data: Path) -> pl.DataFrame:
    """(person, at): every hour in which a known customer bought."""
    lines = pl.read_parquet(data / NEEDS[0]).filter(
        pl.col("CustomerID").is_not_null() & ~pl.col("InvoiceNo").str.starts_with("C")
    )
    return hours(lines.select(person=pl.col("CustomerID").cast(pl.String), at="InvoiceDate"))


def messages(data: Path) -> pl.DataFrame:
    """(person, at): every hour in which a student wrote; the zone is one and the same for all."""
    with gzip.open(data / NEEDS[1]) as file:
        rows = np.loadtxt(file, dtype=np.int64)
    at = pl.from_epoch(pl.Series(rows[:, 2]))
    return hours(pl.DataFrame({"person": rows[:, 0].astype(str), "at": at}))


def hours(events: pl.DataFrame) -> pl.DataFrame:
    """Each person's active hours, by time."""
    return events.with_columns(pl.col("at").dt.truncate("1h")).unique().sort("at", "person")


def counted(events: pl.DataFrame, *bounds: pl.Series) -> list[np.ndarray]:
    """Events by person (those of the whole log, in order) and hour, one table for each mask."""
    people = events["person"].unique().sort()
    place = events["person"].replace_strict(people, np.arange(len(people))).to_numpy()
    cell = place * HOURS + events["at"].dt.hour().to_numpy()
    size = len(people) * HOURS
    found = [np.bincount(cell[mask.to_numpy()], minlength=size) for mask in bounds]
    return [part.reshape(-1, HOURS).astype(float) for part in found]


def cuts(events: pl.DataFrame, by: str) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Masks of what is learned from, what chooses the settings, and what judges: 56, 14 and 30 % of time or events."""
    place = pl.Series(np.arange(events.height) / events.height)
    if by == "time":
        first, last = events["at"].min(), events["at"].max()
        place = (events["at"] - first).dt.total_seconds() / (last - first).total_seconds()
    return (
        place < TRAIN * TRAIN_FIRST,
        (place >= TRAIN * TRAIN_FIRST) & (place < TRAIN),
        place >= TRAIN,
    )


def cells(events: pl.DataFrame, mask: pl.Series, shape: np.ndarray) -> Cells:
    """A person's events of one weekday could have fallen into any hour, as likely as their day says."""
    people = events["person"].unique().sort()
    found = events.filter(mask)
    person = found["person"].replace_strict(people, np.arange(len(people))).to_numpy()
    group = person * weekdays.DAYS + found["at"].dt.weekday().to_numpy() - 1
    groups, place = np.unique(group, return_inverse=True)
    seen = np.bincount(place * HOURS + found["at"].dt.hour().to_numpy(), minlength=len(groups) * HOURS)  # fmt: skip
    every = np.repeat(np.arange(len(groups)), HOURS)
    who, day = groups[every] // weekdays.DAYS, groups[every] % weekdays.DAYS
    hour = np.tile(np.arange(HOURS), len(groups))
    return Cells(who, day, hour, seen.astype(float), shape[who, hour], every)


def by_weekday(
    events: pl.DataFrame, first: pl.Series, second: pl.Series, shape: np.ndarray
) -> Weekdays:
    """Learned and gated before the judged events begin: `second` decides, the last fifth of `first` chooses."""
    place = first.cast(pl.Int64).cum_sum() / first.sum()
    learn, choose = first & (place < TRAIN_FIRST), first & (place >= TRAIN_FIRST)
    return weekdays.fit(*(cells(events, part, shape) for part in (learn, choose, second)))


def loss(shape: np.ndarray, test: np.ndarray) -> float:
    """Nats per event."""
    return float(-(test * np.log(shape)).sum() / test.sum())


def evaluate(data: Path) -> Iterator[Judged]:
    """See benchmarks.evaluation."""
    safe = Bar("worst_bucket", "<=", NEVER_WORSE)
    retailed = (Bar("log_loss", "<=", 2.23), Bar("on_weekday", "<=", 2.23), safe)
    yield judge("online_retail_hours", retail(data), "time", retailed)
    written = (Bar("log_loss", "<=", 3.035), Bar("on_weekday", "<=", 3.035), safe)
    yield judge("collegemsg_hours", messages(data), "events", written)


def judge(name: str, events: pl.DataFrame, by: str, bars: tuple[Bar, ...]) -> Judged:
    """One log, cut by time or by number of events."""
    masks = cuts(events, by)
    early, late, test = counted(events, *masks)
    train, past = early + late, (early + late).sum(axis=1)
    model = mixture.fit(early, later=late)
    shape, total = model.shape(train), train.sum(axis=0) + 1
    everyone = np.tile(total / total.sum(), (len(train), 1))
    raw = (train + 0.01) / (past[:, None] + 0.01 * HOURS)
    mode = np.where(past > 0, train.argmax(axis=1), total.argmax())
    worst = max(
        loss(shape[own], test[own]) - loss(everyone[own], test[own])
        for low, high in BUCKETS
        if (own := (past >= low) & (past <= high)).any() and test[own].sum() > 0
    )
    days = by_weekday(events, masks[0], masks[1], model.shape(early))
    told = cells(events, masks[2], shape)
    on_weekday = float(weekdays.losses(told, days.factors).sum() / told.seen.sum())
    said = "weekday: too few events" if days.gate is None else f"weekday: {days.gate.verdict}"
    own_hit, usual_hit = hit(shape.argmax(axis=1), test), hit(everyone.argmax(axis=1), test)
    return Judged(
        name,
        "hour of the next action",
        f"{len(model.share)} typical days, shrunk as {model.kappa:g} events; {said}",
        {
            "log_loss": loss(shape, test),
            "on_weekday": on_weekday,
            "worst_bucket": worst,
            "hit": own_hit,
        },
        {
            "everyone's histogram": {"log_loss": loss(everyone, test), "hit": usual_hit},
            "personal histogram": {"log_loss": loss(raw, test)},
            "hour of most events": {"hit": hit(mode, test)},
        },
        bars,
    )


def hit(hour: np.ndarray, test: np.ndarray) -> float:
    """The share of events that fell into the hour named."""
    return float(test[np.arange(len(test)), hour].sum() / test.sum())
