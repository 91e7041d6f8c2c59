"""The two models that compete to beat the fallback: a regularised logistic regression and a small XGBoost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import polars as pl

from ml.encode import Encoder, Matrix
from ml.frames import LABEL, WEIGHT
from ml.metrics import Floats

if TYPE_CHECKING:
    import xgboost as xgb

PENALTIES = (0.004, 0.02, 0.1, 0.5)
ROUNDS = (10, 25, 50, 75, 100, 150, 200, 300)
ROWS_FOR_THREADS, THREADS = 100_000, 4
CHUNK = 200_000


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
        return np.asarray(matrix.astype(np.float64) @ self.coefficients + self.intercept)

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
        return _margins(self.booster, matrix, rounds)

    def contributions(self, rows: pl.DataFrame) -> Floats:
        """See Candidate."""
        import xgboost as xgb

        matrix, owners = self.encoder.trees(rows)
        found = self.booster.predict(xgb.DMatrix(matrix), pred_contribs=True)
        return _by_feature(np.asarray(found, dtype=np.float64)[:, :-1], owners, self.encoder)

    def files(self) -> dict[str, bytes]:
        """See Candidate."""
        return {"xgboost.json": bytes(self.booster.save_raw("json"))}

    @classmethod
    def load(cls, encoder: Encoder, files: bytes) -> Boosted:
        """The model that `files` described."""
        import xgboost as xgb

        booster = xgb.Booster({"nthread": 1})
        booster.load_model(bytearray(files))
        return cls(encoder, booster)


def fit_logistic(encoder: Encoder, rows: pl.DataFrame, penalty: float) -> Logistic:
    """L2 regression on the rows that `encoder` was fitted on; `penalty` is scikit-learn's C, larger means freer."""
    matrix = encoder.lines(rows, own=True)[0].astype(np.float64)
    return _logistic(encoder, matrix, rows, penalty)


def fit_boosted(encoder: Encoder, rows: pl.DataFrame, rounds: int, seed: int) -> Boosted:
    """Trees of depth 3 at rate 0.05 on the rows that `encoder` was fitted on; the same for the same rows and seed."""
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    import xgboost as xgb

    matrix, _ = encoder.trees(rows, own=True)
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
    return Boosted(encoder, xgb.train(parameters, data, rounds, verbose_eval=False))


def tried_logistic(
    encoder: Encoder, rows: pl.DataFrame, later: pl.DataFrame, seed: int
) -> dict[float, Floats]:
    """The margins of `later` rows by penalty, learned on `rows`."""
    matrix = encoder.lines(rows, own=True)[0].astype(np.float64)
    found = (_logistic(encoder, matrix, rows, penalty) for penalty in PENALTIES)
    return {penalty: model.margins(later) for penalty, model in zip(PENALTIES, found, strict=True)}


def tried_boosted(
    encoder: Encoder, rows: pl.DataFrame, later: pl.DataFrame, seed: int
) -> dict[float, Floats]:
    """The margins of `later` rows by number of trees, learned on `rows`: what early stopping chooses from."""
    model = fit_boosted(encoder, rows, ROUNDS[-1], seed)
    matrix, _ = encoder.trees(later)
    return {float(rounds): _margins(model.booster, matrix, rounds) for rounds in ROUNDS}


def _logistic(encoder: Encoder, matrix: Floats, rows: pl.DataFrame, penalty: float) -> Logistic:
    # Imported where it works: who only looks whether there is work should not wait a second for it.
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=penalty, solver="newton-cholesky", max_iter=100, tol=1e-6)
    model.fit(matrix, rows[LABEL].to_numpy(), sample_weight=rows[WEIGHT].to_numpy())
    return Logistic(encoder, model.coef_[0], float(model.intercept_[0]), matrix.mean(axis=0))


def _margins(booster: xgb.Booster, matrix: Matrix, rounds: int = 0) -> Floats:
    found = booster.inplace_predict(
        matrix, predict_type="margin", iteration_range=(0, rounds), strict_shape=False
    )
    return np.asarray(found, dtype=np.float64)


def _by_feature(columns: Floats, owners: np.ndarray, encoder: Encoder) -> Floats:
    total = np.zeros((len(columns), len(encoder.features)))
    for column, owner in enumerate(owners):
        total[:, owner] += columns[:, column]
    return total
