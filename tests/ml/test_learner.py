"""The learner finds a planted signal, refuses noise, and answers every odd table with a sentence."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from ml.errors import ModelError
from ml.learner import Learned, learn
from ml.spec import Minimum
from tests.ml.synthetic import AS_OF, END, rows


def learned(frame: pl.DataFrame, **more: object) -> Learned:
    """The learner on the synthetic table, with the usual columns unless told otherwise."""
    usual: dict[str, object] = {
        "label": "y",
        "entity": "id",
        "time": "at",
        "numeric": ("x", "noise"),
        "categorical": ("c",),
        "as_of": AS_OF,
        "horizon_days": 14,
        "minimum": Minimum(50, 50, "conversions", "others"),
    }
    return learn(frame, **(usual | more))  # type: ignore[arg-type]


def figure(model: Learned, candidate: str, metric: str) -> float:
    """One figure of the test cohort."""
    found = [m.value for m in model.metrics if m[:3] == ("test", candidate, metric)]
    assert len(found) == 1
    return found[0]


def test_a_planted_signal_is_found_calibrated_and_beats_the_constant() -> None:
    """AUC, log loss and calibration are those that the planted truth allows."""
    model = learned(rows(3000))

    assert model.is_promoted, model.verdict
    assert figure(model, "served", "auc") > 0.72
    assert figure(model, "served", "log_loss") < 0.95 * figure(model, "constant", "log_loss")
    assert figure(model, "served", "ece") < 2 * figure(model, "served", "ece_floor")


def test_every_candidate_is_on_record() -> None:
    """The constant, the fallback and both models are measured, whoever serves."""
    model = learned(rows())

    measured = {m.candidate for m in model.metrics if (m.cohort, m.metric) == ("test", "log_loss")}

    assert measured == {"constant", "fallback", "logistic", "xgboost", "served"}


def test_fresh_rows_get_probabilities_near_the_planted_ones() -> None:
    """On rows never seen, the mean error against the planted probability is small."""
    fresh = rows(2000, seed=9)
    found = learned(rows(3000)).predict(fresh)["value"].to_numpy()
    truth = 1 / (1 + np.exp(0.3 - 1.2 * fresh["x"].to_numpy() - (fresh["c"].to_numpy() == "a")))

    assert np.abs(found - truth).mean() < 0.06


@pytest.mark.parametrize("seed", [1, 2])
def test_shuffled_labels_are_refused(seed: int) -> None:
    """Without signal the fallback serves, and the verdict says so."""
    frame = rows(900, seed=seed)
    shuffled = frame.with_columns(frame["y"].shuffle(seed=seed))
    model = learned(shuffled)
    found = model.predict(shuffled.head(3))

    assert not model.is_promoted
    assert model.verdict.startswith("fallback: not enough signal (log loss ")
    assert found["is_fallback"].to_list() == [True] * 3
    assert found["fallback_reason"][0] == model.verdict
    assert found["value"].n_unique() == 1


def test_a_weak_model_is_never_turned_upside_down() -> None:
    """A feature whose effect reverses with time ends as fallback, not as a confident inverse."""
    frame = rows(2000, signal=1.5)
    late = pl.col("at") > END - timedelta(days=130)
    model = learned(
        frame.with_columns(pl.when(late).then(~pl.col("y")).otherwise(pl.col("y")).alias("y"))
    )

    assert not model.is_promoted
    assert model.calibrator.slope >= 0


ODD = {
    "twelve rows": (rows(12), "not enough data: "),
    "no rows": (rows(12).clear(), "not enough data: 0 of 50 conversions"),
    "one class": (rows(600).with_columns(y=pl.lit(True)), "not enough data: 0 of 50 others"),
    "no label": (
        rows(600).with_columns(y=pl.lit(None, pl.Boolean)),
        "not enough data: 0 of 50 conversions",
    ),
    "all missing": (
        rows(600).with_columns(
            x=pl.lit(None, pl.Float64), noise=pl.lit(float("nan")), c=pl.lit(None, pl.String)
        ),
        "fallback: nothing to learn from, every feature is empty or constant",
    ),
    "constant columns": (
        rows(600).with_columns(x=pl.lit(1.0), noise=pl.lit(2), c=pl.lit("a")),
        "fallback: nothing to learn from, every feature is empty or constant",
    ),
    "one date": (rows(600).with_columns(at=pl.lit(END - timedelta(days=90))), "not enough history"),
    "the future": (
        rows(600).with_columns(pl.col("at") + timedelta(days=400)),
        "not enough data: 0 of 50 conversions",
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_tables_get_a_verdict_and_not_a_traceback(name: str) -> None:
    """Too little to learn from is told in words; prediction still works and says it is a fallback."""
    frame, verdict = ODD[name]
    model = learned(frame)
    found = model.predict(rows(5))

    assert model.verdict.startswith(verdict)
    assert not model.is_promoted
    assert found["is_fallback"].all()
    assert found.height == 5


def test_below_thirty_outcomes_nothing_is_calculated() -> None:
    """The ladder's last rung is no number at all."""
    found = learned(rows(12)).predict(rows(2))

    assert found["value"].to_list() == [None, None]
    assert json.loads(found["reasons"][0]) == ["not yet calculated"]


def test_dirt_does_not_stop_learning() -> None:
    """NaN, infinities, missing values, repeated rows, future rows and ten thousand categories are survived."""
    frame = rows(1500)
    index = pl.int_range(pl.len())
    dirty = frame.with_columns(
        pl.when(index % 10 == 0).then(float("nan")).otherwise(pl.col("x")).alias("x"),
        pl.when(index % 7 == 0).then(float("inf")).otherwise(pl.col("noise")).alias("noise"),
        pl.when(index % 5 == 0).then(None).otherwise(pl.col("c")).alias("c"),
        pl.format("k{}", index * 37 % 10_000).alias("many"),
    )
    future = dirty.head(20).with_columns(
        pl.col("at") + timedelta(days=500), pl.format("f{}", "id").alias("id")
    )
    old = dirty.filter(pl.col("at") < END - timedelta(days=60))
    model = learned(pl.concat([dirty, old.head(50), future]), categorical=("c", "many"))
    unseen = dirty.head(9).with_columns(c=pl.lit("never seen"), x=pl.lit(None, pl.Float64))

    assert model.is_promoted, model.verdict
    assert model.notes[:2] == (
        "20 rows dated after 2026-06-30 were left out",
        "50 repeated rows were left out",
    )
    assert model.predict(unseen)["value"].is_between(0, 1).all()


def test_the_order_of_rows_does_not_matter_and_the_same_seed_gives_the_same_bytes() -> None:
    """Training is a function of the set of rows."""
    frame = rows()
    first, second = learned(frame), learned(frame.sample(fraction=1.0, shuffle=True, seed=4))

    assert first.files() == second.files()


@pytest.mark.parametrize("signal", [1.0, 0.0])
def test_a_loaded_model_predicts_the_same_numbers(signal: float) -> None:
    """Through its files and back, to the last bit, promoted or not."""
    model = learned(rows(signal=signal))
    fresh = rows(300, seed=8)

    again = Learned.load(model.spec, model.files())

    assert model.predict(fresh).equals(again.predict(fresh))


def test_both_kinds_of_model_survive_their_files() -> None:
    """A product of two features makes XGBoost win; a straight line makes the logistic regression win."""
    frame = rows(1600)
    rng = np.random.default_rng(2)
    product = frame["x"].to_numpy() * frame["noise"].to_numpy() > 0
    crossed = frame.with_columns(y=pl.Series(np.where(rng.random(1600) < 0.85, product, ~product)))
    straight = frame.with_columns(
        y=pl.Series(rng.random(1600) < 1 / (1 + np.exp(-frame["x"].to_numpy())))
    )
    kinds = []
    for table in (crossed, straight):
        model = learned(table, categorical=())
        kinds.append(model.params["candidate"])
        assert Learned.load(model.spec, model.files()).predict(table).equals(model.predict(table))

    assert kinds == ["xgboost", "logistic"]


def test_reasons_name_what_moved_the_probability() -> None:
    """At most three, strongest first, each with its effect in points and in the given words."""
    words = {"x": "keenness {value:.1f}", "c": "group {value}"}
    model = learned(rows(1200), words=words)
    row = rows(1, seed=11).with_columns(x=pl.lit(2.5), c=pl.lit("a"))
    told = json.loads(model.predict(row)["reasons"][0])

    assert told[0].startswith("keenness 2.5 (+")
    assert any(text.startswith("group a (+") for text in told)
    assert len(told) <= 3


def test_labels_of_three_kinds_and_missing_columns_are_errors_that_name_themselves() -> None:
    """What no verdict could repair is an error with the column's name."""
    with pytest.raises(ModelError, match="y must have two outcomes"):
        learned(rows(50).with_columns(y=pl.int_range(pl.len())))
    with pytest.raises(ModelError, match="no column absent"):
        learned(rows(50), numeric=("absent",))
    with pytest.raises(ModelError, match="at is a time"):
        learned(rows(50), numeric=("at",))


def test_nothing_after_as_of_changes_the_model() -> None:
    """Labels that became known later, and rows dated later, are invisible at as_of."""
    frame = rows(1200)
    early = AS_OF - timedelta(days=60)
    cut = END - timedelta(days=60)
    unknown_yet = pl.col("at") + timedelta(days=14) > cut
    altered = frame.with_columns(
        pl.when(unknown_yet).then(~pl.col("y")).otherwise(pl.col("y")).alias("y")
    )

    assert learned(frame, as_of=early).files() == learned(altered, as_of=early).files()
