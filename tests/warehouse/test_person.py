"""Identifiers are found however they are written, and never inside somebody else's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse import scrub
from warehouse.contract import Contract, Field
from warehouse.person import Person, normal_address
from warehouse.scrub import Rules

ADA = Person(
    contact_ids=("C0000145",),
    emails=("ada.b+news@mail.example",),
    phones=("+49301234567",),
    ids=("42", "C0000145", "a-7-web"),
    mark="erased-0123abcd",
)
WRITTEN = (
    "ada.b+news@mail.example",
    "Ada.B+News@Mail.Example",
    "mailto:ada.b%2Bnews%40mail.example?x=1",
    "ada.b\\u002bnews\\u0040mail.example",
    "first\\nada.b+news@mail.example.",
    "Ada <ada.b+news@mail.example>",
    "+49301234567",
    "0049 30 1234567",
    "(+49) 30-123-4567",
    "tel:49301234567",
    "spring:C0000145",
    "u=a-7-web;",
)
OTHERS = (
    "xada.b+news@mail.example",
    "ada.b+news@mail.example.org",
    "ada.b+news@mail.examples",
    "b+news@mail.example",
    "+493012345678",
    "1+493012345",
    "XC0000145",
    "C00001456",
    "a-7-web-2",
    "ba-7-web",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_every_spelling_is_found_and_replaced(text: str) -> None:
    clean = scrub.text(ADA, text)

    assert ADA.found(text.encode()) > 0
    assert ADA.mark in clean
    assert ADA.found(clean.encode()) == 0
    assert scrub.data(ADA, text.encode()).decode() == clean


@pytest.mark.parametrize("text", OTHERS)
def test_others_are_left_alone(text: str) -> None:
    assert scrub.text(ADA, text) == text
    assert ADA.found(text.encode()) == 0


@given(st.text(), st.sampled_from(WRITTEN), st.text())
def test_bytes_text_and_warehouse_agree(before: str, name: str, after: str) -> None:
    """What the exact pattern finds, the fast search finds too; nothing is left after scrubbing."""
    content = f"{before} {name} {after}"
    raw = content.encode()

    assert ADA.found(raw) >= 1
    assert ADA.maybe(raw)
    assert ADA.found(scrub.data(ADA, raw)) == 0
    assert not ADA.any_text.search(scrub.text(ADA, content))


def test_a_person_survives_the_journal() -> None:
    scoped = Person(("1",), ("a@b.example",), (), scoped=(("hubspot", "17"),), kinds=("hubspot",))

    assert Person.loads(scoped.dumps()) == scoped


@pytest.mark.parametrize(
    ("text", "address"),
    [
        (" Ada@Mail.Example ", "ada@mail.example"),
        ("+49 (30) 123-4567", "+49301234567"),
        ("030 1234567", None),
        ("C0000145", None),
    ],
)
def test_addresses_are_told_from_ids(text: str, address: str | None) -> None:
    assert normal_address(text) == address


def contract(
    source: str, table: str, key: tuple[str, ...], *names: str, erase: str = "records"
) -> Contract:
    fields = tuple(Field(name, name, "VARCHAR", name in key) for name in names)
    return Contract(source, table, f"raw_{source}", fields, key, "x.yml", erase=erase)


def test_a_record_of_the_person_goes_and_an_event_stays_without_what_describes_them() -> None:
    record = scrub.rules_of(contract("shop", "contacts", ("contact_id",), "contact_id", "email"))
    kept = scrub.rules_of(
        contract("shop", "sends", ("contact_id",), "contact_id", "email", erase="keep")
    )
    event = scrub.rules_of(
        contract("web", "events", ("event_id",), "event_id", "user_id", "city", "name")
    )
    row = {
        "event_id": "e1",
        "user_id": "42",
        "city": "Bonn",
        "name": "Ada",
        "amount": 42,
        "at": "42",
    }

    assert scrub.row(ADA, record, {"contact_id": "42", "email": "x@y.example"}) is None
    assert scrub.row(ADA, kept, {"contact_id": "42", "email": "x@y.example"}) == {
        "contact_id": "erased-0123abcd-2",
        "email": None,
    }
    assert scrub.row(ADA, event, row) == {
        "event_id": "e1",
        "user_id": "erased-0123abcd-2",
        "city": None,
        "name": None,
        "amount": 42,
        "at": "42",
    }
    other = {**row, "user_id": "421"}
    assert scrub.row(ADA, event, other) == other


def test_json_loses_what_describes_the_person_and_keeps_the_rest() -> None:
    rules = Rules(source="segment")
    properties = {"revenue": 42, "products": [{"name": "bike", "price": 42}], "value": 42}
    row = {
        "userId": "42",
        "traits": {"email": "ada.b+news@mail.example", "plan": "pro"},
        "context": {"ip": "192.0.2.1", "timezone": "Europe/Berlin", "library": {"name": "js"}},
        "properties": json.dumps(properties),
        "to": [
            {"email": "ada.b+news@mail.example", "name": "Ada B"},
            {"email": "x@y.example", "name": "X"},
        ],
    }

    assert scrub.row(ADA, rules, row) == {
        "userId": "erased-0123abcd-2",
        "traits": None,
        "context": {"timezone": "Europe/Berlin", "library": {"name": "js"}},
        "properties": json.dumps(properties, separators=(",", ":")),
        "to": [{"email": "erased-0123abcd-5"}, {"email": "x@y.example", "name": "X"}],
    }


def test_a_list_of_records_loses_only_the_persons() -> None:
    rules = Rules(source="web")
    given = [{"user_id": "42", "city": "Bonn"}, {"user_id": "43", "city": "Ulm"}]

    assert scrub.document(ADA, rules, given) == [
        {"user_id": "erased-0123abcd-2", "city": None},
        {"user_id": "43", "city": "Ulm"},
    ]


def test_a_source_that_numbers_its_contacts_itself_means_others_by_our_numbers() -> None:
    bo = Person(
        ("42",),
        (),
        (),
        ids=("42", "crm:13"),
        scoped=(("crm", "13"),),
        kinds=("crm", "erp"),
        mark="erased-1",
    )
    people = scrub.rules_of(contract("crm", "contacts", ("id",), "id", "city"))
    tags = scrub.rules_of(contract("crm", "contact_tags", ("id",), "id", "contact", "tag"))
    deals = scrub.rules_of(contract("crm", "deals", ("id",), "id", "contact", "user_id"))
    values = scrub.rules_of(contract("crm", "field_values", ("id",), "id", "contact", "value"))
    events = scrub.rules_of(contract("web", "events", ("event_id",), "event_id", "user_id"))
    tag = {"id": "13", "contact": "77", "tag": "42"}

    assert scrub.row(bo, people, {"id": "13", "city": "Ulm"}) is None
    assert scrub.row(bo, people, {"id": "42", "city": "Ulm"}) == {"id": "42", "city": "Ulm"}
    assert scrub.row(bo, tags, tag) == tag
    assert scrub.row(bo, deals, {"id": "13", "contact": "13", "user_id": "13"}) == {
        "id": "13",
        "contact": "erased-1-4",
        "user_id": "13",
    }
    assert scrub.row(bo, values, {"id": "5", "contact": "13", "value": "1980-01-01"}) == {
        "id": "5",
        "contact": "erased-1-4",
        "value": None,
    }
    assert scrub.row(bo, events, {"event_id": "42", "user_id": "42"}) == {
        "event_id": "42",
        "user_id": "erased-1-1",
    }
    assert scrub.text(bo, "42") == "42"


def test_fivetran_s_key_of_a_user_names_the_person() -> None:
    """Iterable's tables know users by a key that Fivetran makes: their rows go, their events stay without it."""
    bo = Person(
        ("iterable:u1",), (), (), scoped=(("iterable", "u1"),), kinds=("iterable",), mark="erased-1"
    )
    lefts = scrub.rules_of(
        contract(
            "fivetran_iterable",
            "user_unsubscribed_channel",
            ("channel_id", "_fivetran_id"),
            "channel_id",
            "_fivetran_id",
        )
    )
    events = scrub.rules_of(
        contract(
            "fivetran_iterable", "event", ("_fivetran_id",), "_fivetran_id", "_fivetran_user_id"
        )
    )

    assert scrub.row(bo, lefts, {"channel_id": "3", "_fivetran_id": "u1"}) is None
    assert scrub.row(bo, lefts, {"channel_id": "3", "_fivetran_id": "u2"}) is not None
    assert scrub.row(bo, events, {"_fivetran_id": "e1", "_fivetran_user_id": "u1"}) == {
        "_fivetran_id": "e1",
        "_fivetran_user_id": "erased-1-2",
    }
