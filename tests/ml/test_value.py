"""Customer value: the model where it beats RFM cells, the cells where not, and sums that hold."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from ml import pipeline, registry
from tests.ml.synthetic import AS_OF, order_days

MODEL = registry.model("value")


def test_the_sum_of_what_is_expected_is_near_what_comes() -> None:
    """Of orders drawn from the model's own world the next 91 days bring what was said, within 15 %."""
    days, later = order_days(ahead=91)
    trained, _ = pipeline.train(MODEL, {"days": days}, AS_OF)
    found = pipeline.score(MODEL, trained.files, {"days": days}, AS_OF)
    expected = found["reasons"].str.extract(r"([0-9.]+) orders expected").cast(pl.Float64)
    length = next(m.value for m in trained.metrics if m.metric == "horizon_days")

    assert trained.is_promoted, trained.verdict
    assert 84 <= length <= 91
    assert expected.sum() * 91 / length == pytest.approx(later["orders"].sum(), rel=0.15)
    assert (found["low"] <= found["value"]).all() and (found["value"] <= found["high"]).all()


def test_few_customers_get_no_value_at_all() -> None:
    """Nothing is said, and it is said why."""
    days = order_days(60)[0]
    trained, _ = pipeline.train(MODEL, {"days": days}, AS_OF)
    found = pipeline.score(MODEL, trained.files, {"days": days}, AS_OF)

    assert trained.verdict.startswith("not enough data: ")
    assert trained.verdict.endswith(" of 100 customers with two orders")
    assert found["value"].null_count() == found.height > 0
    assert found["is_fallback"].all()


def test_orders_without_rhyme_leave_the_cells_in_charge() -> None:
    """Where all buy alike at random, the gate refuses and cells serve with their own bounds."""
    days = order_days(1500)[0]
    alike = days.with_columns(
        contact_id=pl.col("contact_id").sample(fraction=1.0, shuffle=True, seed=3)
    ).unique(["contact_id", "ordered_on"])
    trained, _ = pipeline.train(MODEL, {"days": alike}, AS_OF)
    found = pipeline.score(MODEL, trained.files, {"days": alike}, AS_OF)

    assert not trained.is_promoted
    assert "deviance of value" in trained.verdict
    assert found["value"].is_not_null().all()
    assert found["fallback_reason"].unique().to_list() == [trained.verdict]


def test_orders_after_now_are_not_known() -> None:
    """The same moment with and without later orders is the same version."""
    days = order_days(600)[0]
    then = AS_OF - timedelta(days=100)
    known = days.filter(pl.col("ordered_on") <= then.date())

    assert MODEL.digest({"days": days}, then) == MODEL.digest({"days": known}, then)
