"""Lead conversion leans on the rule until enough was seen: which of the three serves, and how far it leans."""

from __future__ import annotations

import json
from datetime import timedelta

import polars as pl
import pytest

from ml import pipeline, registry
from ml.metrics import losses
from tests.ml.synthetic import AS_OF, leads

MODEL = registry.model("lead_conversion")


def test_below_thirty_conversions_the_rule_serves() -> None:
    """Every lead gets the rate of its band, and is told how many conversions are missing."""
    frames = {"rows": leads(110, rate=0.08)}
    trained, _ = pipeline.train(MODEL, frames, AS_OF)
    found = pipeline.score(MODEL, trained.files, frames, AS_OF)

    assert trained.positives < 30
    assert trained.verdict == f"not enough data: {trained.positives} of 30 conversions"
    assert found["is_fallback"].all()
    assert found["value"].n_unique() <= 6
    assert "with rule band" in found["reasons"][0]


def test_below_a_thousand_leads_few_features_and_a_logistic_regression_serve() -> None:
    """A lean model has at most eight features, is logistic, and says until when."""
    trained, _ = pipeline.train(MODEL, {"rows": leads(700)}, AS_OF)

    assert trained.is_promoted, trained.verdict
    assert trained.params["size"] == "lean"
    assert trained.params["candidate"] == "logistic"
    assert len(trained.features) <= 8
    assert "until there are 1,000 known and 120 conversions" in trained.verdict


def test_the_served_value_lies_between_model_and_rule_by_the_number_of_conversions() -> None:
    """W = n / (n + 100): with many conversions nearly the model alone, and exactly the weighted mean."""
    frames = {"rows": leads(1600)}
    trained, _ = pipeline.train(MODEL, frames, AS_OF)
    served = pipeline.score(MODEL, trained.files, frames, AS_OF)
    rows = MODEL.newest(frames)
    learned = MODEL.learn(MODEL.rows(frames), AS_OF)
    model = learned.predict(rows)["value"].to_numpy()
    rule, _ = learned.rates.values(rows)
    weight = trained.positives / (trained.positives + 100)

    assert trained.params["size"] == "full"
    assert trained.params["weight"] == pytest.approx(weight, abs=1e-6)
    assert served["value"].to_numpy() == pytest.approx(
        weight * model + (1 - weight) * rule, abs=1e-5
    )
    assert json.loads(served["reasons"][0])[-1].startswith("the rule alone says ")


def test_the_blend_loses_less_than_the_rule_on_leads_to_come() -> None:
    """Trained at an earlier moment and scored on later landmarks: the blend's log loss is below the rule's."""
    table = leads(1600)
    then = AS_OF - timedelta(days=120)
    past = table.filter(pl.col("snapshot_at") <= then.replace(tzinfo=None))
    later = table.filter(
        (pl.col("snapshot_at") > then.replace(tzinfo=None)) & pl.col("has_converted").is_not_null()
    )
    _, learned = MODEL.attempt(MODEL.derive(past), then)
    rows = MODEL.derive(later)
    y = later["has_converted"].cast(pl.Float64).to_numpy()
    blend = MODEL.blend(learned, rows, 0.8)["value"].to_numpy()
    rule, _ = learned.rates.values(rows)

    assert learned.is_promoted, learned.verdict
    assert losses(y, blend).mean() < 0.98 * losses(y, rule).mean()


def test_labels_drawn_at_random_leave_the_rule_in_charge() -> None:
    """Without signal beyond the rule the gate refuses."""
    table = leads(1600)
    mixed = table.with_columns(
        pl.col("has_converted").sample(fraction=1.0, shuffle=True, seed=5),
    )
    trained, _ = pipeline.train(MODEL, {"rows": mixed}, AS_OF)

    assert not trained.is_promoted
    assert trained.params["weight"] == 0
