"""The tabular learner: one frame in, one fitted, calibrated, gated and explained model out.

How: rows are cut by time (`split`); a logistic regression and a small XGBoost compete on cohorts later than their
training (`candidates`); the better one is calibrated there (`calibrate`) and then judged against the fallback rates on
a still later cohort (`gate`). Whoever is not clearly better than the fallback does not speak.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import polars as pl

from ml import encode, explain, ladder, split
from ml.calibrate import Calibrator
from ml.candidates import Boosted, Candidate, Logistic
from ml.contest import Contest, hold
from ml.errors import ArtifactError
from ml.frames import (
    ENTITY,
    KNOWN,
    LABEL,
    TIME,
    WEIGHT,
    extras,
    features,
    labelled,
    naive_us,
    require,
)
from ml.metrics import bins
from ml.result import BINS, PREDICTIONS, Files, Metric
from ml.spec import Ladder, Minimum, Spec

SIDECAR = "model.json"


@dataclass(frozen=True)
class Learned:
    """The outcome of learning. `predict` serves the model when promoted, else the fallback rates.

    `metrics` hold every candidate's figures; `bins` the reliability of what serves; `verdict` is one plain
    sentence; `notes` tell what was left out of the frame.
    """

    spec: Spec
    verdict: str
    is_promoted: bool
    rates: ladder.Rates
    candidate: Candidate | None = None
    encoder: encode.Encoder | None = None
    calibrator: Calibrator = field(default_factory=Calibrator)
    metrics: tuple[Metric, ...] = ()
    bins: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=BINS))
    notes: tuple[str, ...] = ()
    trained_rows: int = 0
    positives: int = 0
    window: tuple[datetime, datetime] | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def predict(self, frame: pl.DataFrame) -> pl.DataFrame:
        """One row per row of `frame`, in its order: entity_id, value (null when not yet calculated), is_fallback,
        fallback_reason and reasons (JSON list of sentences).

        Raises ModelError when `frame` lacks a column that the model needs; labels are not needed.
        """
        spec = self.spec
        require(
            frame,
            [spec.entity, *spec.numeric, *spec.categorical, *spec.shown.values(), *extras(spec)],
            "the frame",
        )
        rows = features(frame, spec.numeric, spec.categorical)
        others = [name for name in extras(spec) if name not in rows.columns]
        rows = rows.hstack(frame.select(others))
        if self.is_promoted and self.candidate and self.encoder:
            margins = self.candidate.margins(rows)
            value = self.calibrator.probability(margins)
            moved = self.candidate.contributions(rows)
            values = [frame[spec.shown.get(name, name)] for name in self.encoder.features]
            told = explain.reasons(
                values, self.encoder.features, moved, margins, self.calibrator, spec.words
            )
        else:
            value, words = self.rates.values(rows)
            told = [json.dumps([text], ensure_ascii=False) for text in words.to_list()]
        value = np.clip(value, *spec.bounds)
        return pl.DataFrame(
            {
                "entity_id": frame[spec.entity].cast(pl.String),
                "value": pl.Series(value, dtype=pl.Float64).fill_nan(None),
                "is_fallback": [not self.is_promoted] * frame.height,
                "fallback_reason": [None if self.is_promoted else self.verdict] * frame.height,
                "reasons": told,
            },
            schema=PREDICTIONS,
        )

    def files(self) -> dict[str, bytes]:
        """What `load` needs to predict the same numbers: JSON and XGBoost's own format. Same model, same bytes."""
        body = {
            "verdict": self.verdict,
            "is_promoted": self.is_promoted,
            "rates": self.rates.as_dict(),
            "encoder": self.encoder.as_dict() if self.encoder else None,
            "calibrator": self.calibrator.__dict__,
            "params": dict(self.params),
            "notes": list(self.notes),
        }
        text = json.dumps(body, sort_keys=True, indent=1, ensure_ascii=False)
        return {SIDECAR: text.encode(), **(self.candidate.files() if self.candidate else {})}

    @classmethod
    def load(cls, spec: Spec, files: Files) -> Learned:
        """The model that `files` described; metrics stay behind. Raises ArtifactError when files are missing."""
        if SIDECAR not in files:
            raise ArtifactError(
                f"{spec.name}: {SIDECAR} is missing; delete the version's folder to retrain"
            )
        body = json.loads(files[SIDECAR])
        encoder = encode.Encoder.from_dict(body["encoder"]) if body["encoder"] else None
        candidate: Candidate | None = None
        if encoder and "xgboost.json" in files:
            candidate = Boosted.load(encoder, files["xgboost.json"])
        elif encoder and "logistic.json" in files:
            candidate = Logistic.load(encoder, files["logistic.json"])
        if body["is_promoted"] and candidate is None:
            raise ArtifactError(
                f"{spec.name}: the fitted model is missing; delete the version's folder to retrain"
            )
        knots = tuple((float(x), float(y)) for x, y in body["calibrator"].pop("knots"))
        return cls(
            spec=spec,
            verdict=body["verdict"],
            is_promoted=body["is_promoted"],
            rates=ladder.Rates.from_dict(spec.fallback, body["rates"]),
            candidate=candidate,
            encoder=encoder,
            calibrator=Calibrator(**body["calibrator"], knots=knots),
            notes=tuple(body["notes"]),
            params=body["params"],
        )


def learn(
    frame: pl.DataFrame,
    *,
    label: str,
    entity: str,
    time: str,
    numeric: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    as_of: datetime,
    seed: int = 7,
    known: str | None = None,
    horizon_days: float = 0.0,
    weight: str | None = None,
    fallback: tuple[tuple[str, ...], ...] = (),
    minimum: Minimum | None = None,
    words: Mapping[str, str] | None = None,
    grouped: bool = True,
) -> Learned:
    """Learn to tell `label` (true / false) of a row of any frame, from what was known at `as_of` (aware UTC).

    frame: one row per `entity` and `time` (times naive UTC). A row's label became known at `known`, or
    `horizon_days` after `time`; rows without a known label do not train. NaN, infinities, unknown categories and
    missing values are allowed. `weight` counts in fitting only, never in calibrating or judging, because a weight
    that depends on the outcome's date would bias both. `fallback` lists the columns of each level of the rates that
    serve when the model may not. `grouped` keeps an entity's rows off both sides of a cut.
    Never raises for too little data or signal: read `.verdict`. Raises ModelError for missing columns, a label that
    is not two-valued, or a time given as a number.
    """
    spec = Spec(
        name="table",
        question="",
        decision="",
        entity=entity,
        relations=(),
        time=time,
        label=label,
        known=known,
        horizon_days=horizon_days,
        weight=weight,
        numeric=tuple(numeric),
        categorical=tuple(categorical),
        minimum=minimum or Minimum(),
        fallback=Ladder(levels=fallback),
        words=words or {},
        seed=seed,
    )
    return learn_spec(frame, spec, as_of, grouped=grouped)


def learn_spec(
    frame: pl.DataFrame, spec: Spec, as_of: datetime, *, grouped: bool = True
) -> Learned:
    """`learn` with everything about the question in one Spec."""
    rows, notes = training_rows(frame, spec, as_of)
    rates = ladder.fit(rows, spec.fallback)
    counted = rows.group_by(ENTITY).agg(pl.col(LABEL).max())
    positives = int(counted[LABEL].sum())
    negatives = counted.height - positives
    common = {
        "rates": rates,
        "notes": tuple(notes),
        "trained_rows": rows.height,
        "positives": positives,
        "window": _window(rows),
    }
    encoder = encode.fit(rows, spec.numeric, spec.categorical)
    problem = _too_little(spec, positives, negatives, encoder)
    plan = problem or split.plan(rows, grouped)
    if isinstance(plan, str):
        return Learned(spec, plan, False, **common)  # type: ignore[arg-type]
    contest: Contest = hold(rows, plan, spec, encoder)
    return Learned(
        spec,
        contest.gate.verdict,
        contest.gate.passed,
        candidate=contest.final,
        encoder=encoder,
        calibrator=contest.calibrator,
        metrics=tuple(contest.metrics),
        bins=bins(*contest.served),
        params=contest.params,
        **common,  # type: ignore[arg-type]
    )


def training_rows(
    frame: pl.DataFrame, spec: Spec, as_of: datetime
) -> tuple[pl.DataFrame, list[str]]:
    """The clean, known and mature rows that training sees, weights summing to the number of entities."""
    rows, notes = labelled(frame, spec, as_of)
    rows = rows.filter(pl.Series(split.mature(rows, naive_us(as_of)), dtype=pl.Boolean))
    scale = rows[ENTITY].n_unique() / max(float(rows[WEIGHT].sum()), 1e-12)
    return rows.with_columns(pl.col(WEIGHT) * scale), notes


def _too_little(spec: Spec, positives: int, negatives: int, encoder: encode.Encoder) -> str | None:
    need = spec.minimum
    if positives < need.positives:
        return f"not enough data: {positives:,} of {need.positives:,} {need.positive_name}"
    if negatives < need.negatives:
        return f"not enough data: {negatives:,} of {need.negatives:,} {need.negative_name}"
    if not encoder.features:
        return "fallback: nothing to learn from, every feature is empty or constant"
    return None


def _window(rows: pl.DataFrame) -> tuple[datetime, datetime] | None:
    if rows.is_empty():
        return None
    ends = rows.select(
        pl.from_epoch(pl.col(TIME).min(), time_unit="us").alias("start"),
        pl.from_epoch(pl.col(KNOWN).max(), time_unit="us").alias("end"),
    ).row(0)
    start, end = (moment.replace(tzinfo=UTC).replace(tzinfo=None) for moment in ends)
    return start, end
