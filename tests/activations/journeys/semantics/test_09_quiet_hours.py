"""Semantic 9: quiet hours put off, and then everything is asked again; with the outbox's own arbitration."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at, rules

QUIET = rules(quiet_hours=[{"from": "21:00", "to": "08:00"}])
JOURNEY = """
goals: [{name: bought, when: {event: order, since: entry}}]
exit_when: {segment: seg_blocked}
steps:
  - send: {id: m, channel: email, message: m, still_valid_if: {field: points, gte: 1}}
  - wait: {id: rest, for: 9 days}
"""


def night(world: World, zone: str = "UTC", entered: str = "23:10") -> None:
    """A message becomes due late in the evening."""
    world.contacts("a", timezone=zone, points=3)
    world.consents("a")
    world.publish(JOURNEY)
    world.tick(at(0))
    world.event("a", "start", at(0, entered))
    world.tick(at(0, entered))
    world.dispatch(at(0, entered), QUIET)


def morning(world: World) -> None:
    """Ticks and dispatches from six to nine."""
    for clock in ("06:00", "07:00", "08:00", "09:00"):
        world.tick(at(1, clock))
        world.dispatch(at(1, clock), QUIET)


def test_due_at_23_10_goes_at_08_00(world: World) -> None:
    """The window crosses midnight; nothing leaves in it."""
    night(world)
    assert world.sent() == []
    morning(world)

    assert world.query("select send_at from activations.outbox") == [
        (at(1, "08:00").replace(tzinfo=None),)
    ]
    assert world.path("a") == ["m:sent"]


@pytest.mark.parametrize("what", ["consent", "suppression", "exit", "goal", "validity"])
def test_what_changes_overnight_is_seen_in_the_morning(world: World, what: str) -> None:
    """Unsubscribed at seven, bought at six, no longer valid: no message."""
    night(world)
    match what:
        case "consent":
            world.refuses("a")
        case "suppression":
            world.suppress("a", "bounced")
        case "exit":
            world.joins("a", "seg_blocked", at(1, "05:00"))
        case "goal":
            world.event("a", "order", at(1, "06:00"))
        case "validity":
            world.set("a", points=0)
    morning(world)

    assert world.sent() == []
    state, _ = world.query("select state, reason from activations.outbox")[0]
    assert state == ("skipped" if what in ("consent", "suppression") else "cancelled")
    assert world.where("a") == (None if what in ("exit", "goal") else "rest")


def test_each_contact_has_its_own_night(world: World) -> None:
    """23:10 UTC is a quarter past eight in the morning in Tokyo: it goes at once."""
    night(world, zone="Asia/Tokyo")

    assert world.sent() == ["m"]
