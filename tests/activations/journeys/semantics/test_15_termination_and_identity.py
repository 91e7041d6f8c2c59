"""Semantic 15: no loop without time, a bound at run time, and enrollments that follow the person."""

from __future__ import annotations

import pytest

from activations.journeys.validate import validate
from tests.activations.journeys.world import World, at, define


def test_a_loop_without_a_wait_is_found_before_anything_runs(world: World) -> None:
    """With the way it goes."""
    journey = define(
        """
        steps:
          - update: {id: u, add_tag: seen}
          - if: {id: i, when: {field: points, gte: 1}}
            then: [{go_to: {step: u}}]
        """
    )
    found = [one.text for one in validate(journey, world.catalog) if one.severity == "error"]

    assert found == ["a loop in which no time passes: u → i → u; put a wait into it"]


def test_a_loop_whose_wait_passes_at_once_is_halted(world: World) -> None:
    """A wait for something that is true already is no bound; so many steps a day are."""
    world.contacts("a", "b", points=9)
    world.publish(
        """
        limit_per_day: 12
        steps:
          - wait: {id: w, until: {field: points, gte: 5}}
          - go_to: {step: w}
        """
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "11:00"))

    assert world.query("select status, reason from journeys.enrollments") == [
        ("halted", "more than 12 steps in a day")
    ]
    assert world.query("select count(*) from journeys.transitions") == [(13,)]


STEPS = """
entry: {trigger: {event: start}, reentry: {policy: once}}
steps:
  - wait: {id: s1, for: 1 day}
  - send: {id: m, channel: email, message: m}
  - wait: {id: s3, for: 9 days}
  - send: {id: n, channel: email, message: n}
"""


def test_two_who_are_one_keep_the_most_advanced_stay(world: World) -> None:
    """A at the first step, B at the third: one enrollment, at the third, and no message is repeated."""
    world.contacts("a", "b")
    world.publish(STEPS)
    world.tick(at(0))
    world.event("b", "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(1, "12:00"))
    world.event("a", "start", at(1, "13:00"))
    world.tick(at(1, "13:00"))
    assert (world.where("a"), world.where("b")) == ("s1", "s3")
    world.merge("b", "a", at(1, "14:00"))
    world.live(at(1, "14:00"), at(11, "12:00"), step=at(0, "15:00") - at(0, "09:00"))

    assert sorted(world.status("a")) == ["completed", "merged"]
    assert world.status("b") == []
    assert world.sent() == ["m", "n"]


@pytest.mark.parametrize("has_both", [True, False], ids=["both inside", "one inside"])
def test_what_the_stay_that_is_left_has_not_sent_goes_to_whom_the_contact_is_now(
    world: World, has_both: bool
) -> None:
    """Once, by the consent of who is left, and on record; the other stay's message is taken back."""
    world.contacts("a", "b")
    world.consents("a")
    world.publish(STEPS.replace("  - wait: {id: s1, for: 1 day}\n", ""))
    world.tick(at(0))
    for name in ("b", "a") if has_both else ("b",):
        world.event(name, "start", at(0, "10:00" if name == "b" else "11:00"))
    world.tick(at(0, "11:00"))
    world.merge("b", "a", at(0, "12:00"))
    world.dispatch(at(0, "12:10"))
    world.tick(at(0, "12:30"))
    world.dispatch(at(0, "12:30"))
    world.tick(at(0, "13:00"))

    assert world.sent() == world.sent("a") == ["m"]
    assert world.where("a") == "s3"
    told = world.query(
        "select o.state, d.decision, d.reason from activations.outbox_decisions as d "
        "join activations.outbox as o using (message_id) where d.decision in ('readdressed', 'cancelled') "
        "order by all"
    )
    kept = ("handed_over", "readdressed", "its contact was merged")
    lost = ("cancelled", "cancelled", "the contact was merged with another inside")
    assert told == ([lost, kept] if has_both else [kept])


def test_an_erased_contact_ends_and_its_messages_are_cancelled(world: World) -> None:
    """Nothing is sent to whoever is gone."""
    world.contacts("a", "b")
    world.publish(STEPS.replace("  - wait: {id: s1, for: 1 day}\n", ""))
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.event("b", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.con.execute("delete from marts.dim_contacts where contact_id = 'a'")
    world.tick(at(0, "10:30"))

    assert world.query(
        "select status, reason from journeys.enrollments where contact_id = 'a'"
    ) == [("exited", "the contact is gone")]
    assert world.outbox() == {"a:m": "cancelled", "b:m": "planned"}


WAITS = """
entry: {trigger: {event: start}, reentry: {policy: once}}
goals: [{name: bought, when: {event: order, since: entry}}]
steps:
  - wait: {id: w, until: {event: click, since: arrival}, or_after: 9 days}
    met: [{send: {id: thanks, channel: email, message: thanks}}]
  - wait: {id: rest, for: 9 days}
"""


def waiting(world: World) -> None:
    """A contact stands at the wait, and the device is known to be nobody's."""
    world.contacts("a")
    world.publish(WAITS)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))


def test_an_event_that_becomes_a_contacts_later_ends_their_wait(world: World) -> None:
    """Clicked before anybody knew who: as soon as it is known, by the time of the click."""
    waiting(world)
    world.anonymous("d1", "click", at(0, "11:00"))
    world.tick(at(0, "12:00"))
    assert world.path("a") == []
    world.identify("d1", "a")
    world.tick(at(0, "13:00"))

    assert world.left("a", "w") == [at(0, "11:00")]
    assert world.path("a") == ["w:met"]


def test_an_event_that_becomes_a_contacts_later_reaches_their_goal(world: World) -> None:
    """Bought on a device that is theirs only since today: no further message."""
    waiting(world)
    world.anonymous("d1", "order", at(0, "11:00"))
    world.tick(at(0, "12:00"))
    world.identify("d1", "a")
    world.tick(at(0, "13:00"))

    assert world.status("a") == ["achieved"]


def test_an_event_that_becomes_a_contacts_later_lets_them_in_once(world: World) -> None:
    """A cart filled before the address was known; time counts from the cart, and a second tick adds nobody."""
    world.contacts("a")
    world.publish(STEPS)
    world.tick(at(0))
    world.anonymous("d1", "start", at(0, "10:00"))
    world.tick(at(0, "10:30"))
    assert world.enrolled() == 0
    world.identify("d1", "a")
    world.tick(at(0, "11:00"))
    world.tick(at(0, "12:00"))

    assert world.enrolled() == 1
    assert world.due("a") == at(1, "10:00")


def test_an_old_event_that_becomes_a_contacts_lets_nobody_in(world: World) -> None:
    """Eight days after the cart nobody wants to be reminded of it."""
    world.contacts("a")
    world.publish(STEPS)
    world.tick(at(0))
    world.anonymous("d1", "start", at(0, "10:00"))
    world.tick(at(0, "10:30"))
    world.tick(at(8, "11:00"))
    world.identify("d1", "a")
    world.tick(at(8, "12:00"))

    assert world.enrolled() == 0


def test_an_event_that_moves_to_another_contact_is_not_weighed_again(world: World) -> None:
    """Who acted on it stays; the other does not start on the same cart."""
    world.contacts("a", "b")
    world.publish(STEPS)
    world.tick(at(0))
    world.anonymous("d1", "start", at(0, "10:00"))
    world.identify("d1", "a")
    world.tick(at(0, "11:00"))
    assert world.where("a") == "s1"
    world.event("a", "view", at(0, "11:10"))
    world.identify("d1", "b")
    world.tick(at(0, "12:00"))

    assert (world.where("a"), world.where("b")) == ("s1", None)


def test_a_tie_is_read_once(world: World) -> None:
    """Identity may be loaded after the events, and no events for long: the next tick has nothing to do."""
    waiting(world)
    world.anonymous("d1", "view", at(0, "11:00"))
    world.identify("d1", "a")
    world.tick(at(0, "12:00"))
    assert world.query("select count(*) from tied") == [(1,)]
    world.tick(at(0, "13:00"))

    assert world.query("select count(*) from tied") == [(0,)]
