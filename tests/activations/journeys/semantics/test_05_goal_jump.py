"""Semantic 5: a goal takes an active enrollment from any step, once."""

from __future__ import annotations

import pytest

from tests.activations.journeys.world import World, at

MAILS = "\n".join(
    f"  - send: {{id: m{n}, channel: email, message: m{n}}}\n  - wait: {{id: w{n}, for: 1 day}}"
    for n in range(1, 11)
)


def test_a_purchase_during_the_third_wait_of_ten(world: World) -> None:
    """Mails 4 to 10 are never planned, the stay is achieved, and a second purchase does nothing."""
    world.contacts("a")
    world.publish("goals: [{name: bought, when: {event: order, since: entry}}]\nsteps:\n" + MAILS)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(2, "12:00"))
    assert world.where("a") == "w3"
    world.event("a", "order", at(2, "12:30"))
    world.live(at(2, "13:00"), at(12, "12:00"))
    world.event("a", "order", at(12, "12:30"))
    world.tick(at(13))

    assert world.sent("a") == ["m1", "m2", "m3"]
    assert world.status("a") == ["achieved"]
    assert world.query(
        "select goal, outcome, count(*) from journeys.achievements group by all"
    ) == [("bought", "achieved", 1)]


def test_unsent_messages_of_skipped_steps_are_cancelled(world: World) -> None:
    """The mail was proposed and waits for its time; the goal takes it back."""
    world.contacts("a")
    world.publish("goals: [{name: bought, when: {event: order, since: entry}}]\nsteps:\n" + MAILS)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.event("a", "order", at(0, "10:10"))
    world.tick(at(0, "10:30"))

    assert world.outbox() == {"a:m1": "cancelled"}


BELOW = """
steps:
  - wait: {id: before, for: 1 day}
  - goal: {id: g, when: {event: order, since: entry}, scope: SCOPE}
  - wait: {id: after, for: 5 days}
  - send: {id: bye, channel: email, message: bye}
"""


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        ("below", ["before:passed", "g:skipped"]),
        ("anywhere", ["before:passed", "g:skipped", "after:goal:g"]),
    ],
)
def test_scope_below_takes_only_from_above(world: World, scope: str, path: list[str]) -> None:
    """Past the goal, `below` leaves the contact where it is; `anywhere` takes it back to the goal."""
    world.contacts("a")
    world.publish(BELOW.replace("SCOPE", scope))
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(1, "12:00"))
    assert world.where("a") == "after"
    world.event("a", "order", at(1, "13:00"))
    world.tick(at(1, "14:00"))

    assert world.path("a")[:3] == path


BACK = """
goals: [{name: bought, when: {event: order, since: entry}, then: again}]
steps:
  - wait: {id: again, for: 1 hour}
  - send: {id: offer, channel: email, message: offer}
  - wait: {id: rest, for: 5 days}
"""


@pytest.mark.parametrize("is_sent", [True, False])
def test_what_a_goal_leads_back_to_is_done_again(world: World, is_sent: bool) -> None:
    """The offer goes out once more, whether the first one was sent or taken back: it is another visit."""
    world.contacts("a")
    world.publish(BACK)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "12:00"))
    if is_sent:
        world.deliver(at(0, "12:10"))
        world.tick(at(0, "12:30"))
    world.event("a", "order", at(0, "13:00"))
    world.live(at(0, "13:30"), at(1, "12:00"))

    visits = world.query("select visit, state from activations.outbox order by visit")
    assert visits == [(1, "handed_over" if is_sent else "cancelled"), (2, "handed_over")]
    assert world.where("a") == "rest"


def test_of_several_goals_the_furthest_downstream_wins_then_declared_order(world: World) -> None:
    """Two goals hold at once: the later step; equal: the one written first."""
    world.contacts("a")
    world.publish(
        """
        goals:
          - {name: near, when: {event: order, since: entry}, then: one}
          - {name: far, when: {event: order, since: entry}, then: two}
          - {name: far_too, when: {event: order, since: entry}, then: two}
        steps:
          - wait: {id: zero, for: 9 days}
          - wait: {id: one, for: 9 days}
          - wait: {id: two, for: 9 days}
        """
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.event("a", "order", at(0, "11:00"))
    world.tick(at(0, "12:00"))

    assert world.where("a") == "two"
    assert world.path("a") == ["zero:goal:far"]


def test_a_goal_beats_timer_and_step_in_the_same_tick(world: World) -> None:
    """Wait over and goal reached are seen together: the goal, and no mail."""
    world.contacts("a")
    world.publish(
        """
        goals: [{name: bought, when: {event: order, since: entry}}]
        steps: [{wait: {id: w, for: 1 hour}}, {send: {id: m, channel: email, message: m}}]
        """
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.event("a", "order", at(0, "11:30"))
    world.tick(at(0, "12:00"))

    assert world.path("a") == ["w:goal:bought"]
    assert world.outbox() == {}


@pytest.mark.parametrize(
    ("unmet", "expected"),
    [("wait", ([], "g")), ("continue", (["g:skipped"], "rest")), ("end", (["g:skipped"], None))],
)
def test_arriving_at_an_unmet_goal(
    world: World, unmet: str, expected: tuple[list[str], str | None]
) -> None:
    """It waits, goes on or ends as declared; met on arrival, or after waiting, is achieved."""
    world.contacts("a", "b")
    world.publish(
        f"steps: [{{goal: {{id: g, when: {{event: order, since: entry}}, unmet: {unmet}}}}}, {{wait: {{id: rest, for: 1 day}}}}]"
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:30"))
    assert (world.path("a"), world.where("a")) == expected
    world.event("b", "start", at(0, "11:00"))
    world.event("b", "order", at(0, "11:01"))
    world.event("a", "order", at(0, "11:01"))
    world.tick(at(0, "12:00"))

    assert world.where("b") == "rest"
    if unmet == "wait":
        assert world.where("a") == "rest"
        assert world.query("select outcome from journeys.achievements") == [
            ("achieved",),
            ("achieved",),
        ]
