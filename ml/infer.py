"""Reads a table as a person would: which columns are numbers, which are kinds, which are dates, and what says yes.

Everything that is left out, or taken as something else than it looks, is told in a note.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from ml.errors import ModelError

YES_WORDS = "1 1.0 true t yes y ja j sim si sí oui won converted churned bought positive"
NO_WORDS = "0 0.0 false f no n nein não nao non lost stayed negative"
YES, NO = frozenset(YES_WORDS.split()), frozenset(NO_WORDS.split())
# Text of which so many values are numbers is a number with a few holes in it.
NUMBERS_FROM = 0.95
# Text whose values are almost all different names rows; it does not describe them.
NAMES_FROM, NAMES_ROWS = 0.9, 30
# Seconds may have a fraction; a zone is told as +02:00, +0200 or Z.
DATES = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
)
CLOCKS = ("", " %H:%M:%S%.f", "T%H:%M:%S%.f", " %H:%M", "T%H:%M", " %I:%M %p", " %I:%M:%S %p")
ZONE = r"([0-9])\s*([+-][0-9]{2}:?[0-9]{2}|[Zz])$"


@dataclass(frozen=True)
class Columns:
    """The features by how they are read, and what a person should know about that."""

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    dates: tuple[str, ...]
    notes: tuple[str, ...]


def is_pattern(name: str) -> bool:
    """Whether polars would take a column's name for a pattern, or it is one of our own."""
    return (
        name == "*" or (name.startswith("^") and name.endswith("$")) or name.startswith("millrace:")
    )


def columns(frame: pl.DataFrame, leave: Iterable[str], time: str | None) -> Columns:
    """How to read every column of `frame` but those in `leave`."""
    left = set(leave)
    numeric, categorical, dates, notes = [], [], [], []
    for name in frame.columns:
        if name in left:
            continue
        column, kind = frame[name], frame[name].dtype
        if kind.is_numeric() or kind in (pl.Boolean, pl.Duration) or kind.is_decimal():
            if _counts_up(frame, name, time):
                notes.append(f"{name} was left out: it only counts up with the rows")
            else:
                numeric.append(name)
        elif kind in (pl.Date, pl.Datetime):
            dates.append(name)
            what = f"days before {time}" if time else "a date"
            notes.append(f"{name} is read as {what}; leave it out if it is filled in later")
        elif kind in (pl.String, pl.Categorical, pl.Enum):
            texts = column.cast(pl.String)
            if _is_number(texts):
                numeric.append(name)
            elif _are_names(texts):
                notes.append(f"{name} was left out: almost every row has a value of its own")
            else:
                categorical.append(name)
        else:
            notes.append(f"{name} was left out: {kind} is neither a number, a text nor a date")
    return Columns(tuple(numeric), tuple(categorical), tuple(dates), tuple(notes))


def outcome(
    frame: pl.DataFrame, name: str, positive: str | None = None
) -> tuple[pl.Series, str | None]:
    """The label as true, false or null, and a note on which word was taken for true where that had to be read.

    Raises ModelError when there are more than two outcomes, or two words of which none is known to mean yes.
    """
    column, kind = frame[name], frame[name].dtype
    if positive is None and kind == pl.Boolean:
        return column, None
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        raise ModelError(f"{name} is {kind}; make a column that says yes or no of each row")
    if kind.is_decimal():
        column = column.cast(pl.Float64)
    if column.dtype.is_float():
        column = pl.select(pl.when(column.is_finite()).then(column)).to_series()
    texts = column.cast(pl.String, strict=False).str.strip_chars()
    texts = pl.select(pl.when(texts != "").then(texts)).to_series()
    written, lower = texts, texts.str.to_lowercase()
    if positive is None and set(lower.drop_nulls().unique()) <= YES | NO:
        texts = lower
    found = sorted(texts.drop_nulls().unique().to_list())
    if len(found) > 2:
        often = texts.drop_nulls().value_counts(name="rows").sort(["rows", name], descending=[True, False])  # fmt: skip
        shown = ", ".join(f"{value!r} in {rows:,} rows" for value, rows in often.head(5).iter_rows())  # fmt: skip
        raise ModelError(
            f"{name} must have two outcomes, true and false, but has {len(found):,}: {shown}"
            f"{', …' if len(found) > 5 else ''}. Mend what is misspelt, or make a column that says yes or no."
        )
    if positive is not None:
        if str(positive) not in found:
            alike = [value for value in found if value.lower() == str(positive).strip().lower()]
            positive = alike[0] if len(alike) == 1 else positive
        if str(positive) not in found and found:
            raise ModelError(f"{name} is never {positive!r}; it is {' or '.join(map(repr, found))}")
        return (texts == str(positive)).rename(name), None
    yes = [value for value in found if value.lower() in YES]
    no = [value for value in found if value.lower() in NO]
    if len(yes) + len(no) < len(found) and not (len(found) == 2 and len(yes) + len(no) == 1):
        raise ModelError(
            f"{name} is {' or '.join(map(repr, found))}: say which of them counts as yes (positive=…)"
        )
    if len(yes) > 1 or (len(yes) == 0 and len(no) > 1):
        raise ModelError(f"{name} has {found[0]!r} and {found[1]!r}, which both mean the same")
    word = yes[0] if yes else next((value for value in found if value not in no), None)
    truth = (texts == word) if word is not None else texts.is_null() & False
    if word is None:
        truth = pl.select(pl.when(texts.is_not_null()).then(pl.lit(False))).to_series()
    clear = set(found) <= {"0", "1", "0.0", "1.0", "true", "false"}
    if word is None or clear:
        return truth.rename(name), None
    words = sorted(written.filter(truth.fill_null(value=False)).unique())
    return truth.rename(name), f"{name}: {' or '.join(map(repr, words))} counts as yes"


def moments(frame: pl.DataFrame, name: str) -> tuple[pl.Series, str | None]:
    """The time column as naive UTC; numbers stand for an order only. Raises ModelError for what is no time."""
    column, kind = frame[name], frame[name].dtype
    if kind == pl.Date:
        return column.cast(pl.Datetime("us")), None
    if isinstance(kind, pl.Datetime):
        if kind.time_zone:
            column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return column.cast(pl.Datetime("us")), None
    if kind.is_numeric():
        if kind.is_float():
            column = pl.select(pl.when(column.is_finite()).then(column)).to_series()
        order = column.rank("dense").cast(pl.Int64) * 1_000_000
        return (
            order.cast(pl.Datetime("us")).rename(name),
            f"{name} is a number, so only its order is used as time",
        )
    if column.null_count() == len(column):
        empty = pl.Series(name, [None], dtype=pl.Datetime("us")).new_from_index(0, len(column))
        return empty, f"{name} is empty in every row" if len(column) else None
    if kind == pl.String:
        texts = column.str.strip_chars()
        plain = texts.str.replace(ZONE, "${1}")
        for pattern in (date + clock for date in DATES for clock in CLOCKS):
            found = plain.str.to_datetime(pattern, strict=False, time_unit="us")
            if found.null_count() - column.null_count() <= 0.1 * len(column) and found.count():
                ambiguous = pattern[:8] in ("%m/%d/%Y", "%d/%m/%Y")
                words = "month/day/year" if pattern.startswith("%m") else "day/month/year"
                return found - _ahead(texts), f"{name} is read as {words}" if ambiguous else None
    raise ModelError(
        f"{name} is {kind} and no time that can be read; give dates such as 2026-06-30, or a number that rises"
    )


def _ahead(texts: pl.Series) -> pl.Series:
    """How far the zone that each text names is ahead of UTC; nothing where it names none."""
    zone = texts.to_frame("text").select(pl.col("text").str.extract(ZONE, 2).str.replace(":", ""))
    minutes = (
        pl.col("text").str.slice(1, 2).cast(pl.Int64, strict=False) * 60
        + pl.col("text").str.slice(3, 2).cast(pl.Int64, strict=False)
    ) * pl.when(pl.col("text").str.starts_with("-")).then(-1).otherwise(1)
    return zone.select(pl.duration(minutes=minutes.fill_null(0), time_unit="us")).to_series()


def _is_number(texts: pl.Series) -> bool:
    said = texts.drop_nulls().str.strip_chars()
    said = said.filter(said != "")
    if not len(said):
        return False
    return int(said.cast(pl.Float64, strict=False).count()) >= NUMBERS_FROM * len(said)


def _are_names(texts: pl.Series) -> bool:
    said = texts.drop_nulls()
    return len(said) >= NAMES_ROWS and said.n_unique() > NAMES_FROM * len(said)


def _counts_up(frame: pl.DataFrame, name: str, time: str | None) -> bool:
    """Whole numbers that differ in every row and rise or fall with the rows, or with time: an id."""
    column = frame[name]
    if not frame[name].dtype.is_integer() or column.null_count() or len(column) < NAMES_ROWS:
        return False
    if column.n_unique() < len(column):
        return False
    by = frame.select(time, name).sort(time)[name] if time else column
    return any(one.is_sorted() or one.is_sorted(descending=True) for one in (column, by))
