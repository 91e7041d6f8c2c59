"""The tabular learner: one frame in, one fitted, calibrated, gated and explained model out.

How: rows are cut by time (`split`); at several past origins a logistic regression and a small XGBoost compete on what
was known then (`contest`, `candidates`), the better is calibrated (`calibrate`) and tells the next cohort; what it said
is judged against the fallback rates (`gate`). Whoever is not clearly better than the fallback does not speak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import polars as pl
from threadpoolctl import threadpool_limits

from ml import encode, infer, ladder, leaks, screen, split
from ml.contest import hold
from ml.errors import ModelError
from ml.frames import ENTITY, KNOWN, LABEL, TIME, WEIGHT, aged, labelled, naive_us, parts, require
from ml.learned import Learned, numbered
from ml.metrics import auc, bins, lift
from ml.spec import Ladder, Minimum, Spec
from warehouse import clock

__all__ = ["Learned", "learn", "learn_spec", "training_rows"]

ROW = "millrace:row"
# The contest needs no more rows than this to choose and to judge, as long as enough of them succeeded.
ROWS_TO_COMPETE, POSITIVES_TO_COMPETE = 200_000, 5_000


def learn(
    frame: pl.DataFrame,
    *,
    label: str,
    entity: str | None = None,
    time: str | None = None,
    numeric: Sequence[str] | None = None,
    categorical: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    positive: str | None = None,
    as_of: datetime | None = None,
    seed: int = 7,
    known: str | None = None,
    horizon_days: float = 0.0,
    weight: str | None = None,
    fallback: Sequence[Sequence[str]] = (),
    minimum: Minimum | None = None,
    words: Mapping[str, str] | None = None,
    grouped: bool | None = None,
) -> Learned:
    """Learn to tell the two-valued `label` of a row of any frame, from what was known at `as_of` (aware; now).

    frame: one row per `entity` and `time`. Without `entity` every row stands for itself; without `time` there is no
    later cohort, so whole entities are held out instead, which promises less (the notes say so). A time that is a
    number counts as an order. Without `numeric` and `categorical` every other column but those in `ignore` is a
    feature, read as it looks: numbers, true and false, texts, and dates as days before `time`; the notes tell. NaN,
    infinities, missing and unknown values are allowed anywhere.

    A label is true or false, 1 or 0, yes or no in words; `positive` names the word that counts as yes where none is
    known. Rows without a label do not train. A row's label became known at `known`, or `horizon_days` after `time`.
    `weight` counts in fitting only, never in calibrating or judging, because a weight that depends on the outcome's
    date would bias both. `fallback` lists the columns of each level of the rates that serve when the model may not.
    `grouped` keeps an entity's rows off both sides of a cut; left out, it does so unless that would leave out more than
    a fifth of the tested rows, because the same entities are asked about again and again.

    Never raises for too little data or signal: read `.verdict`. Raises ModelError for missing columns, a label that
    has more than two outcomes, or a time that cannot be read as one. Same frame and seed, same model.
    """
    if not isinstance(frame, pl.DataFrame):
        raise ModelError(f"the table is a {type(frame).__name__}; give a polars DataFrame")
    levels = tuple(tuple(level) for level in fallback)
    named = [label, entity, time, known, weight, *(numeric or ()), *(categorical or ())]
    require(frame, [name for name in (*named, *ignore, *sum(levels, ())) if name], "the table")
    odd = [name for name in frame.columns if infer.is_pattern(name)]
    if used := [name for name in named if name in odd]:
        raise ModelError(f"a column cannot be called {used[0]!r} here; rename it to a plain word")
    frame = frame.drop(pl.selectors.by_name(odd)) if odd else frame
    if label in (entity, time, known, weight):
        raise ModelError(f"{label} is the label and cannot be something else as well; name another column")  # fmt: skip
    if entity and (frame[entity].dtype.is_nested() or frame[entity].dtype == pl.Object):
        raise ModelError(
            f"{entity} is {frame[entity].dtype}; an entity is named by a text or a number"
        )
    truth, told = infer.outcome(frame, label, positive)
    notes = [told] if told else []
    notes += [f"{name!r} was left out: rename it to a plain word" for name in odd]
    table = frame.with_columns(truth.alias(label))
    if entity is None:
        entity = ROW
        table = table.with_columns(numbered(frame).alias(ROW))
    for name in (time, known):
        if name is not None:
            moment, told = infer.moments(frame, name)
            table = table.with_columns(moment.alias(name))
            notes += [told] if told else []
    dates: tuple[str, ...] = ()
    if numeric is None and categorical is None:
        taken = {label, entity, time, known, weight, *ignore}
        found = infer.columns(table, [name for name in taken if name], time)
        numeric, categorical, dates = (*found.numeric, *found.dates), found.categorical, found.dates
        notes += found.notes
    spec = Spec(
        name="table",
        question="",
        decision="",
        entity="" if entity == ROW else entity,
        relations=(),
        time=time or "",
        label=label,
        known=known,
        horizon_days=horizon_days,
        weight=weight,
        numeric=tuple(numeric or ()),
        categorical=tuple(categorical or ()),
        dates=dates,
        minimum=minimum or Minimum(),
        fallback=Ladder(levels=levels),
        words=words or {},
        seed=seed,
    )
    return learn_spec(table, spec, as_of or clock.now(), grouped=grouped, notes=notes)


def learn_spec(
    frame: pl.DataFrame,
    spec: Spec,
    as_of: datetime,
    *,
    grouped: bool | None = None,
    notes: Sequence[str] = (),
) -> Learned:
    """`learn` with everything about the question in one Spec."""
    # One thread for linear algebra: sums in another order would be another model on another machine.
    with threadpool_limits(limits=1):
        return _learn(frame, spec, as_of, grouped, notes)


def _learn(
    frame: pl.DataFrame,
    spec: Spec,
    as_of: datetime,
    grouped: bool | None,
    notes: Sequence[str],
) -> Learned:
    rows, left = training_rows(frame, spec, as_of)
    rates = ladder.fit(rows, spec.fallback)
    counted = rows.group_by(ENTITY).agg(pl.col(LABEL).max(), pl.col(LABEL).min().alias("least"))
    positives = int(counted[LABEL].sum())
    negatives = int((counted["least"] == 0).sum())
    telling = leaks.alone(rows, spec.numeric, spec.categorical)
    common = {
        "rates": rates,
        "trained_rows": rows.height,
        "positives": positives,
        "window": _window(rows) if spec.time else None,
    }
    notes = [*notes, *left]
    problem = _too_little(rows, spec, positives, negatives)
    fewer = _fewer(rows)
    plan = problem or split.plan(fewer, grouped, bool(spec.time))
    if isinstance(plan, str):
        warned = leaks.warnings(telling, None)
        return Learned(spec, plan, False, notes=tuple(notes), warnings=warned, **common)  # type: ignore[arg-type]
    if fewer.height < rows.height:
        notes.append(f"judged on {fewer.height:,} of {rows.height:,} rows, trained on all")
    many = len(spec.numeric) + len(spec.categorical)
    if many > screen.MOST_FEATURES:
        most = screen.MOST_FEATURES
        notes.append(
            f"{many:,} features: the {most} that alone tell most took part, at each origin"
        )
    contest = hold(fewer, rows, plan, spec)
    y, p = contest.tested["y"].to_numpy(), contest.tested["served"].to_numpy()
    return Learned(
        spec,
        contest.gate.verdict,
        contest.gate.passed,
        candidate=contest.final,
        encoder=contest.encoder,
        calibrator=contest.calibrator,
        metrics=tuple(contest.metrics),
        bins=bins(y, p),
        lift=lift(y, p),
        params=contest.params,
        notes=(*notes, f"tested on {plan.told}"),
        warnings=leaks.warnings(telling, auc(y, p)),
        **common,  # type: ignore[arg-type]
    )


def training_rows(
    frame: pl.DataFrame, spec: Spec, as_of: datetime
) -> tuple[pl.DataFrame, list[str]]:
    """The clean, known and mature rows that training sees, weights summing to the number of entities."""
    if not spec.entity:
        spec = replace(spec, entity=ROW)
    rows, notes = labelled(aged(frame, spec.dates, spec.time), spec, as_of)
    if spec.time:
        rows = rows.filter(pl.Series(split.mature(rows, naive_us(as_of)), dtype=pl.Boolean))
    scale = rows[ENTITY].n_unique() / max(float(rows[WEIGHT].sum()), 1e-12)
    return rows.with_columns(pl.col(WEIGHT) * scale), notes


def _fewer(rows: pl.DataFrame) -> pl.DataFrame:
    """Whole entities by chance, enough of them to compete with."""
    successes = float(rows[LABEL].sum())
    share = max(ROWS_TO_COMPETE / max(rows.height, 1), POSITIVES_TO_COMPETE / max(successes, 1))
    if share >= 1:
        return rows
    return rows.filter(pl.Series(parts(rows, 1000, seed=29) < share * 1000))


def _too_little(rows: pl.DataFrame, spec: Spec, positives: int, negatives: int) -> str | None:
    need = spec.minimum
    if positives < need.positives:
        return f"not enough data: {positives:,} of {need.positives:,} {need.positive_name}"
    if negatives < need.negatives:
        return f"not enough data: {negatives:,} of {need.negatives:,} {need.negative_name}"
    if not encode.fit(rows, spec.numeric, spec.categorical).features:
        return "fallback: nothing to learn from, every feature is empty or constant"
    return None


def _window(rows: pl.DataFrame) -> tuple[datetime, datetime] | None:
    if rows.is_empty():
        return None
    start, end = rows.select(
        pl.from_epoch(pl.col(TIME).min(), time_unit="us").alias("start"),
        pl.from_epoch(pl.col(KNOWN).max(), time_unit="us").alias("end"),
    ).row(0)
    return start, end
