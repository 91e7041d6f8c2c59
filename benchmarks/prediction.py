"""`make bench NAME=prediction`: scoring and training at scale, beside XGBoost alone on the same matrix in the same run.

`score_ratio` is our probability and three reasons in words for every contact over XGBoost's own margins and
contributions; `score_values_ratio` the same without reasons over XGBoost's margins; `train_ratio` the whole learner
with its rehearsals over one plain fit of 300 trees. `BENCH_ROWS` and `BENCH_DEALS` make it smaller.
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import xgboost as xgb

from benchmarks.measure import Figures, isolated, show, timed, write
from ml.candidates import Boosted, fit_boosted
from ml.contest import base
from ml.frames import LABEL, WEIGHT, features
from ml.learner import Learned, learn, training_rows

NUMBERS, KINDS = 16, 4
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def table(rows: int, seed: int) -> pl.DataFrame:
    """Contacts over a year: counts and recencies, half of them skewed or with holes, and four categories."""
    rng = np.random.default_rng(seed)
    numbers = {f"n{i}": np.round(rng.gamma(1.0, 3.0, rows)) for i in range(NUMBERS // 2)}
    for i in range(NUMBERS // 2, NUMBERS):
        value = rng.normal(size=rows)
        value[rng.random(rows) < 0.2] = np.nan
        numbers[f"n{i}"] = value
    kinds = {f"k{i}": rng.integers(0, (4, 12, 60, 400)[i], rows).astype(str) for i in range(KINDS)}
    logit = -2.5 + 0.15 * numbers["n0"] + 0.7 * np.nan_to_num(numbers["n12"]) * (numbers["n1"] > 2)
    logit += 0.4 * (np.char.str_len(kinds["k2"]) > 1)
    start = AS_OF.replace(tzinfo=None) - timedelta(days=365)
    days = rng.uniform(0, 360, rows)
    return pl.DataFrame(
        {
            "contact_id": np.char.add("C", np.arange(rows).astype(str)),
            "at": np.datetime64(start, "us") + (days * 86_400_000_000).astype("timedelta64[us]"),
            **numbers,
            **kinds,
            "converted": rng.random(rows) < 1 / (1 + np.exp(-logit)),
        }
    )


def fitted(frame: pl.DataFrame) -> Learned:
    """The learner's answer."""
    return learn(frame, label="converted", entity="contact_id", time="at", as_of=AS_OF)


def train(rows: int) -> Figures:
    """The learner on `rows`, and a plain fit on the matrix that its trees get."""
    frame = table(rows, 1)
    with timed() as ours:
        model = fitted(frame)
    clean, _ = training_rows(frame, model.spec, AS_OF)
    assert model.encoder is not None
    matrix, _ = model.encoder.trees(clean)
    data = (matrix, clean[LABEL].to_numpy(), clean[WEIGHT].to_numpy())
    with timed() as alone:
        parameters = {"objective": "binary:logistic", "max_depth": 3, "learning_rate": 0.05}
        parameters |= {
            "tree_method": "hist",
            "subsample": 0.8,
            "colsample_bytree": 0.8,
            "nthread": 4,
        }
        xgb.train(parameters, xgb.DMatrix(data[0], label=data[1], weight=data[2]), 300)
    return {
        "train_rows": rows,
        "train_seconds": ours.seconds,
        "train_rows_per_second": rows / ours.seconds,
        "train_alone_seconds": alone.seconds,
        "train_ratio": ours.seconds / alone.seconds,
        "promoted": float(model.is_promoted),
    }


def score(rows: int, name: str) -> Figures:
    """Predictions with reasons, and XGBoost alone on the same matrix; the model is of 300 trees."""
    model = boosted(table(50_000, 2))
    frame = table(rows, 3)
    with timed() as ours:
        model.predict(frame)
    with timed() as values:
        model.predict(frame, reasons=False)
    assert model.encoder is not None
    assert isinstance(model.candidate, Boosted)
    clean = features(frame, model.spec.numeric, model.spec.categorical)
    matrix, _ = model.encoder.trees(clean)
    booster = model.candidate.booster
    with timed() as margins:
        booster.predict(xgb.DMatrix(matrix))
    with timed() as contributions:
        booster.predict(xgb.DMatrix(matrix), pred_contribs=True)
    alone = margins.seconds + contributions.seconds
    return {
        f"{name}_rows": rows,
        f"{name}_seconds": ours.seconds,
        f"{name}_rows_per_second": rows / ours.seconds,
        f"{name}_alone_seconds": alone,
        f"{name}_ratio": ours.seconds / alone,
        f"{name}_values_seconds": values.seconds,
        f"{name}_values_ratio": values.seconds / margins.seconds,
    }


def boosted(frame: pl.DataFrame) -> Learned:
    """A learned model whose candidate is 300 trees, whichever won."""
    model = fitted(frame)
    rows, _ = training_rows(frame, model.spec, AS_OF)
    encoder = model.encoder
    assert encoder is not None
    assert base(rows) < 0
    return replace(model, candidate=fit_boosted(encoder, rows, 300, 7), is_promoted=True)


def main() -> None:
    """Print and write the figures."""
    rows = int(os.environ.get("BENCH_ROWS", "1000000"))
    deals = int(os.environ.get("BENCH_DEALS", "100000"))
    scored, score_gb = isolated(score, rows, "score")
    dealt, deals_gb = isolated(score, deals, "deals")
    trained, train_gb = isolated(train, rows)
    figures = {**scored, **dealt, **trained, "peak_gb": max(score_gb, deals_gb, train_gb)}
    figures |= {"peak_score_gb": score_gb, "peak_train_gb": train_gb}
    show("prediction", figures)
    write("prediction", figures)


if __name__ == "__main__":
    main()
