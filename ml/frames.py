"""Turns any polars frame into clean rows for learning, one row per entity and time, and tells what was left out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import polars as pl

from ml.errors import ModelError
from ml.spec import Spec
from warehouse.clock import naive

# No column of anybody's table is called so.
ENTITY, TIME, KNOWN, LABEL, WEIGHT = (
    f"millrace:{name}" for name in ("entity", "time", "known", "label", "weight")
)
MICROSECONDS_PER_DAY = 86_400_000_000
MOST_NAMES = 40


def require(frame: pl.DataFrame, columns: Iterable[str], where: str) -> None:
    """Raise ModelError naming the columns that `frame` lacks."""
    there = frame.columns
    missing = sorted(set(columns) - set(there))
    if missing:
        more = len(there) - MOST_NAMES
        shown = ", ".join(there[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")
        raise ModelError(
            f"{where} has no column {', '.join(missing)}; it has {shown or 'none'}. "
            "Add the column there, or take it out of the model's spec."
        )


def features(
    frame: pl.DataFrame, numeric: Sequence[str], categorical: Sequence[str]
) -> pl.DataFrame:
    """The feature columns alone: numbers as Float64 with NaN and infinities made null, the rest as text."""
    return frame.select(
        *(_number(frame, name) for name in numeric),
        *(pl.col(name).cast(pl.String) for name in categorical),
    )


def aged(frame: pl.DataFrame, dates: Sequence[str], time: str) -> pl.DataFrame:
    """`frame` with its date columns as days before `time`, or since 1970 where rows have no time."""
    now = _moment(pl.col(time)) if time else None
    return frame.with_columns(
        (
            (_moment(pl.col(name)) if now is None else now - _moment(pl.col(name)))
            / MICROSECONDS_PER_DAY
        ).alias(name)
        for name in dates
        if frame[name].dtype.is_temporal()
    )


def labelled(frame: pl.DataFrame, spec: Spec, as_of: datetime) -> tuple[pl.DataFrame, list[str]]:
    """Rows whose label was known at `as_of`, sorted by time and entity, and notes on what was left out.

    Returned columns: the `_…` names above (times as naive microseconds), the features and the ladder's
    and slices' columns.
    """
    wanted = [spec.label, spec.entity, *spec.numeric, *spec.categorical]
    wanted += [name for name in (spec.time, spec.known, spec.weight) if name] + extras(spec)
    require(frame, wanted, "the training frame")
    at = _moment(pl.col(spec.time)) if spec.time else pl.lit(0, pl.Int64)
    known = _moment(pl.col(spec.known)) if spec.known else at + _horizon(spec)
    rows = frame.select(
        pl.col(spec.entity).cast(pl.String).alias(ENTITY),
        at.alias(TIME),
        known.alias(KNOWN),
        _outcome(frame, spec.label).alias(LABEL),
        (_number(frame, spec.weight) if spec.weight else pl.lit(1.0)).alias(WEIGHT),
    )
    rows = rows.hstack(features(frame, spec.numeric, spec.categorical))
    others = [name for name in extras(spec) if name not in rows.columns]
    rows = rows.hstack(frame.select(pl.col(name).cast(pl.String) for name in others))
    return _keep(rows, as_of, timed=bool(spec.time))


def extras(spec: Spec) -> list[str]:
    """Columns that the ladder and the slices read."""
    names = [name for level in spec.fallback.levels for name in level]
    return sorted({*names, *spec.slices})


def digest(frame: pl.DataFrame) -> str:
    """Sixty-four hex digits over column names, types and values; the order of rows does not matter."""
    ordered = frame.select(sorted(frame.columns))
    ordered = ordered.sort(ordered.columns, nulls_last=True) if ordered.width else ordered
    text = ordered.write_csv(null_value="\\N").encode()
    head = repr([(name, str(kind)) for name, kind in ordered.schema.items()]).encode()
    return hashlib.sha256(head + b"\n" + text).hexdigest()


def parts(rows: pl.DataFrame, count: int, seed: int) -> np.ndarray:
    """A part of 0 to `count` - 1 for each row, the same for all rows of an entity, by chance and by `seed` alone."""
    if not rows.height:
        return np.zeros(0, dtype=np.int64)
    entity = rows[ENTITY].rank("dense").cast(pl.Int64).to_numpy() - 1
    drawn = np.random.default_rng(seed).permutation(int(entity.max()) + 1) % count
    return np.asarray(drawn[entity])


def naive_us(moment: datetime) -> int:
    """An aware moment as naive UTC microseconds since 1970."""
    return int(pl.Series([naive(moment)]).cast(pl.Datetime("us")).to_physical()[0])


def _keep(rows: pl.DataFrame, as_of: datetime, timed: bool) -> tuple[pl.DataFrame, list[str]]:
    """Drop rows without a key, from the future, without a known label, and repeated ones."""
    now = naive_us(as_of)
    steps = (
        (pl.col(ENTITY).is_not_null() & pl.col(TIME).is_not_null(), "without entity or time"),
        (pl.col(TIME) <= now, f"dated after {as_of:%Y-%m-%d}"),
        (pl.col(LABEL).is_not_null(), None),
        (pl.col(KNOWN).is_not_null() & (pl.col(KNOWN) <= now), None),
    )
    notes = []
    for condition, words in steps:
        kept = rows.filter(condition)
        if words and kept.height < rows.height:
            notes.append(f"{rows.height - kept.height:,} rows {words} were left out")
        rows = kept
    # Every column takes part in the order, so that the same rows in any order train the same model.
    rows = rows.sort(TIME, ENTITY, *(name for name in rows.columns if name not in (TIME, ENTITY)))
    key = [ENTITY, TIME] if timed else rows.columns
    single = rows.unique(subset=key, keep="first", maintain_order=True)
    if single.height < rows.height:
        notes.append(f"{rows.height - single.height:,} repeated rows were left out")
    weight = pl.when(pl.col(WEIGHT).is_finite() & (pl.col(WEIGHT) > 0)).then(pl.col(WEIGHT))
    single = single.with_columns(weight)
    if without := single[WEIGHT].null_count():
        notes.append(f"{without:,} rows without a positive weight count once")
    return single.with_columns(pl.col(WEIGHT).fill_null(1.0)), notes


def _number(frame: pl.DataFrame, name: str) -> pl.Expr:
    if frame[name].dtype == pl.Duration:
        return (pl.col(name).dt.total_microseconds() / MICROSECONDS_PER_DAY).alias(name)
    if frame[name].dtype.is_temporal():
        raise ModelError(f"{name} is a time, not a number; give the model an age in days instead")
    number = pl.col(name).cast(pl.Float64, strict=False)
    return pl.when(number.is_finite()).then(number).alias(name)


def _moment(expression: pl.Expr) -> pl.Expr:
    """Naive microseconds; a time with a zone is first told in UTC."""
    return expression.cast(pl.Datetime("us")).to_physical()


def _horizon(spec: Spec) -> int:
    return int(spec.horizon_days * MICROSECONDS_PER_DAY)


def _outcome(frame: pl.DataFrame, name: str) -> pl.Expr:
    """The label as 0 or 1; anything else is an error, for a third outcome needs another model."""
    number = pl.col(name).cast(pl.Float64, strict=False)
    values = frame.select(number.drop_nulls().drop_nans().unique().sort()).to_series().to_list()
    if any(value not in (0.0, 1.0) for value in values):
        raise ModelError(f"{name} must be true or false (or 1 or 0), but has {values[:5]}")
    return pl.when(number.is_finite()).then(number).cast(pl.Int8)
