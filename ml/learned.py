"""A learned model as a thing to use: predicts, explains, tells how it was judged, and travels as plain files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from ml import encode, explain, ladder
from ml.calibrate import Calibrator
from ml.candidates import Boosted, Candidate, Logistic
from ml.errors import ArtifactError
from ml.frames import aged, extras, features, require
from ml.result import BINS, LIFT, PREDICTIONS, Files, Metric
from ml.spec import Spec

SIDECAR = "model.json"
ROWS_AT_ONCE = 100_000


@dataclass(frozen=True)
class Learned:
    """The outcome of learning. `predict` serves the model when promoted, else the fallback rates.

    `metrics` hold every candidate's figures; `bins` the reliability of what serves and `lift` its deciles; `verdict`
    is one plain sentence; `notes` tell what was left out of the frame and how the rest was read; `warnings` name
    features that look like leaks.
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
    lift: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=LIFT))
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    trained_rows: int = 0
    positives: int = 0
    window: tuple[datetime, datetime] | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def predict(self, frame: pl.DataFrame, *, reasons: bool = True) -> pl.DataFrame:
        """One row per row of `frame`, in its order: entity_id, value (null when not yet calculated), is_fallback,
        fallback_reason and reasons (JSON list of sentences; without `reasons` it is empty, which takes a fraction of
        the time).

        Raises ModelError when `frame` lacks a column that the model needs; labels are not needed.
        """
        spec = self.spec
        needed = [*spec.numeric, *spec.categorical, *spec.shown.values(), *extras(spec)]
        needed += [spec.entity, spec.time if spec.dates else ""]
        require(frame, [name for name in needed if name], "the frame")
        # In slices, so that memory follows the slice and not the table.
        starts = range(0, max(frame.height, 1), ROWS_AT_ONCE)
        parts = [self._said(frame[start : start + ROWS_AT_ONCE], reasons) for start in starts]
        said = pl.concat(parts)
        entity = frame[spec.entity].cast(pl.String) if spec.entity else numbered(frame)
        reason = None if self.is_promoted else self.verdict
        return said.select(
            entity.alias("entity_id"),
            pl.col("value").fill_nan(None).clip(*spec.bounds),
            pl.lit(not self.is_promoted).alias("is_fallback"),
            pl.lit(reason, pl.String).alias("fallback_reason"),
            "reasons",
        ).match_to_schema(PREDICTIONS)

    def _said(self, frame: pl.DataFrame, reasons: bool) -> pl.DataFrame:
        spec = self.spec
        frame = aged(frame, spec.dates, spec.time)
        rows = features(frame, spec.numeric, spec.categorical)
        others = [name for name in extras(spec) if name not in rows.columns]
        # Without any column there would be no rows either.
        rows = rows.hstack(frame.select(others)) if others or rows.width else _nothing(frame.height)
        told = pl.Series(["[]"], dtype=pl.String).new_from_index(0, frame.height)
        if self.is_promoted and self.candidate and self.encoder:
            margins = self.candidate.margins(rows)
            value = self.calibrator.probability(margins)
            if reasons and frame.height:
                moved = self.candidate.contributions(rows)
                values = [frame[spec.shown.get(name, name)] for name in self.encoder.features]
                told = explain.reasons(
                    values, self.encoder.features, moved, margins, self.calibrator, spec.words
                )
        else:
            value, words = self.rates.values(rows)
            if reasons:
                told = explain.quoted(words)
        return pl.DataFrame({"value": pl.Series(value, dtype=pl.Float64), "reasons": told})

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
            "warnings": list(self.warnings),
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
            warnings=tuple(body["warnings"]),
            params=body["params"],
        )


def _nothing(height: int) -> pl.DataFrame:
    """Rows of which nothing is known."""
    return pl.DataFrame(
        {"millrace:nothing": pl.Series([None], dtype=pl.Null).new_from_index(0, height)}
    )


def numbered(frame: pl.DataFrame) -> pl.Series:
    """Names for rows that have none: their numbers, from 1."""
    return pl.Series([str(number) for number in range(1, frame.height + 1)], dtype=pl.String)
