"""Two contacts that identity merges: what was not sent yet to either goes once, to who is left, and says why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from activations import outbox
from activations.journeys import pause, publish
from activations.journeys.run import prepare
from activations.journeys.tick import tick
from activations.outbox import permission
from tests.activations.journeys.world import define, rules
from tests.models.installation import AS_OF, Installation
from warehouse.connection import connect
from warehouse.manifest import load_manifest

MODELS = (*permission.NEEDED, "fct_identity_changes", "int_events__of_contacts")
HOUR = timedelta(hours=1)
GREETING = """
    journey: {name}
    entry: {{trigger: {{manual: true}}}}
    steps:
      - send: {{id: hello, channel: email, message: {name}, purpose: transactional}}
"""


def moment(days: int) -> str:
    return (AS_OF - timedelta(days=days)).isoformat().replace("+00:00", "Z")


@pytest.fixture(scope="module")
def with_a_message_each(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, list[str]]:
    """A shop with two contacts, each with an unsent message of a journey of its own; the contacts' ids. To be copied."""
    shop = Installation(tmp_path_factory.mktemp("two"))
    common = {"phone": None, "created_at": moment(90), "updated_at": moment(90)}
    shop.land(
        "shop.contacts",
        [{**common, "contact_id": n, "email": f"{n}@mail.example"} for n in ("ada", "bea")],
    )
    shop.build(*MODELS)
    with connect(shop.settings) as con:
        catalog = prepare(con, load_manifest(shop.settings))
        people = [c for (c,) in con.execute("select contact_id from marts.dim_contacts").fetchall()]
        for name, contact in zip(("one", "two"), people, strict=True):
            publish.publish(con, define(GREETING.format(name=name)), AS_OF)
            pause.ask(con, name, contact, AS_OF)
        tick(con, catalog, AS_OF + HOUR)
    return shop, people


def test_what_was_not_sent_to_either_of_two_that_identity_merges_goes_once_to_who_is_left(
    with_a_message_each: tuple[Installation, list[str]], tmp_path: Path
) -> None:
    """Each has a message of a journey of its own; a form then says that the second's user is the first."""
    shop, people = with_a_message_each[0].copy(tmp_path), with_a_message_each[1]
    manifest = load_manifest(shop.settings)
    said = {"messageId": "m1", "type": "alias", "userId": "ada", "previousId": "bea"}
    shop.land("segment.events", [{**said, "timestamp": moment(0), "receivedAt": moment(0)}])
    shop.build(*MODELS, as_of=AS_OF + HOUR)
    with connect(shop.settings) as con:
        catalog = prepare(con, manifest)
        (left,) = con.execute("select contact_id from marts.dim_contacts").fetchall()
        # Whoever dispatches before the next tick leaves both be.
        assert outbox.arbitrate(con, rules(), AS_OF + 2 * HOUR).counts == {}
        tick(con, catalog, AS_OF + 2 * HOUR)
        assert outbox.arbitrate(con, rules(), AS_OF + 2 * HOUR).counts == {"cleared": 2}
        gone = (set(people) - set(left)).pop()
        told = con.execute(
            "select source_name, contact_id, state from activations.outbox order by source_name"
        ).fetchall()
        why = con.execute(
            "select o.source_name, d.reason from activations.outbox_decisions as d "
            "join activations.outbox as o using (message_id) where d.decision = 'readdressed'"
        ).fetchall()

    assert told == [("one", left[0], "cleared"), ("two", left[0], "cleared")]
    assert why == [(("one", "two")[people.index(gone)], "its contact was merged")]


def test_who_was_merged_and_split_off_again_gets_what_is_theirs(
    with_a_message_each: tuple[Installation, list[str]], tmp_path: Path
) -> None:
    """A merge of the past says nothing about two contacts that are there."""
    shop, (one, other) = with_a_message_each[0].copy(tmp_path), with_a_message_each[1]
    with connect(shop.settings) as con:
        # What a merge that was undone leaves: the record of it.
        con.execute(
            "create or replace table marts.fct_identity_changes (previous_contact_id text, contact_id text, kind text)"
        )
        con.execute("insert into marts.fct_identity_changes values (?, ?, 'merge')", [one, other])
        assert outbox.arbitrate(con, rules(), AS_OF + HOUR).counts == {"cleared": 2}
