"""What every model in ml/models/ promises, found by presence: a new file is tested without a word added here."""

from __future__ import annotations

import json

import polars as pl
import pytest

from ml import pipeline, registry
from ml.result import INTERVAL, PREDICTIONS, Frames
from tests.ml.synthetic import AS_OF, choices, customers, deals, hours, leads, order_days


@pytest.fixture(scope="module", params=registry.names())
def case(request: pytest.FixtureRequest) -> tuple[str, Frames]:
    """A model and the synthetic frames for the relations it reads."""
    spec = registry.spec(request.param)
    if spec.relations == ("intermediate.int_deals__snapshots",):
        return request.param, {"rows": deals(500)}
    if spec.relations == ("intermediate.int_leads__snapshots",):
        return request.param, {"rows": leads(1100)}
    if spec.relations == ("intermediate.int_customers__snapshots",):
        return request.param, {"rows": customers()}
    if spec.relations == ("intermediate.int_customers__order_days",):
        return request.param, {"days": order_days()[0]}
    if "marts.fct_message_choices" in spec.relations:
        people, log = choices()
        return request.param, {"contacts": people, "choices": log}
    if "intermediate.int_contacts__hours" in spec.relations:
        contacts, table, _ = hours()
        return request.param, {"contacts": contacts, "hours": table}
    pytest.fail(f"tests/ml/synthetic.py makes no table like {spec.relations}; add one")


def test_it_trains_and_beats_its_fallback_on_planted_signal(
    case: tuple[str, Frames],
) -> None:
    """Promoted, with figures for what serves."""
    trained, _ = pipeline.train(registry.model(case[0]), case[1], AS_OF)

    assert trained.is_promoted, trained.verdict
    assert {"skill", "low", "high"} <= {m.metric for m in trained.metrics if m.candidate == "gate"}


def test_the_same_rows_give_the_same_version_and_the_same_bytes(case: tuple[str, Frames]) -> None:
    """Order of rows and repetition change nothing."""
    model = registry.model(case[0])
    mixed = {name: f.sample(fraction=1.0, shuffle=True, seed=3) for name, f in case[1].items()}
    first, number = pipeline.train(model, case[1], AS_OF)
    second, again = pipeline.train(model, mixed, AS_OF)

    assert number == again
    assert first.files == second.files
    assert pipeline.score(model, first.files, case[1], AS_OF).equals(
        pipeline.score(model, second.files, mixed, AS_OF)
    )


def test_predictions_have_one_row_per_entity_and_reasons_that_are_lists(
    case: tuple[str, Frames],
) -> None:
    """The columns of ml.predictions, unique entities, JSON reasons, values inside the spec's bounds."""
    model = registry.model(case[0])
    trained, _ = pipeline.train(model, case[1], AS_OF)
    found = pipeline.score(model, trained.files, case[1], AS_OF)

    assert found.select(PREDICTIONS.names()).schema == PREDICTIONS
    assert set(found.columns) - {*PREDICTIONS} <= {*INTERVAL}
    assert found.height == found["entity_id"].n_unique() > 0
    assert found["value"].is_between(*model.spec.bounds).all()
    assert all(isinstance(json.loads(text), list) for text in found["reasons"])


def test_the_label_is_no_feature(case: tuple[str, Frames]) -> None:
    """Nor is anything that is only known with it."""
    spec = registry.spec(case[0])

    assert not {spec.label, spec.known, "closed_at", "is_won"} & {*spec.numeric, *spec.categorical}


def test_an_empty_warehouse_gives_a_verdict(case: tuple[str, Frames]) -> None:
    """Before the first data there is nothing to say, and it is said."""
    model = registry.model(case[0])
    empty = {name: frame.clear() for name, frame in case[1].items()}
    trained, _ = pipeline.train(model, empty, AS_OF)

    assert trained.verdict.startswith("not enough data: 0 of ")
    assert pipeline.score(model, trained.files, empty, AS_OF).is_empty()


def test_unknown_categories_and_missing_values_are_scored(case: tuple[str, Frames]) -> None:
    """Texts never seen and numbers that are missing still get a value."""
    model = registry.model(case[0])
    spec = model.spec
    if not spec.numeric:
        pytest.skip("reads counts, which are never missing")
    trained, _ = pipeline.train(model, case[1], AS_OF)
    (name,) = case[1]
    frame = case[1][name]
    odd = frame.with_columns(
        *(pl.lit(None, frame.schema[c]).alias(c) for c in spec.numeric if c in frame.columns),
        *(pl.lit("never seen").alias(c) for c in spec.categorical),
    )
    found = pipeline.score(model, trained.files, {name: odd}, AS_OF)

    assert found["value"].is_not_null().all()
