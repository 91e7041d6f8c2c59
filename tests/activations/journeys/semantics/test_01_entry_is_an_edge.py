"""Semantic 1: entry is an edge, with a declared start."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at

STEPS = "steps: [{wait: {id: w, for: 1 day}}]"


def members(world: World, first: int, last: int, day: int) -> None:
    for number in range(first, last):
        world.contacts(f"c{number}")
        world.joins(f"c{number}", "seg_new", at(day))


@pytest.mark.parametrize(("existing", "expected"), [("ignore", 5), ("enroll", 105)])
def test_publishing_with_100_members_and_5_more_later(
    world: World, existing: str, expected: int
) -> None:
    """`ignore`: those who already match stay out; `enroll`: each of them once. A second tick adds nobody."""
    members(world, 0, 100, day=-3)
    world.publish(f"entry: {{trigger: {{segment: seg_new}}, existing: {existing}}}\n{STEPS}", at(0))
    world.tick(at(0))
    members(world, 100, 105, day=1)
    world.tick(at(1))
    world.tick(at(1))
    world.tick(at(2))

    assert world.enrolled() == expected


def test_a_member_who_leaves_and_comes_back_is_a_new_edge(world: World) -> None:
    """State triggers need leaving and entering again; staying in is no edge."""
    world.contacts("a")
    world.publish(
        f"entry: {{trigger: {{segment: seg_new}}, reentry: {{policy: after_exit}}}}\n{STEPS}", at(0)
    )
    world.tick(at(0))
    world.joins("a", "seg_new", at(0, "10:00"))
    for day in range(1, 5):
        world.tick(at(day))
    assert world.enrolled() == 1
    world.leaves("a", "seg_new", at(5))
    world.tick(at(5))
    world.joins("a", "seg_new", at(6))
    world.tick(at(7))

    assert world.enrolled() == 2


def test_an_event_before_publication_enrolls_only_within_the_lookback(world: World) -> None:
    """With `existing: enroll` an event may be as old as `lookback`, and no older."""
    world.contacts("a", "b")
    world.event("a", "start", at(-1))
    world.event("b", "start", at(-4))
    world.publish(
        f"entry: {{trigger: {{event: start}}, existing: enroll, lookback: 2 days}}\n{STEPS}", at(0)
    )
    world.tick(at(0))

    assert world.query("select contact_id from journeys.enrollments") == [("a",)]


def test_a_condition_that_becomes_true_is_one_entry_per_crossing(world: World) -> None:
    """A score that stays above its threshold crossed it once; falling and rising crosses it again."""
    world.contacts("a", "b")
    world.score("b", 70)
    world.publish(
        "entry: {trigger: {becomes: {score: lead, gte: 60}}, reentry: {policy: always}}\n" + STEPS,
        at(0),
    )
    for day, score in enumerate([10, 60, 65, 80, 20, 61, 90]):
        world.score("a", score)
        world.tick(at(day))

    assert world.query("select contact_id, count(*) from journeys.enrollments group by 1") == [
        ("a", 2)
    ]


def test_a_changed_field_enters_and_carries_both_values(world: World) -> None:
    """What it was and what it is are kept with the enrollment."""
    world.contacts("a", "b", country="DE")
    world.publish(f"entry: {{trigger: {{changed: country}}}}\n{STEPS}", at(0))
    world.tick(at(0))
    world.set("a", country="FR")
    world.tick(at(1))

    assert world.query("select contact_id, data from journeys.enrollments") == [
        ("a", '{"was":"DE","is":"FR"}')
    ]
