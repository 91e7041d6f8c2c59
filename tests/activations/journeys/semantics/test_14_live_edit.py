"""Semantic 14: a change while people are inside is planned by step ids, shown, and then carried out."""

from __future__ import annotations

import pytest

from activations.journeys.pause import pause, resume
from activations.journeys.publish import plan
from tests.activations.journeys.world import World, at, define

ONE = """
steps:
  - wait: {id: w, for: 1 day}
  - send: {id: m, channel: email, message: m}
  - wait: {id: x, for: 9 days}
"""


def inside(world: World, count: int = 1, text: str = ONE) -> None:
    """So many contacts enter at ten."""
    names = [f"c{number}" for number in range(count)]
    world.contacts(*names)
    world.publish(text)
    world.tick(at(0))
    for name in names:
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))


def test_a_longer_wait_counts_what_has_passed(world: World) -> None:
    """23 hours into 1 day, changed to 2 days: 25 hours more."""
    inside(world)
    world.publish(ONE.replace("1 day", "2 days"), at(1, "09:00"))
    assert world.due("c0") == at(2, "10:00")
    world.tick(at(2, "09:59"))
    assert world.path("c0") == []
    world.tick(at(2, "10:00"))

    assert world.path("c0") == ["w:passed"]


STOPS = "pause: {clock: stops}\n" + ONE
UNTIL = STOPS.replace("for: 1 day", "until: {event: click}, or_after: 1 day")


@pytest.mark.parametrize("text", [STOPS, UNTIL], ids=["for", "until"])
@pytest.mark.parametrize("edited", ["after", "within"])
def test_a_wait_edited_around_a_pause_does_not_count_what_stood_still(
    world: World, text: str, edited: str
) -> None:
    """23 hours into 1 day, paused for 5 days by a clock that stops, changed to 2 days: 25 hours more."""
    inside(world, text=text)
    pause(world.con, "j", at(1, "09:00"))
    if edited == "within":
        world.publish(text.replace("1 day", "2 days"), at(3, "09:00"))
    resume(world.con, "j", at(6, "09:00"))
    if edited == "after":
        world.tick(at(6, "09:00"))
        world.publish(text.replace("1 day", "2 days"), at(6, "09:00"))
    assert world.due("c0") == at(7, "10:00")
    pause(world.con, "j", at(6, "12:00"))
    resume(world.con, "j", at(7, "12:00"))
    world.publish(text.replace("1 day", "3 days"), at(7, "12:00"))
    world.tick(at(9, "09:59"))
    assert world.path("c0") == []
    world.tick(at(9, "10:00"))

    assert world.left("c0", "w") == [at(9, "10:00")]


def test_what_stood_still_is_not_forgotten_by_an_edit_that_asks_for_another_moment(
    world: World,
) -> None:
    """A day, paused for 5, made a wait for Friday and back again before the next tick: it still ends after 6."""
    inside(world, text=STOPS)
    pause(world.con, "j", at(0, "12:00"))
    resume(world.con, "j", at(5, "12:00"))
    world.publish(STOPS.replace("for: 1 day", "until: {weekday: friday}"), at(5, "13:00"))
    world.publish(STOPS.replace("1 day", "1 day 1 hour"), at(5, "13:00"))
    world.tick(at(6, "10:59"))
    assert world.path("c0") == []
    world.tick(at(6, "11:00"))

    assert world.left("c0", "w") == [at(6, "11:00")]


def test_the_next_wait_knows_nothing_of_what_stood_still_in_the_last(world: World) -> None:
    """It ends so long after the arrival, as edited."""
    inside(world, text=STOPS)
    pause(world.con, "j", at(0, "12:00"))
    resume(world.con, "j", at(5, "12:00"))
    world.live(at(6, "10:00"), at(6, "12:00"))
    world.publish(STOPS.replace("9 days", "2 days"), at(7, "10:00"))

    assert world.due("c0") == at(8, "10:00")


def test_a_wait_to_which_an_edit_moves_people_within_a_pause_begins_when_it_ends(
    world: World,
) -> None:
    """As any other that the clock does not count while it stands still."""
    text = STOPS + "  - wait: {id: y, for: 2 days}\n"
    inside(world, text=text.replace("  - send: {id: m, channel: email, message: m}\n", ""))
    pause(world.con, "j", at(1, "09:00"))
    world.publish("pause: {clock: stops}\nsteps: [{wait: {id: y, for: 2 days}}]", at(3, "09:00"))
    world.tick(at(4))
    resume(world.con, "j", at(6, "09:00"))
    world.tick(at(6, "09:00"))

    assert world.due("c0") == at(8, "09:00")


def test_a_shorter_wait_that_is_over_already_ends_with_the_next_tick(world: World) -> None:
    """23 hours into 1 day, changed to 2 hours."""
    inside(world)
    world.publish(ONE.replace("1 day", "2 hours"), at(1, "09:00"))
    world.tick(at(1, "09:00"))

    assert world.left("c0", "w") == [at(0, "12:00")]


def test_a_deleted_wait_with_10_queued_is_10_at_the_next_step(world: World) -> None:
    """And the plan says so before it is done."""
    inside(world, 10)
    text = ONE.replace("  - wait: {id: w, for: 1 day}\n", "")
    assert [(one.step, one.to, one.contacts) for one in plan(world.con, define(text))] == [
        ("w", "m", 10)
    ]
    world.publish(text, at(0, "11:00"))
    world.tick(at(0, "11:00"))

    assert world.query("select count(*) from activations.outbox where message = 'm'") == [(10,)]


def test_a_step_inserted_upstream_never_runs_for_those_past_it(world: World) -> None:
    """It runs for whoever enters from now on."""
    inside(world)
    extra = ONE.replace(
        "steps:\n", "steps:\n  - send: {id: early, channel: email, message: early}\n"
    )
    world.publish(extra, at(0, "11:00"))
    world.contacts("late")
    world.event("late", "start", at(0, "12:00"))
    world.live(at(0, "12:00"), at(1, "14:00"))

    assert world.sent("c0") == ["m"]
    assert world.sent("late") == ["early", "m"]


def test_statistics_of_the_first_version_do_not_change(world: World) -> None:
    """What was counted under a version stays counted under it."""
    inside(world, 3)
    world.live(at(1, "10:00"), at(1, "12:00"))
    query = "select version, step_id, branch, count(*) from journeys.history where version = ? group by all order by all"
    first = world.query("select distinct version from journeys.history")[0][0]
    before = world.query(query, first)
    assert before
    world.publish(ONE.replace("9 days", "3 days"), at(2))
    world.live(at(2), at(5), step=at(1) - at(0))

    assert world.query(query, first) == before
    assert len(world.query("select distinct version from journeys.history")) == 2


def test_a_step_added_at_the_end_is_reached_by_those_who_are_inside(world: World) -> None:
    """Regression: mautic/mautic#6323 and #6445, new steps were never run for contacts who had entered before."""
    inside(world)
    world.publish(ONE + "  - send: {id: last, channel: email, message: last}\n", at(0, "11:00"))
    world.live(at(1, "10:00"), at(11, "12:00"), step=at(0, "12:00") - at(0, "09:00"))

    assert world.sent("c0") == ["m", "last"]


def test_everybody_carries_the_version_they_are_in(world: World) -> None:
    """Before and after a publication."""
    inside(world, 2)
    new = world.publish(ONE.replace("9 days", "3 days"), at(0, "11:00"))

    assert world.query("select distinct version from journeys.enrollments") == [(new.version,)]


LOOP = """
steps:
  - wait: {id: w, for: 1 day}
  - send: {id: m, channel: email, message: m}
  - wait: {id: x, for: 1 hour}
  - go_to: {step: w}
"""


def test_a_loop_goes_on_counting_under_a_new_version(world: World) -> None:
    """Otherwise its next message would bear the number of an earlier one, and count as sent."""
    world.contacts("a")
    world.publish(LOOP)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(2, "14:00"))
    before = world.sent()
    world.publish("description: Told otherwise.\n" + LOOP, at(2, "14:30"))
    world.live(at(2, "15:00"), at(4, "18:00"))
    world.publish(LOOP.replace("  - wait: {id: x, for: 1 hour}\n", ""), at(4, "18:30"))
    world.live(at(4, "19:00"), at(7, "20:00"))

    visits = world.query("select visit from activations.outbox order by visit")
    assert before == ["m", "m"]
    assert [visit for (visit,) in visits] == list(range(1, len(visits) + 1))
    assert len(world.sent()) == len(visits) >= 6


def test_a_message_of_a_step_that_is_removed_is_not_sent_any_more(world: World) -> None:
    """It was proposed, and waits; its contact goes on at the next step."""
    world.contacts("a")
    world.publish(ONE)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.tick(at(1, "10:00"))
    before = world.outbox()
    world.publish(
        ONE.replace("  - send: {id: m, channel: email, message: m}\n", ""), at(1, "11:00")
    )
    world.live(at(1, "11:00"), at(1, "13:00"))

    assert before == {"a:m": "planned"}
    assert world.outbox() == {"a:m": "cancelled"}
    assert world.where("a") == "x"
    assert world.sent() == []
