"""The two models that compete to beat the fallback: a regularised logistic regression and a small XGBoost."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
import xgboost as xgb
from sklearn.linear_model import LogisticRegression

from ml.encode import Encoder
from ml.frames import LABEL, WEIGHT
from ml.metrics import Floats

PENALTIES = (0.02, 0.1, 0.5)
MOST_ROUNDS, FEWEST_ROUNDS = 300, 10
ROWS_FOR_THREADS, THREADS = 100_000, 4


class Candidate(Protocol):
    """A fitted model: margins (log-odds before calibration) and how each feature moved them."""

    def margins(self, rows: pl.DataFrame) -> Floats:
        """One log-odds per row."""

    def contributions(self, rows: pl.DataFrame) -> Floats:
        """Rows × features: what each feature added to the log-odds, against the average row."""

    def files(self) -> dict[str, bytes]:
        """The fitted model as named files."""


@dataclass(frozen=True)
class Logistic:
    """Coefficients over `Encoder.lines`, and the column means that contributions are told against."""

    encoder: Encoder
    coefficients: Floats
    intercept: float
    means: Floats

    def margins(self, rows: pl.DataFrame) -> Floats:
        """See Candidate."""
        matrix, _ = self.encoder.lines(rows)
        return np.asarray((matrix * self.coefficients).sum(axis=1) + self.intercept)

    def contributions(self, rows: pl.DataFrame) -> Floats:
        """See Candidate."""
        matrix, owners = self.encoder.lines(rows)
        return _by_feature((matrix - self.means) * self.coefficients, owners, self.encoder)

    def files(self) -> dict[str, bytes]:
        """See Candidate."""
        body = {
            "coefficients": self.coefficients.tolist(),
            "intercept": self.intercept,
            "means": self.means.tolist(),
        }
        return {"logistic.json": json.dumps(body, sort_keys=True).encode()}

    @classmethod
    def load(cls, encoder: Encoder, files: bytes) -> Logistic:
        """The model that `files` described."""
        body = json.loads(files)
        return cls(
            encoder, np.array(body["coefficients"]), body["intercept"], np.array(body["means"])
        )


@dataclass(frozen=True)
class Boosted:
    """Trees over `Encoder.trees`; contributions are SHAP values as XGBoost itself computes them."""

    encoder: Encoder
    booster: xgb.Booster

    def margins(self, rows: pl.DataFrame, rounds: int = 0) -> Floats:
        """See Candidate; only the first `rounds` trees when given."""
        matrix, _ = self.encoder.trees(rows)
        found = self.booster.predict(
            xgb.DMatrix(matrix), output_margin=True, iteration_range=(0, rounds)
        )
        return np.asarray(found, dtype=np.float64)

    def contributions(self, rows: pl.DataFrame) -> Floats:
        """See Candidate."""
        matrix, owners = self.encoder.trees(rows)
        found = self.booster.predict(xgb.DMatrix(matrix), pred_contribs=True)
        return _by_feature(np.asarray(found, dtype=np.float64)[:, :-1], owners, self.encoder)

    def files(self) -> dict[str, bytes]:
        """See Candidate."""
        return {"xgboost.json": bytes(self.booster.save_raw("json"))}

    @classmethod
    def load(cls, encoder: Encoder, files: bytes) -> Boosted:
        """The model that `files` described."""
        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(files))
        return cls(encoder, booster)


def fit_logistic(encoder: Encoder, rows: pl.DataFrame, penalty: float) -> Logistic:
    """L2 regression; `penalty` is scikit-learn's C, where larger means freer."""
    matrix, _ = encoder.lines(rows)
    model = LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=100, tol=1e-6)
    model.fit(matrix, rows[LABEL].to_numpy(), sample_weight=rows[WEIGHT].to_numpy())
    return Logistic(encoder, model.coef_[0], float(model.intercept_[0]), matrix.mean(axis=0))


def fit_boosted(
    encoder: Encoder, rows: pl.DataFrame, rounds: int, seed: int, later: pl.DataFrame | None = None
) -> tuple[Boosted, Floats]:
    """Depth 3, rate 0.05; deterministic for the same rows and seed.

    With `later` rows, also their mean log loss after each number of trees.
    """
    matrix, _ = encoder.trees(rows)
    data = xgb.DMatrix(matrix, label=rows[LABEL].to_numpy(), weight=rows[WEIGHT].to_numpy())
    parameters = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 3,
        "learning_rate": 0.05,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5,
        "seed": seed,
        "nthread": THREADS if rows.height > ROWS_FOR_THREADS else 1,
    }
    seen: dict[str, dict[str, list[float]]] = {}
    evals = []
    if later is not None:
        matrix, _ = encoder.trees(later)
        evals = [(xgb.DMatrix(matrix, label=later[LABEL].to_numpy()), "later")]
    booster = xgb.train(
        parameters, data, rounds, evals=evals, evals_result=seen, verbose_eval=False
    )
    return Boosted(encoder, booster), np.array(seen["later"]["logloss"] if evals else [])


def best_rounds(curves: Sequence[Floats]) -> int:
    """The number of trees with the lowest loss on later cohorts; `curves` hold a loss per number of trees."""
    return max(FEWEST_ROUNDS, int(np.mean(curves, axis=0).argmin()) + 1)


def _by_feature(columns: Floats, owners: np.ndarray, encoder: Encoder) -> Floats:
    total = np.zeros((len(columns), len(encoder.features)))
    for column, owner in enumerate(owners):
        total[:, owner] += columns[:, column]
    return total
