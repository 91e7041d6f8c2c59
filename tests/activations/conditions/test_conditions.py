"""Conditions: what is unknown is refused with a place and a suggestion, and what is asked twice is answered once."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from activations.conditions.check import check
from activations.conditions.evaluate import Evaluator
from activations.conditions.language import Condition
from activations.conditions.leaf import Scope
from tests.activations.journeys.world import World, at

READ: TypeAdapter[Any] = TypeAdapter(Condition)


@pytest.fixture
def people() -> World:
    """Three contacts who differ in everything."""
    world = World()
    world.contacts("a", points=5, country="DE", last_ordered_at=at(-40).replace(tzinfo=None))
    world.contacts("b", points=50, country="FR", last_ordered_at=at(-2).replace(tzinfo=None))
    world.contacts("c")
    world.tag("a", "trial", at(-3))
    world.joins("b", "seg_vip", at(-5))
    world.joins("c", "seg_vip", at(-9))
    world.leaves("c", "seg_vip", at(-4))
    world.score("a", 70)
    for day in (-20, -3, -1):
        world.event("a", "order", at(day), value_cents=1000 * -day, colour="red")
    world.event("b", "order", at(-1), value_cents=10, colour="blue")
    world._insert(
        "marts.dim_deals", {"deal_id": "d", "contact_id": "c", "status": "open", "amount_cents": 5}
    )
    return world


def holds(world: World, asked: dict[str, Any]) -> list[str]:
    """For whom it holds."""
    con = world.con
    con.execute(
        "create or replace temp table everybody as select row_number() over (order by contact_id) as enrollment_no, "
        "contact_id, contact_id as enrollment_id, timestamp '2026-02-27' as entered_at, "
        "timestamp '2026-02-27' as arrived_at, null::varchar as entry_key from marts.dim_contacts"
    )
    answer = Evaluator(con, world.catalog, at(0)).select(
        READ.validate_python(asked), Scope("j"), "everybody"
    )
    rows = con.execute(
        f"select e.contact_id from ({answer}) v join everybody e using (enrollment_no) where v.value order by 1"
    ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"field": "points", "gte": 5}, ["a", "b"]),
        ({"field": "points", "gte": 5, "lt": 50}, ["a"]),
        ({"field": "country", "in": ["DE", "AT"]}, ["a"]),
        ({"field": "country", "not_in": ["DE"]}, ["b", "c"]),
        ({"field": "country", "ne": "DE"}, ["b", "c"]),
        ({"field": "country", "exists": False}, ["c"]),
        ({"field": "first_name", "contains": "B"}, ["b"]),
        ({"field": "email", "starts_with": "C@"}, ["c"]),
        ({"field": "last_ordered_at", "older_than": "30 days"}, ["a"]),
        ({"field": "last_ordered_at", "newer_than": "30 days"}, ["b"]),
        ({"tag": "trial"}, ["a"]),
        ({"segment": "seg_vip"}, ["b"]),
        ({"score": "lead", "gte": 60}, ["a"]),
        ({"event": "order"}, ["a", "b"]),
        ({"event": "order", "count": {"gte": 2}}, ["a"]),
        ({"event": "order", "count": {"eq": 0}}, ["c"]),
        ({"event": "order", "within": "2 days"}, ["a", "b"]),
        ({"event": "order", "within": "2 days", "count": {"gte": 2}}, []),
        ({"event": "order", "since": "entry", "count": {"gte": 2}}, ["a"]),
        ({"event": "order", "where": {"value_cents": {"gte": 1000}}}, ["a"]),
        ({"event": "order", "where": {"colour": {"eq": "blue"}}}, ["b"]),
        ({"deal": {"status": {"eq": "open"}}}, ["c"]),
        ({"sql": "select contact_id from dim_contacts where points > 10"}, ["b"]),
        ({"all": [{"field": "points", "gte": 5}, {"not": {"tag": "trial"}}]}, ["b"]),
        ({"any": [{"tag": "trial"}, {"deal": {"status": {"eq": "open"}}}]}, ["a", "c"]),
        ({"not": {"event": "order"}}, ["c"]),
    ],
)  # fmt: skip
def test_for_whom_each_kind_holds(
    people: World, asked: dict[str, Any], expected: list[str]
) -> None:
    """Missing values satisfy only what says so."""
    assert holds(people, asked) == expected


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"field": "contry", "eq": "DE"}, "did you mean `country`?"),
        ({"field": "points", "eq": "many"}, "'many' is no number"),
        ({"segment": "seg_vpi"}, "did you mean `seg_vip`?"),
        ({"score": "led", "gte": 1}, "did you mean `lead`?"),
        ({"clicked": "nothing"}, "no step `nothing` sends a message"),
        ({"event": "order", "same_key": True}, "has no `key`"),
        ({"deal": {"stat": {"eq": "x"}}}, "unknown field `stat`"),
        ({"sql": "select contact_id from dim_contact"}, "did you mean `dim_contacts`?"),
        ({"sql": "delete from dim_contacts"}, "one SELECT"),
        ({"sql": "select email from dim_contacts"}, "column contact_id"),
        ({"sql": "select contact_id from dim_contacts where frobnicate(points)"}, "unknown function `frobnicate`"),
    ],
)  # fmt: skip
def test_what_is_unknown_is_refused_with_a_suggestion(
    people: World, asked: dict[str, Any], words: str
) -> None:
    """Before anything runs."""
    found = [one.text for one in check(READ.validate_python(asked), people.catalog, ())]

    assert len(found) == 1
    assert words in found[0]


def test_three_hundred_conditions_that_ask_the_same_cost_one_scan(people: World) -> None:
    """Leaves are known by what they ask, whatever asks it."""
    people.con.execute(
        "create or replace temp table everybody as select 1::bigint as enrollment_no, 'a' as contact_id, "
        "'a' as enrollment_id, timestamp '2026-02-27' as entered_at, timestamp '2026-02-27' as arrived_at, null::varchar as entry_key"
    )
    evaluator = Evaluator(people.con, people.catalog, at(0))
    for number in range(300):
        asked = {
            "all": [
                {"event": "order", "within": "30 days"},
                {"not": {"event": "order", "within": "30 days"}},
            ]
        }
        evaluator.select(READ.validate_python(asked), Scope(f"journey_{number}"), "everybody")

    assert len(evaluator.filled) == 1
