"""Any table, read as a person would: labels in words, no entity, no time, dates, text numbers, names, and leaks."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from ml.errors import ModelError
from ml.learner import Learned, learn
from tests.ml.synthetic import AS_OF, rows

TOLD = (
    "'Yes' counts as yes",
    "id was left out",
    "row was left out",
    "tags was left out",
    "since is read as days",
)


def served(model: Learned, metric: str) -> float:
    (found,) = [m.value for m in model.metrics if m[:3] == ("test", "served", metric)]
    return found


def test_everything_is_read_as_it_looks() -> None:
    """Numbers in text, true and false, dates, ids, free text and lists; each oddity is told."""
    frame = rows(1500).with_columns(
        y=pl.when("y").then(pl.lit("Yes ")).otherwise(pl.lit("no")),
        x=pl.when(pl.int_range(pl.len()) % 50 == 0).then(pl.lit(" ")).otherwise(pl.col("x").cast(pl.String)),
        flag=pl.col("noise") > 0,
        since=pl.col("at") - timedelta(days=30),
        row=pl.int_range(pl.len()),
        tags=pl.concat_list("c"),
        названиеé=pl.col("c"),
    )  # fmt: skip
    model = learn(frame, label="y", time="at", as_of=AS_OF, horizon_days=14)

    assert model.is_promoted, model.verdict
    assert {"x", "flag", "since", "noise"} == set(model.spec.numeric)
    assert {"c", "названиеé"} == set(model.spec.categorical)
    told = "\n".join(model.notes)
    for said in TOLD:
        assert said in told
    assert Learned.load(model.spec, model.files()).predict(frame).equals(model.predict(frame))
    assert model.predict(frame.drop("y", "tags"))["value"].is_not_null().all()


def test_without_a_time_entities_are_held_out_and_it_is_said() -> None:
    """Rows of one entity are never on both sides, so knowing the entity by heart helps nobody."""
    frame = rows(400, signal=0.0)
    rng = np.random.default_rng(2)
    own = frame.with_columns(trait=pl.Series(rng.normal(size=400)))
    copies = pl.concat([own.with_columns(noise=pl.Series(rng.normal(size=400))) for _ in range(6)])
    model = learn(copies, label="y", entity="id", ignore=["at"])
    signal = learn(rows(1500), label="y", ignore=["at"])

    assert not model.is_promoted
    assert signal.is_promoted, signal.verdict
    assert any("no time" in note for note in signal.notes)
    assert served(signal, "auc") > 0.72


def test_a_number_as_time_is_an_order() -> None:
    frame = rows(1500).sort("at").with_columns(number=pl.int_range(pl.len()) * 3 + 600_000)
    model = learn(frame.drop("at"), label="y", entity="id", time="number")

    assert model.is_promoted, model.verdict
    assert any("only its order is used" in note for note in model.notes)


@pytest.mark.parametrize("kind", ["number", "category", "absence"])
def test_a_column_that_gives_the_outcome_away_is_named(kind: str) -> None:
    """Filled in on success, zero for the lost ones, or missing for them."""
    frame = rows(1200)
    value = pl.col("noise").abs() + 1
    leaky = {
        "number": pl.when("y").then(value).otherwise(0.0),
        "category": pl.when("y").then(pl.lit("closed")).otherwise(pl.lit("open")),
        "absence": pl.when("y").then(value),
    }[kind]
    model = learn(frame.with_columns(close_value=leaky), label="y", entity="id", time="at", as_of=AS_OF)  # fmt: skip

    assert len(model.warnings) == 1
    assert model.warnings[0].startswith("looks like a leak: close_value alone tells the outcome")
    assert learn(frame, label="y", entity="id", time="at", as_of=AS_OF).warnings == ()


def test_the_effect_of_many_values_is_learned_without_looking_at_the_own_outcome() -> None:
    """Three hundred owners of very different skill; a thousand that mean nothing must not be believed."""
    count = 6000
    rng = np.random.default_rng(4)
    owner = rng.integers(0, 300, count)
    skill = rng.normal(0, 1.2, 300)
    frame = rows(count, signal=0.0).with_columns(
        owner=pl.Series([f"o{i}" for i in owner]),
        empty=pl.Series([f"z{i}" for i in rng.integers(0, 1000, count)]),
        y=pl.Series(rng.random(count) < 1 / (1 + np.exp(-skill[owner]))),
    )
    model = learn(frame, label="y", entity="id", time="at", as_of=AS_OF)
    nothing = learn(frame.drop("owner"), label="y", entity="id", time="at", as_of=AS_OF)

    assert model.is_promoted, model.verdict
    assert served(model, "auc") > 0.68
    assert served(model, "ece") < 0.03
    assert not nothing.is_promoted


def test_labels_that_cannot_be_read_are_errors_that_say_what_to_do() -> None:
    frame = rows(60)
    with pytest.raises(ModelError, match="two outcomes"):
        learn(frame.with_columns(y=pl.col("c")), label="y")
    with pytest.raises(ModelError, match="positive="):
        learn(frame.with_columns(y=pl.when("y").then(pl.lit("up")).otherwise(pl.lit("down"))), label="y")  # fmt: skip
    with pytest.raises(ModelError, match="no time that can be read"):
        learn(frame, label="y", time="c")
    with pytest.raises(ModelError, match="no column absent"):
        learn(frame, label="y", ignore=["absent"])


def test_a_word_that_means_yes_can_be_named() -> None:
    words = pl.when("y").then(pl.lit("up")).otherwise(pl.lit("down"))
    model = learn(rows(900).with_columns(y=words), label="y", positive="up", ignore=["at", "id"])
    truth = learn(rows(900), label="y", ignore=["at", "id"])

    assert model.predict(rows(50)).equals(truth.predict(rows(50)))


DRIFT = {"newest half": 0.5, "newest fifth": 0.2}


@pytest.mark.parametrize("name", DRIFT)
def test_the_level_follows_where_outcomes_become_common(name: str) -> None:
    """The base rate trebles late in the history; what is said of the newest rows is near their rate."""
    count = 6000
    rng = np.random.default_rng(6)
    frame = rows(count, signal=0.0).sort("at")
    late = np.arange(count) > count * (1 - DRIFT[name])
    logit = -2.2 + 1.6 * late + frame["x"].to_numpy()
    frame = frame.with_columns(y=pl.Series(rng.random(count) < 1 / (1 + np.exp(-logit))))
    model = learn(frame, label="y", entity="id", time="at", as_of=AS_OF)
    newest = frame.tail(600)
    said = model.predict(newest)["value"].mean()

    assert isinstance(said, float)
    assert model.is_promoted, model.verdict
    assert said == pytest.approx(float(newest["y"].cast(pl.Float64).mean()), abs=0.07)  # type: ignore[arg-type]


def test_rare_outcomes_are_learned_and_keep_their_level() -> None:
    """Six per cent of six thousand, as with insurance policies."""
    rng = np.random.default_rng(8)
    frame = rows(6000, signal=0.0)
    logit = -3.3 + 1.1 * frame["x"].to_numpy()
    frame = frame.with_columns(y=pl.Series(rng.random(6000) < 1 / (1 + np.exp(-logit))))
    model = learn(frame, label="y", ignore=["at", "id"])

    assert model.is_promoted, model.verdict
    assert served(model, "ece") < 2 * served(model, "ece_floor")
