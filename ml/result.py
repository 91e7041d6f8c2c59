"""What training yields and what a run reports; one `Metric` is one row of ml.model_metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Protocol, runtime_checkable

import polars as pl

from ml.spec import Spec

Frames = Mapping[str, pl.DataFrame]
Files = Mapping[str, bytes]

BINS = pl.Schema(
    {
        "bin": pl.Int64,
        "predicted_mean": pl.Float64,
        "observed_rate": pl.Float64,
        "row_count": pl.Int64,
    }
)
LIFT = pl.Schema(
    {
        "decile": pl.Int64,
        "row_count": pl.Int64,
        "observed_rate": pl.Float64,
        "lift": pl.Float64,
        "captured": pl.Float64,
    }
)
PREDICTIONS = pl.Schema(
    {
        "entity_id": pl.String,
        "value": pl.Float64,
        "is_fallback": pl.Boolean,
        "fallback_reason": pl.String,
        "reasons": pl.String,
    }
)


# Columns that a model may add: nine of ten outcomes lie between them.
INTERVAL = pl.Schema({"low": pl.Float64, "high": pl.Float64})


class Metric(NamedTuple):
    """One measured figure of one candidate on one cohort."""

    cohort: str
    candidate: str
    metric: str
    value: float


class Monitor(NamedTuple):
    """One watch at one moment: `value` is the figure that it looks at, `seen` says it in words.

    `is_held`: syncs that read the score wait. Not `is_well`: somebody should look.
    """

    monitor: str
    is_held: bool
    is_well: bool
    value: float | None
    seen: str


@dataclass(frozen=True)
class Moved:
    """One feature: its PSI less what chance adds, the most of it at past moments, and what chance may do to that."""

    psi: float
    usual: float
    chance: float

    @property
    def excess(self) -> float:
        """What is neither usual nor chance."""
        return self.psi - self.usual - self.chance


@dataclass(frozen=True)
class Trained:
    """A trained model as data: what it may say (`is_promoted`), why (`verdict`), and its files.

    `files` hold everything that scoring needs; window times are naive UTC; `features` and `params`
    are plain JSON data.
    """

    is_promoted: bool
    verdict: str
    files: Files
    metrics: tuple[Metric, ...] = ()
    bins: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BINS))
    trained_rows: int = 0
    positives: int = 0
    window_start: datetime | None = None
    window_end: datetime | None = None
    features: tuple[str, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a run of one model did; `skipped` when nothing had changed since the last run.

    `rows` counts the predictions that were written, or, when skipped, that are there.
    """

    model: str
    version: str
    verdict: str
    is_promoted: bool
    rows: int
    metrics: dict[str, float]
    fallback_reason: str | None = None
    skipped: bool = False
    retrained: bool = False
    monitors: tuple[Monitor, ...] = ()


@runtime_checkable
class Watched(Protocol):
    """What a model offers that can be held against outcomes; see ml.tabular.TabularModel."""

    def outcomes(
        self, files: Files, frames: Frames, since: datetime, as_of: datetime
    ) -> pl.DataFrame:
        """Rows whose label became known after `since`: entity, y, p and fallback."""

    def drift(self, frames: Frames, as_of: datetime) -> dict[str, Moved]:
        """How far each feature has moved."""

    def backtest(self, frames: Frames, as_of: datetime) -> list[Metric]:
        """What it would have said, by week and month."""


@runtime_checkable
class Keeping(Protocol):
    """What a model offers that keeps tables of its own in the schema ml, beside its predictions."""

    def tables(self, files: Files, frames: Frames, as_of: datetime) -> dict[str, pl.DataFrame]:
        """Rows by table; `version` and `as_of` are added to them."""


class Model(Protocol):
    """What a file in `ml/models/` provides as MODEL."""

    @property
    def spec(self) -> Spec:
        """The declaration."""

    def queries(self) -> dict[str, str]:
        """A SELECT per frame that the functions below are given under the same name."""

    def digest(self, frames: Frames, as_of: datetime) -> str:
        """A digest of exactly what training would see; the same digest trains the same model."""

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """Learn from what was known at `as_of`."""

    def score(self, files: Files, frames: Frames, as_of: datetime) -> pl.DataFrame:
        """One row per entity to score, columns as in PREDICTIONS, and those of INTERVAL where the model has them."""
