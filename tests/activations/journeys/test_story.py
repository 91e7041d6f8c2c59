"""Why: a contact's way and a message's causes, with the values that decided, from the journals alone."""

from __future__ import annotations

from datetime import UTC, time

import pytest

from activations import outbox
from activations.journeys import story
from activations.journeys.errors import JourneyError
from activations.outbox.rules import Channel, Quiet, Rules
from tests.activations.journeys.world import World, at

STEPS = """
    entry: {trigger: {event: start, where: {value_cents: {gte: 100}}}}
    goals:
      - {name: bought, when: {event: order, since: entry}}
    steps:
      - if: {id: big, when: {field: points, gte: 5}}
        then:
          - send: {id: offer, channel: email, message: big_offer}
        else:
          - send: {id: note, channel: email, message: small_note}
      - wait: {id: week, for: 7 days}
      - task: {id: call, title: Call}
"""
PERMISSIONS = """
    insert into marts.dim_contact_permissions by name
        select contact_id, 'email' as channel, 'marketing' as purpose, email as address,
            contact_id <> 'c2' as is_allowed
        from marts.dim_contacts
"""
RULES = Rules(
    channels={"email": Channel(destination="smtp")},
    quiet_hours=(Quiet(start=time(21), end=time(8)),),
)


@pytest.fixture
def told(world: World) -> World:
    """c1 gets the big offer after quiet hours, c2 may not be written to, c3 comes with too little."""
    world.publish(STEPS)
    world.contacts("c1", "c3", points=9)
    world.contacts("c2", points=1)
    world.con.execute(PERMISSIONS)
    world.event("c1", "start", at(0, "22:00"), value_cents=500)
    world.event("c2", "start", at(0, "22:05"), value_cents=200)
    world.event("c3", "start", at(0, "22:10"), value_cents=5)
    world.tick(at(0, "22:30"))
    outbox.arbitrate(world.con, RULES, at(0, "22:35"))
    outbox.arbitrate(world.con, RULES, at(1, "08:05"))
    world.con.execute("update activations.outbox set state = 'planned' where state = 'cleared'")
    world.deliver(at(1, "08:05"))
    world.tick(at(1, "08:10"))
    return world


def lines(passages: list[story.Passage]) -> list[str]:
    """Without the moments."""
    return [f"{one.step}: {one.what}" for one in passages]


def test_a_contacts_way_names_the_value_of_every_decision(told: World) -> None:
    """The branch, the number that chose it, and the outbox's two decisions stand in the order of time."""
    passages = story.of_contact(told.con, "c1")

    said = lines(passages)
    assert said[:3] == [
        "entry: entered",
        "big: if → then",
        "offer: message big_offer proposed for 2026-03-02 22:00:00",
    ]
    assert passages[1].facts is not None
    assert story.said(passages[1].facts) == "points: 9"
    decided = [one for one in said if "outbox:" in one]
    assert decided[0].startswith("offer: outbox: planned, quiet hours: not before 2026-03-03 08:00")
    assert decided[1].startswith("offer: outbox: cleared")
    assert said.index(decided[1]) < said.index("offer: send → sent")
    assert [one.at for one in passages] == sorted(one.at for one in passages)


def test_a_message_tells_what_led_to_it_and_why_it_was_not_sent(told: World) -> None:
    """For c2's message: the branch that led there, and the missing consent."""
    (message,) = told.query("select message_id from activations.outbox where contact_id = 'c2'")[0]
    assert story.is_message(told.con, message)

    passages = story.of_message(told.con, message)

    said = lines(passages)
    assert said[0] == "entry: entered"
    assert "big: if → else" in said
    assert any("skipped, no consent to marketing" in one for one in said)
    assert said[-1] == "note: now skipped"
    assert passages[-1].facts == "no consent to marketing"


def test_one_journey_and_refusals(told: World) -> None:
    """Another journey's rows are left out when one is asked for; nobody is told of one who never triggered."""
    assert story.of_contact(told.con, "c1", "other") == []
    assert story.of_contact(told.con, "c3") == []
    told.event("c1", "order", at(2))
    told.tick(at(2, "10:00"))
    told.event("c1", "start", at(3), value_cents=900)
    told.tick(at(3, "10:00"))
    said = lines(story.of_contact(told.con, "c1", "j"))
    assert "bought: goal achieved" in said
    assert "week: wait → goal:bought" in said
    assert "end: achieved: bought" in said
    assert said[-1] == "entry: not entered: entered before"


def test_actions_are_told_and_unknown_messages_refused(told: World) -> None:
    """A task that a step asked for is part of the way; an id that the outbox does not know is an error."""
    told.tick(at(9))
    assert "call: task asked of crm" in lines(story.of_contact(told.con, "c1"))
    with pytest.raises(JourneyError, match="no message 'nothing'"):
        story.of_message(told.con, "nothing")
    first = story.of_contact(told.con, "c1")[0]
    assert first.at.replace(tzinfo=UTC) == at(0, "22:00")
    assert story.contact_of(told.con, "C1@mail.example") == "c1"
