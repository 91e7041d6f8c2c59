"""Simple things to stand beside a model: the constant, a rule's rates, a plain logistic regression, default XGBoost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
import xgboost as xgb
from sklearn.linear_model import LogisticRegression

from benchmarks.judged import scores
from ml.metrics import Floats


def constant(y: Floats, test_y: Floats) -> dict[str, float]:
    """The base rate of the training rows, for everybody."""
    return scores(test_y, np.full(len(test_y), y.mean()))


def rule(
    score: Floats, y: Floats, test_score: Floats, test_y: Floats, bins: int = 10
) -> dict[str, float]:
    """A score cut into bins of equal size where it was learned; each bin says its own rate, shrunk a little."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    here, there = np.searchsorted(edges, score), np.searchsorted(edges, test_score)
    won = np.bincount(here, weights=y, minlength=len(edges) + 1)
    size = np.bincount(here, minlength=len(edges) + 1)
    return scores(test_y, ((won + 20 * y.mean()) / (size + 20))[there])


def plain_models(
    train: pl.DataFrame, test: pl.DataFrame, label: str, features: Sequence[str]
) -> dict[str, dict[str, float]]:
    """A one-hot logistic regression and XGBoost with the settings it comes with, nothing calibrated."""
    y, test_y = outcome(train, label), outcome(test, label)
    matrix, test_matrix = _matrices(train, test, features)
    filled = np.nan_to_num((matrix - np.nanmean(matrix, axis=0)) / _sd(matrix))
    test_filled = np.nan_to_num((test_matrix - np.nanmean(matrix, axis=0)) / _sd(matrix))
    lines = LogisticRegression(max_iter=500).fit(filled, y)
    trees = xgb.XGBClassifier(n_jobs=1, random_state=7).fit(matrix, y)
    return {
        "plain logistic": scores(test_y, lines.predict_proba(test_filled)[:, 1]),
        "default XGBoost": scores(test_y, trees.predict_proba(test_matrix)[:, 1].astype(float)),
    }


def outcome(frame: pl.DataFrame, label: str) -> Floats:
    """The label as 0.0 and 1.0."""
    return np.asarray(frame[label].cast(pl.Float64).to_numpy())


def _sd(matrix: Floats) -> Floats:
    found = np.nanstd(matrix, axis=0)
    return np.where(found > 0, found, 1.0)


def _matrices(
    train: pl.DataFrame, test: pl.DataFrame, features: Sequence[str]
) -> tuple[Floats, Floats]:
    parts: list[pl.Expr] = []
    for name in features:
        if train.schema[name].is_numeric() or train.schema[name] == pl.Boolean:
            parts.append(pl.col(name).cast(pl.Float64))
            continue
        often = train[name].cast(pl.String).value_counts().filter(pl.col("count") >= 10)
        parts += [
            (pl.col(name).cast(pl.String) == value).fill_null(False).cast(pl.Float64).alias(f"{name}={value}")
            for value in sorted(often[name].drop_nulls().to_list())
        ]  # fmt: skip
    kept = [frame.select(parts) for frame in (train, test)]
    varied = [name for name in kept[0].columns if kept[0][name].n_unique() > 1]
    return kept[0].select(varied).to_numpy(), kept[1].select(varied).to_numpy()
