"""Semantic 6: a wait with a deadline goes by the time of the event, not of its arrival."""

from __future__ import annotations

from tests.activations.journeys.world import World, at

JOURNEY = """
steps:
  - wait: {id: w, until: {event: click, since: arrival}, or_after: 1 hour, grace: GRACE}
    met: [{end: {id: yes_, reason: clicked}}]
    timeout: [{end: {id: no_, reason: silent}}]
"""


def run(world: World, grace: str, late_click: bool = True) -> None:
    """Entry 09:00, deadline 10:00; a click at 09:59 is loaded at 10:05."""
    world.contacts("a")
    world.publish(JOURNEY.replace("GRACE", grace), at(0, "08:00"))
    world.tick(at(0, "08:00"))
    world.event("a", "start", at(0, "09:00"))
    for clock in ("09:00", "10:00", "10:04"):
        world.tick(at(0, clock))
    if late_click:
        world.event("a", "click", at(0, "09:59"))
    world.tick(at(0, "10:05"))
    world.tick(at(0, "10:15"))


def test_a_click_in_time_that_is_loaded_late_counts_within_the_grace(world: World) -> None:
    """Deadline 10:00, click 09:59 loaded 10:05, grace 15 minutes: the condition's branch."""
    run(world, "15 minutes")

    assert world.path("a")[0] == "w:met"
    assert world.left("a", "w") == [at(0, "09:59")]
    assert world.query("select count(*) from journeys.late_events") == [(0,)]


def test_without_grace_the_timer_wins_and_the_late_event_is_on_record(world: World) -> None:
    """Grace 0: the timer's branch, and a row that says what came too late."""
    run(world, "0 minutes")

    assert world.path("a")[0] == "w:timeout"
    assert world.query("select event_at, deadline from journeys.late_events") == [
        (at(0, "09:59").replace(tzinfo=None), at(0, "10:00").replace(tzinfo=None))
    ]


def test_nothing_within_the_grace_is_the_timer(world: World) -> None:
    """The timer's branch is taken when the grace is over, and time goes on from the deadline."""
    run(world, "15 minutes", late_click=False)

    assert world.path("a")[0] == "w:timeout"
    assert world.left("a", "w") == [at(0, "10:00")]


def test_an_event_after_the_deadline_is_no_success_even_within_the_grace(world: World) -> None:
    """The grace is for arrival, not for the event."""
    world.contacts("a")
    world.publish(JOURNEY.replace("GRACE", "15 minutes"), at(0, "08:00"))
    world.tick(at(0, "08:00"))
    world.event("a", "start", at(0, "09:00"))
    world.tick(at(0, "09:00"))
    world.event("a", "click", at(0, "10:01"))
    world.tick(at(0, "10:02"))
    world.tick(at(0, "10:15"))

    assert world.path("a")[0] == "w:timeout"


def test_of_several_conditions_the_earliest_event_wins_then_declared_order(world: World) -> None:
    """Not the order of the list, as long as the times differ."""
    for first, second, branch in (("09:20", "09:10", "w:two"), ("09:10", "09:10", "w:one")):
        here = World()
        here.contacts("a")
        here.publish(
            """
            steps:
              - wait:
                  id: w
                  until: [{id: one, when: {event: x, since: arrival}}, {id: two, when: {event: y, since: arrival}}]
                  or_after: 1 hour
            """,
            at(0, "08:00"),
        )
        here.tick(at(0, "08:00"))
        here.event("a", "start", at(0, "09:00"))
        here.tick(at(0, "09:00"))
        here.event("a", "x", at(0, first))
        here.event("a", "y", at(0, second))
        here.tick(at(0, "09:30"))

        assert here.path("a") == [branch]
