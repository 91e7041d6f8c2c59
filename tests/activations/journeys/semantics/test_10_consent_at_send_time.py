"""Semantic 10: consent is asked at the moment of sending, and the journey goes on."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at

JOURNEY = """
OPTIONS
steps:
  - send: {id: one, channel: email, message: one, purpose: PURPOSE}
  - wait: {id: w, for: 1 hour}
  - send: {id: two, channel: email, message: two, purpose: PURPOSE}
"""


def go(world: World, why: str, purpose: str = "marketing", options: str = "") -> None:
    """One contact through the journey; `why` is what stands against a message."""
    fields = {"email": None} if why == "no address" else {}
    world.contacts("a", **fields)
    if why not in ("unsubscribed", "unconfirmed"):
        world.consents("a")
    if why in ("bounced", "suppressed"):
        world.suppress("a", "hard bounce" if why == "bounced" else "complaint")
    world.publish(JOURNEY.replace("PURPOSE", purpose).replace("OPTIONS", options))
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    for hour in range(10, 15):
        world.tick(at(0, f"{hour}:00"))
        world.dispatch(at(0, f"{hour}:00"))


@pytest.mark.parametrize("why", ["suppressed", "bounced", "unsubscribed", "unconfirmed"])
def test_the_contact_goes_on_to_the_end_without_a_message(world: World, why: str) -> None:
    """Regression: since parcelvoy/platform#443 contacts stall here (twin of #434); Dittofeed and Notifuse end the journey."""
    go(world, why)

    assert world.sent() == []
    assert world.status("a") == ["completed"]
    first, _, last = world.path("a")
    assert first.startswith("one:skipped:") and last.startswith("two:skipped:")
    assert world.query("select count(*) from journeys.positions") == [(0,)]


def test_leaving_on_unsubscribing_is_a_choice(world: World) -> None:
    """`exit_on_unsubscribe` ends the stay of whoever unsubscribes from a message after entering."""
    world.contacts("a")
    world.consents("a")
    world.publish(
        JOURNEY.replace("PURPOSE", "marketing").replace("OPTIONS", "exit_on_unsubscribe: true")
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.dispatch(at(0, "10:00"))
    world.con.execute(
        "insert into marts.fct_messages (message_key, contact_id, unsubscribed_at) "
        "values ('x', 'a', timestamp '2026-03-02 10:20:00')"
    )
    world.tick(at(0, "10:30"))

    assert world.status("a") == ["exited"]


def test_a_transactional_message_passes_an_opt_out_but_no_hard_suppression() -> None:
    """The receipt goes to whoever unsubscribed, and not to a mailbox that bounced."""
    for why, sent in (("unsubscribed", ["one", "two"]), ("bounced", [])):
        world = World()
        go(world, why, purpose="transactional")

        assert world.sent() == sent


def test_suppression_outlives_the_contact(world: World) -> None:
    """Deleted and created again with the same address: still suppressed."""
    go(world, "bounced")
    world.con.execute("delete from marts.dim_contacts")
    world.con.execute(
        "insert into marts.dim_contacts (contact_id, email) values ('b', 'a@mail.example')"
    )
    world.event("b", "start", at(0, "15:00"))
    world.tick(at(0, "15:00"))
    world.dispatch(at(0, "15:00"))
    world.tick(at(0, "16:00"))

    assert world.sent() == []
    assert world.path("b")[0].startswith("one:skipped:")
