"""A model that leans on a rule: the fewer outcomes were seen, the more the rule's own rate says.

Served: w × model + (1 - w) × rate of the rule's band, w = positives / (positives + strength). With nothing learned,
w is 0 and the rule serves, so a young installation moves from one to the other without a jump. As log loss is convex,
the blend loses at most the weighted mean of what both lose. Between `lean_minimum` and the spec's own minimum, and
below `fewest` known entities, a logistic regression on the few features of `lean` stands in for the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import polars as pl

from ml.frames import ENTITY
from ml.learner import Learned, training_rows
from ml.metrics import Floats
from ml.result import Files, Frames, Trained
from ml.spec import Minimum, Spec
from ml.tabular import TabularModel, as_trained

SIDECAR = "blend.json"
FULL, LEAN = "full", "lean"


@dataclass(frozen=True)
class BlendedModel(TabularModel):
    """The last level of the fallback is the rule's band."""

    lean: tuple[str, ...] = ()
    lean_minimum: Minimum = field(default_factory=Minimum)
    fewest: int = 1000
    strength: float = 100.0

    def train(self, frames: Frames, as_of: datetime) -> Trained:
        """See ml.result.Model."""
        rows = self.rows(frames)
        size, learned = self.attempt(rows, as_of)
        trained = as_trained(learned)
        weight = self._weight(learned)
        note = {"size": size, "weight": weight}
        params = {**trained.params, **note}
        files = {**trained.files, SIDECAR: json.dumps(note, sort_keys=True).encode()}
        verdict = trained.verdict
        if learned.is_promoted and size == LEAN:
            need = self.spec.minimum
            verdict += f"; few features, until there are {self.fewest:,} known and "
            verdict += f"{need.positives:,} {need.positive_name}"
        metrics = (*trained.metrics, *self.label_metrics(rows))
        return replace(trained, files=files, params=params, verdict=verdict, metrics=metrics)

    def attempt(self, rows: pl.DataFrame, as_of: datetime) -> tuple[str, Learned]:
        """The full model where there is enough to learn from, else the lean one: which of the two, what came out."""
        known = training_rows(rows, self.spec, as_of)[0][ENTITY].n_unique()
        learned = self.learn(rows, as_of) if known >= self.fewest else None
        if learned and not learned.verdict.startswith("not enough data"):
            return FULL, learned
        small = replace(self, spec=self._lean_spec()).learn(rows, as_of)
        return LEAN, small

    def loaded(self, files: Files) -> Learned:
        """The learned model that `files` described, full or lean."""
        spec = self.spec if json.loads(files[SIDECAR])["size"] == FULL else self._lean_spec()
        return Learned.load(spec, {k: v for k, v in files.items() if k != SIDECAR})

    def predict(self, files: Files, rows: pl.DataFrame) -> pl.DataFrame:
        """One blended prediction per row, in the order of the rows."""
        weight = float(json.loads(files[SIDECAR])["weight"])
        return self.blend(self.loaded(files), rows, weight)

    def served(
        self, known: pl.DataFrame, rows: pl.DataFrame, then: datetime
    ) -> tuple[Floats, Floats]:
        """See TabularModel: the blend, as it would have been served."""
        _, learned = self.attempt(known, then)
        value = self.blend(learned, rows, self._weight(learned))["value"]
        rates = learned.rates.values(rows)[0]
        return np.asarray(value.fill_null(float("nan")).to_numpy(), dtype=np.float64), rates

    def blend(self, learned: Learned, rows: pl.DataFrame, weight: float) -> pl.DataFrame:
        """Predictions as served, and the rule's word as the last reason."""
        found = learned.predict(rows)
        if not learned.is_promoted:
            return found
        rate, words = learned.rates.values(rows)
        mixed = weight * found["value"].to_numpy() + (1 - weight) * rate
        told = [
            json.dumps([*json.loads(own), f"the rule alone says {word}"], ensure_ascii=False)
            for own, word in zip(found["reasons"], words, strict=True)
        ]
        return found.with_columns(
            value=pl.Series(np.clip(mixed, *self.spec.bounds)), reasons=pl.Series(told)
        )

    def _weight(self, learned: Learned) -> float:
        share = learned.positives / (learned.positives + self.strength)
        return round(share, 6) if learned.is_promoted else 0.0

    def _lean_spec(self) -> Spec:
        kept = tuple(name for name in self.spec.categorical if name in self.lean)
        numeric = tuple(name for name in self.spec.numeric if name in self.lean)
        return replace(
            self.spec,
            numeric=numeric,
            categorical=kept,
            minimum=self.lean_minimum,
            candidates=("logistic",),
        )
