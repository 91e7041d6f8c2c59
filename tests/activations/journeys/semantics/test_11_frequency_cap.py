"""Semantic 11: the cap is over the union of journeys; the losers are on record and their contacts go on."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at, rules


def three(world: World, cap: int | None, loser: str) -> None:
    """Three journeys fire for one contact in one tick."""
    world.contacts("a")
    world.consents("a")
    for number in range(3):
        world.publish(
            f"journey: j{number}\nsteps: [{{send: {{id: m, channel: email, message: m{number}, priority: {10 * number}}}}}]"
        )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    found = rules(caps=[{"at_most": cap, "per": "day", "loser": loser}])
    for clock in ("10:00", "10:15", "10:30"):
        world.tick(at(0, clock))
        world.dispatch(at(0, clock), found)
    world.tick(at(0, "10:45"))


@pytest.mark.parametrize("loser", ["drop", "defer"])
def test_a_cap_of_one_a_day_and_three_journeys(world: World, loser: str) -> None:
    """One is sent, that with the highest priority; two lose, with a reason, and retries do not count twice."""
    three(world, 1, loser)

    assert world.sent() == ["m2"]
    states = world.query("select state, count(*) from activations.outbox group by 1 order by 1")
    assert states == [
        ("dropped" if loser == "drop" else "deferred", 2),
        ("handed_over", 1),
    ] or states == [
        ("deferred" if loser == "defer" else "dropped", 2),
        ("handed_over", 1),
    ]
    reasons = world.query(
        "select distinct reason from activations.outbox where state <> 'handed_over'"
    )
    assert all(reason for (reason,) in reasons)
    inside = world.query("select count(*) from journeys.positions")
    assert inside == ([(0,)] if loser == "drop" else [(2,)])


@pytest.mark.parametrize(("cap", "sent"), [(None, 3), (0, 0), (1, 1)])
def test_none_zero_and_one_are_three_things(world: World, cap: int | None, sent: int) -> None:
    """Regression: elsewhere a cap that nobody set blocked everything after the first mail."""
    three(world, cap, "drop")

    assert len(world.sent()) == sent
    assert world.query("select count(*) from journeys.positions") == [(0,)]
