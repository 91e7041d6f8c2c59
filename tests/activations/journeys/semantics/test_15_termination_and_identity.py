"""Semantic 15: no loop without time, a bound at run time, and enrollments that follow the person."""

from __future__ import annotations

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
