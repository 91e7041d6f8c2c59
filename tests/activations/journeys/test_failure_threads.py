"""What users of other engines reported as lost, repeated or stuck, each thread by its name, does not happen here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from activations.journeys.pause import pause, resume
from tests.activations.journeys.world import World, at

HOURLY = timedelta(hours=1)
TWO = """
steps:
  - send: {id: m, channel: email, message: m}
  - wait: {id: w, for: 1 day}
  - send: {id: n, channel: email, message: n}
"""


def entered(world: World, text: str, *names: str) -> None:
    """All of them enter at ten."""
    world.contacts(*names)
    world.publish(text)
    world.tick(at(0))
    for name in names:
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))


def test_publishing_again_sends_nothing_again(world: World) -> None:
    """mautic/mautic#16133, #8802: after a campaign was published again its first mail went out with every run."""
    entered(world, TWO, "a", "b")
    world.deliver(at(0, "10:00"))
    for number in range(5):
        moment = at(0, f"{11 + number}:00")
        world.publish(TWO.replace("1 day", f"1 day {number} hours"), moment)
        pause(world.con, "j", moment)
        resume(world.con, "j", moment)
        world.tick(moment)
        world.deliver(moment)
    world.live(at(1, "10:00"), at(1, "20:00"))

    assert [world.sent(name) for name in ("a", "b")] == [["m", "n"]] * 2
    assert set(world.status("a") + world.status("b")) == {"completed"}


def test_one_rejected_message_does_not_repeat_the_others(world: World) -> None:
    """mautic/mautic#7226: one rejected address made the rest of its batch go out again, for ever."""
    entered(world, TWO, "a", "b", "c")
    world.con.execute(
        "update activations.outbox set state = 'failed', reason = '550', state_at = ? where contact_id = 'b'",
        [at(0, "10:00").replace(tzinfo=None)],
    )
    world.live(at(0, "10:00"), at(1, "14:00"))

    assert [world.sent(name) for name in ("a", "b", "c")] == [["m", "n"], ["n"], ["m", "n"]]
    assert world.query("select max(n) from (select count(*) as n from activations.outbox "
                       "group by enrollment_id, step_id)") == [(1,)]  # fmt: skip


def test_a_pause_in_the_middle_of_sending_skips_and_repeats_nobody(world: World) -> None:
    """knadh/listmonk#2070, #2313: a checkpoint that ran ahead of the sending lost some and repeated others."""
    names = [f"c{number}" for number in range(10)]
    entered(world, TWO, *names)
    world.con.execute(
        "update activations.outbox set state = 'handed_over', send_at = due_at, state_at = due_at "
        "where contact_id in ('c1', 'c4', 'c8')"
    )
    pause(world.con, "j", at(0, "10:30"))
    world.live(at(0, "11:00"), at(0, "13:00"))
    resume(world.con, "j", at(0, "14:00"))
    world.live(at(0, "14:00"), at(2, "14:00"))

    assert [world.sent(name) for name in names] == [["m", "n"]] * 10


def test_an_event_journey_waits_for_another_event(world: World) -> None:
    """dittofeed/dittofeed#1463, #1596: who entered by a cart could not wait for the order; here the cart's key does it."""
    text = """
    entry: {trigger: {event: start}, key: cart_id, reentry: {policy: always}}
    steps:
      - wait: {id: w, until: {event: order, since: entry, same_key: true}, or_after: 1 day}
        timeout: [{send: {id: m, channel: email, message: m}}]
    """
    world.contacts("a")
    world.publish(text)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"), cart_id="one")
    world.event("a", "start", at(0, "10:01"), cart_id="two")
    world.tick(at(0, "10:05"))
    world.event("a", "order", at(0, "12:00"), cart_id="two")
    world.live(at(0, "13:00"), at(1, "12:00"))

    assert sorted(world.path("a")) == ["m:sent", "w:met", "w:timeout"]
    assert world.sent("a") == ["m"]


def test_a_condition_that_comes_true_while_waiting_is_seen(world: World) -> None:
    """PostHog/posthog#45743: a wait for a condition was looked at once, or minutes later; here with the next tick."""
    entered(
        world,
        "steps: [{wait: {id: w, until: {event: click, since: arrival}}}]",
        "a",
    )
    world.tick(at(3))
    world.event("a", "click", at(3, "09:01"))
    world.tick(at(3, "09:02"))

    assert world.left("a", "w") == [at(3, "09:01")]


@pytest.mark.parametrize(
    ("start", "change"), [(datetime(2026, 3, 28, 9), -1), (datetime(2026, 10, 24, 9), 1)], ids=["spring", "autumn"]
)  # fmt: skip
def test_a_clock_change_holds_nobody(start: datetime, change: int) -> None:
    """mautic/mautic#11602, #10612: after a clock change rows were put off by an hour, every hour."""
    world = World()
    begun = start.replace(tzinfo=UTC)
    world.contacts("a", timezone="Europe/Berlin")
    world.publish(
        "steps: [{wait: {id: w, for: 1 day}}, {wait: {id: x, until: {time: '10:00'}}}]", begun
    )
    world.tick(begun)
    world.event("a", "start", begun + HOURLY / 2)
    for hour in range(1, 60):
        world.tick(begun + hour * HOURLY)

    assert world.status("a") == ["completed"]
    assert world.path("a") == ["w:passed", "x:passed"]
    # 09:30 UTC is 10:30 in March's winter time and 11:30 in October's summer time; the day after has the other.
    assert world.left("a", "w") == [begun + timedelta(days=1, minutes=30) + change * HOURLY]


def test_one_broken_row_stops_nobody_else(world: World) -> None:
    """mautic/mautic#7953, #11689: one row that could not be written stopped the whole campaign."""
    text = """
    steps:
      - if: {id: big, when: {event: paid, where: {amount: {gte: 10}}}}
        then: [{send: {id: m, channel: email, message: m}}]
    """
    world.contacts("a", "b")
    world.publish(text)
    world.tick(at(0))
    world.event("a", "paid", at(0, "09:30"), amount="a lot")
    world.event("b", "paid", at(0, "09:30"), amount=20)
    for name in ("a", "b"):
        world.event(name, "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(0, "12:00"))

    assert world.sent() == ["m"] and world.status("b") == ["completed"]
    assert world.query("select contact_id from journeys.quarantine where released_at is null") == [
        ("a",)
    ]


def test_two_waits_never_run_for_one_stay(world: World) -> None:
    """mautic/mautic#9797: two logs of one member were scheduled, and both went out."""
    entered(world, TWO.replace("steps:", "entry: {trigger: {event: start}, reentry: {policy: after_exit}}\nsteps:"), "a")  # fmt: skip
    world.event("a", "start", at(0, "11:00"))
    world.event("a", "start", at(0, "12:00"))
    world.live(at(0, "11:00"), at(2, "10:00"))

    assert world.enrolled() == 1 and world.sent("a") == ["m", "n"]
