"""Semantic 2: re-entry and concurrency are two settings, and a key tells stays apart."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at

STEPS = "steps: [{wait: {id: w, for: 1 day}}]"


def entry(policy: str, more: str = "", key: str = "") -> str:
    return (
        f"entry: {{triggers: [{{event: start}}, {{event: begin}}], {key}"
        f"reentry: {{policy: {policy}{more}}}}}\n{STEPS}"
    )


@pytest.mark.parametrize(("policy", "expected"), [("once", 1), ("after_exit", 1), ("always", 2)])
def test_two_triggers_in_one_tick(world: World, policy: str, expected: int) -> None:
    """Exactly one under once and after_exit, two under always; what was refused is on record."""
    world.contacts("a")
    world.publish(entry(policy))
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.event("a", "begin", at(0, "10:00"))
    world.tick(at(0, "11:00"))

    assert world.enrolled() == expected
    assert world.decisions().count("enrolled") == expected
    assert len(world.decisions()) == 2


@pytest.mark.parametrize("policy", ["once", "after_exit", "always"])
def test_the_same_event_twice_is_one_entry(world: World, policy: str) -> None:
    """An event that is delivered again with its id enters nobody again, in the same tick or a later one."""
    world.contacts("a")
    world.publish(entry(policy))
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"), id="same")
    world.event("a", "start", at(0, "10:00"), id="same")
    world.tick(at(0, "11:00"))
    world.event("a", "start", at(0, "10:00"), id="same")
    world.tick(at(3))

    assert world.enrolled() == 1


def test_after_exit_lets_in_again_only_after_the_end(world: World) -> None:
    """Inside: refused; after the end: a new stay. Once: never again."""
    for policy, expected in (("after_exit", 2), ("once", 1)):
        here = World()
        here.contacts("a")
        here.publish(entry(policy))
        here.tick(at(0))
        here.event("a", "start", at(0, "10:00"))
        here.tick(at(0, "10:00"))
        here.event("a", "start", at(0, "20:00"))
        here.tick(at(0, "20:00"))
        here.tick(at(2))
        here.event("a", "start", at(2, "10:00"))
        here.tick(at(2, "10:00"))

        assert here.enrolled() == expected
        assert "still inside" in here.decisions() or policy == "once"


def test_the_same_key_is_one_stay_and_another_key_a_second(world: World) -> None:
    """Two carts are two stays; the same cart again is not."""
    world.contacts("a")
    world.publish(entry("after_exit", key="key: cart_id, "))
    world.tick(at(0))
    for number, cart in enumerate(["x", "x", "y"]):
        world.event("a", "start", at(0, f"1{number}:00"), cart_id=cart)
    world.tick(at(0, "13:00"))
    world.event("a", "start", at(0, "13:30"), cart_id="y")
    world.tick(at(0, "14:00"))

    assert world.query("select entry_key from journeys.enrollments order by 1") == [("x",), ("y",)]


def test_at_most_so_many_per_period(world: World) -> None:
    """`at_most: 1, per: 7 days` refuses the second in the week, whatever its key, and lets in the next week's."""
    world.contacts("a")
    world.publish(entry("always", ", at_most: 1, per: 7 days"))
    world.tick(at(0))
    for day in (1, 2, 3, 9):
        world.event("a", "start", at(day))
        world.tick(at(day, "10:00"))

    assert world.decisions() == [
        "enrolled",
        "entered often enough",
        "entered often enough",
        "enrolled",
    ]


def test_by_hand_the_rules_of_reentry_hold_too(world: World) -> None:
    """Asked for twice while inside: one stay, and the second wish is on record with its refusal."""
    from activations.journeys.pause import ask

    world.contacts("a")
    world.publish(f"entry: {{trigger: {{manual: true}}, reentry: {{policy: after_exit}}}}\n{STEPS}")
    world.tick(at(0))
    ask(world.con, "j", "a", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    ask(world.con, "j", "a", at(0, "11:00"))
    world.tick(at(0, "12:00"))

    assert world.enrolled() == 1
    assert world.decisions() == ["enrolled", "still inside"]
