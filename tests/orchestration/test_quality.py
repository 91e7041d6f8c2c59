"""Great Expectations judges a loaded batch inside the warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from orchestration.quality import Verdict, expectations, validate
from warehouse.connection import connect
from warehouse.contract import Contract, Field
from warehouse.settings import Settings

CONTRACT = Contract(
    source="shop",
    table="things",
    schema="raw_shop",
    fields=(
        Field("thing_id", "thing_id", "VARCHAR", required=True),
        Field("status", "status", "VARCHAR", required=False),
    ),
    key=("thing_id",),
    path="models/staging/shop/_shop__sources.yml",
)
pytestmark = pytest.mark.filterwarnings("ignore")


def judge(settings: Settings, batch: int, extra: list[Mapping[str, Any]]) -> dict[str, Verdict]:
    """Verdicts on one batch by the expectation's type."""
    with connect(settings) as con:
        con.execute("create schema if not exists raw_shop")
        con.execute(
            "create or replace table raw_shop.things as select * from (values "
            "('a', 'open', 1), ('b', 'open', 1), ('b', 'shut', 2), ('b', 'ajar', 2)) "
            "as t(thing_id, status, _batch)"
        )
    found = validate(settings, CONTRACT, [batch], expectations(CONTRACT, extra))
    return {verdict.expectation.split("(")[0]: verdict for verdict in found}


def test_a_good_batch_meets_its_contract(settings: Settings) -> None:
    """Only the batch is looked at, not what was loaded before or after."""
    verdicts = judge(settings, 1, [])

    assert {name: verdict.held for name, verdict in verdicts.items()} == {
        "expect_column_values_to_not_be_null": True,
        "expect_column_values_to_be_unique": True,
    }


def test_repeated_keys_warn_and_forbidden_values_are_errors(settings: Settings) -> None:
    """At-least-once delivery repeats keys; a value outside the set is wrong."""
    allowed = {
        "type": "expect_column_values_to_be_in_set",
        "column": "status",
        "value_set": ["open", "shut"],
    }
    verdicts = judge(settings, 2, [allowed])

    unique = verdicts["expect_column_values_to_be_unique"]
    values = verdicts["expect_column_values_to_be_in_set"]
    assert (unique.held, unique.severity) == (False, "warn")
    assert (values.held, values.severity, values.observed) == (False, "error", "1 unexpected rows")


def test_an_expectation_that_cannot_be_evaluated_says_so(settings: Settings) -> None:
    """A misspelt column is an error of the contract, not a failed check."""
    with pytest.raises((RuntimeError, Exception), match="colour"):
        judge(
            settings,
            1,
            [{"type": "expect_column_values_to_not_be_null", "column": "colour"}],
        )
