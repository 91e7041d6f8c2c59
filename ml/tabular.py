"""A model that is one table and one question: reads the table, learns, and scores the rows that are current."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from ml import backtest
from ml.drift import moved
from ml.frames import ENTITY, TIME, digest, extras, features, require
from ml.learner import Learned, learn_spec, training_rows
from ml.metrics import Floats
from ml.result import Files, Frames, Metric, Moved, Trained
from ml.spec import Spec
from warehouse.clock import naive
from warehouse.dialect import ident

FRAME = "rows"


def unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame as it is."""
    return frame


@dataclass(frozen=True)
class TabularModel:
    """`current` names a boolean column that marks the rows to score; `derive` adds columns to the table as read.

    `grouped` keeps an entity's rows off both sides of a cut in time. Where the same entities are scored month after
    month it must not: only newcomers would be left to test on. `horizon` names the column of the days that a label
    looks ahead, `amount` that of what is at stake.
    """

    spec: Spec
    current: str
    derive: Callable[[pl.DataFrame], pl.DataFrame] = unchanged
    grouped: bool = True
    horizon: str = ""
    amount: str = ""

    def queries(self) -> dict[str, str]:
        """The whole relation; the learner decides what may train."""
        (relation,) = self.spec.relations
        return {FRAME: f"select * from {ident(*relation.split('.'))}"}

    def digest(self, frames: Frames, as_of: datetime) -> str:
        """See ml.result.Model."""
        rows, _ = training_rows(self.rows(frames), self.spec, as_of)
        return digest(rows)

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """See ml.result.Model."""
        rows = self.rows(frames)
        trained = as_trained(self.learn(rows, as_of))
        return replace(trained, metrics=(*trained.metrics, *self.label_metrics(rows)))

    def label_metrics(self, rows: pl.DataFrame) -> list[Metric]:
        """How many days the label looks ahead, where that is a number of days."""
        days = rows[self.horizon].max() if self.horizon else None
        found = float(days) if isinstance(days, int | float) else None
        return [] if found is None else [Metric("label", "spec", "horizon_days", found)]

    def learn(self, rows: pl.DataFrame, as_of: datetime) -> Learned:
        """The model learned from rows as `rows` gives them."""
        return learn_spec(rows, self.spec, as_of, grouped=self.grouped)

    def score(self, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
        """See ml.result.Model."""
        return self.predict(files, self.newest(frames))

    def served(
        self, known: pl.DataFrame, rows: pl.DataFrame, then: datetime
    ) -> tuple[Floats, Floats]:
        """What would be served for `rows`, had it learned from `known` at `then`; and its fallback alone."""
        learned = self.learn(known, then)
        return _values(learned.predict(rows)), learned.rates.values(rows)[0]

    def outcomes(
        self, files: Files, frames: Frames, since: datetime, as_of: datetime
    ) -> pl.DataFrame:
        """Rows whose label became known after `since`: entity, label y, and p, the word of a version from before."""
        spec, rows = self.spec, self.rows(frames)
        known = pl.col(spec.known or spec.time).cast(pl.Datetime("us"))
        fresh = rows.filter(
            (known > naive(since)) & (known <= naive(as_of)) & pl.col(spec.label).is_not_null()
        )
        return fresh.select(
            pl.col(spec.entity).cast(pl.String).alias("entity"),
            pl.col(spec.label).cast(pl.Float64).alias("y"),
        ).with_columns(
            p=pl.Series(_values(self.predict(files, fresh))),
            fallback=pl.Series(self.loaded(files).rates.values(fresh)[0]),
        )

    def drift(self, frames: Frames, as_of: datetime) -> dict[str, Moved]:
        """How far each feature of what is scored now lies from what was learned from; see ml.drift."""
        rows = self.rows(frames)
        then, _ = training_rows(rows, self.spec, as_of)
        names = (*self.spec.numeric, *self.spec.categorical)
        return moved(then, self._placed(rows), self._placed(self.newest(frames)), names)

    def _placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with their entity and moment under the names that every table's have."""
        spec = self.spec
        return features(rows, spec.numeric, spec.categorical).with_columns(
            rows[spec.entity].cast(pl.String).alias(ENTITY),
            rows[spec.time].cast(pl.Datetime("us")).to_physical().alias(TIME),
        )

    def backtest(self, frames: Frames, as_of: datetime) -> list[Metric]:
        """What it would have said, week by week and month by month."""
        return backtest.run(self, self.rows(frames), as_of, self.amount)

    def loaded(self, files: Files) -> Learned:
        """The learned model that `files` described."""
        return Learned.load(self.spec, files)

    def predict(self, files: Files, rows: pl.DataFrame) -> pl.DataFrame:
        """One prediction per row, in the order of the rows."""
        return self.loaded(files).predict(rows)

    def newest(self, frames: Frames) -> pl.DataFrame:
        """The row to score of each entity, sorted by entity."""
        rows = self.rows(frames).filter(pl.col(self.current).cast(pl.Boolean))
        newest = rows.sort(self.spec.time, self.spec.entity).unique(
            subset=[self.spec.entity], keep="last", maintain_order=True
        )
        return newest.sort(self.spec.entity)

    def rows(self, frames: Frames) -> pl.DataFrame:
        """The table as read, with what `derive` adds. Raises ModelError when it lacks a column."""
        spec, frame = self.spec, frames[FRAME]
        (relation,) = spec.relations
        rows = self.derive(frame)
        wanted = [
            spec.entity,
            spec.time,
            spec.label,
            self.current,
            *spec.numeric,
            *spec.categorical,
        ]
        require(rows, [*wanted, *extras(spec)], relation)
        return rows


def _values(predictions: pl.DataFrame) -> Floats:
    return np.asarray(predictions["value"].fill_null(float("nan")).to_numpy(), dtype=np.float64)


def as_trained(learned: Learned) -> Trained:
    """What a run keeps of a learned model."""
    start, end = learned.window or (None, None)
    return Trained(
        is_promoted=learned.is_promoted,
        verdict=learned.verdict,
        files=learned.files(),
        metrics=learned.metrics,
        bins=learned.bins,
        trained_rows=learned.trained_rows,
        positives=learned.positives,
        window_start=start,
        window_end=end,
        features=learned.encoder.features if learned.encoder else (),
        params=learned.params,
    )
