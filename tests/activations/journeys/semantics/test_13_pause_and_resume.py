"""Semantic 13: pausing loses nobody and sends nothing again; time runs or stops as declared."""

from __future__ import annotations

from itertools import pairwise

import pytest

from activations.journeys.pause import pause, resume
from tests.activations.journeys.world import World, at


@pytest.mark.parametrize(("clock", "day"), [("runs", 30), ("stops", 37)])
def test_a_wait_of_30_days_paused_on_day_10_for_7_days(world: World, clock: str, day: int) -> None:
    """It ends on day 30 where time runs, on day 37 where it stops."""
    world.contacts("a")
    world.publish(
        f"pause: {{clock: {clock}}}\nsteps: [{{wait: {{id: w, for: 30 days}}}}, {{wait: {{id: x, for: 90 days}}}}]"
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    pause(world.con, "j", at(10, "10:00"))
    world.tick(at(12))
    resume(world.con, "j", at(17, "10:00"))
    for one in range(17, 45):
        world.tick(at(one, "10:00"))

    assert world.left("a", "w") == [at(day, "10:00")]


@pytest.mark.parametrize("overdue", ["send", "skip", "spread"])
def test_thirty_days_of_pause_are_no_burst(world: World, overdue: str) -> None:
    """Four weekly mails: never four at once; under `skip` the one that is overdue is not sent at all.

    Regression: mautic/mautic#3340, everything overdue fires at once when a campaign is published again.
    """
    world.contacts("a")
    steps = "".join(
        f"  - wait: {{id: w{n}, for: 7 days}}\n  - send: {{id: m{n}, channel: email, message: m{n}}}\n"
        for n in range(1, 5)
    )
    world.publish(f"pause: {{overdue: {overdue}}}\nsteps:\n{steps}")
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    pause(world.con, "j", at(1))
    for day in range(2, 31):
        world.tick(at(day))
        world.deliver(at(day))
    assert world.sent() == []
    resume(world.con, "j", at(31))
    for day in range(31, 70):
        world.tick(at(day, "12:00"))
        world.deliver(at(day, "12:00"))

    days = world.query(
        "select send_at from activations.outbox where state = 'handed_over' order by 1"
    )
    gaps = [(later[0] - earlier[0]).days for earlier, later in pairwise(days)]
    assert all(gap >= 7 for gap in gaps)
    assert world.sent() == (["m2", "m3", "m4"] if overdue == "skip" else ["m1", "m2", "m3", "m4"])
    assert world.status("a") == ["completed"]


def test_nobody_leaves_or_is_sent_to_again_because_of_a_pause(world: World) -> None:
    """Regression: mautic/mautic#16133 sends the first mail again; Dittofeed drops whoever reaches a message while paused."""
    for name in ("a", "b", "c"):
        world.contacts(name)
    world.publish(
        "steps: [{send: {id: m, channel: email, message: m}}, {wait: {id: w, for: 2 days}}, {send: {id: n, channel: email, message: n}}]"
    )
    world.tick(at(0))
    for name in ("a", "b", "c"):
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.deliver(at(0, "10:00"))
    world.tick(at(0, "11:00"))
    pause(world.con, "j", at(0, "12:00"))
    for day in range(1, 6):
        world.tick(at(day))
        world.deliver(at(day))
    assert world.status("a") == ["active"] and world.sent("a") == ["m"]
    resume(world.con, "j", at(6))
    world.live(at(6), at(6, "13:00"))

    assert [world.sent(name) for name in ("a", "b", "c")] == [["m", "n"]] * 3


def test_overdue_contacts_go_one_after_the_other(world: World) -> None:
    """`spread`: so many an hour, not all in the first tick."""
    names = [f"c{number}" for number in range(10)]
    world.contacts(*names)
    world.publish(
        "pause: {overdue: spread, spread_per_hour: 2}\nsteps: [{wait: {id: w, for: 1 day}}, {send: {id: m, channel: email, message: m}}]"
    )
    world.tick(at(0))
    for name in names:
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    pause(world.con, "j", at(0, "12:00"))
    resume(world.con, "j", at(5))
    counts = []
    for hour in range(9, 15):
        world.tick(at(5, f"{hour:02d}:00"))
        counts.append(world.query("select count(*) from activations.outbox")[0][0])

    assert counts == [1, 3, 5, 7, 9, 10]


@pytest.mark.parametrize(("entries", "expected"), [("catch_up", 1), ("ignore", 0)])
def test_entries_while_paused(world: World, entries: str, expected: int) -> None:
    """Caught up on, or left out, as declared."""
    world.contacts("a")
    world.publish(f"pause: {{entries: {entries}}}\nsteps: [{{wait: {{id: w, for: 1 day}}}}]")
    world.tick(at(0))
    pause(world.con, "j", at(0, "10:00"))
    world.event("a", "start", at(0, "11:00"))
    world.tick(at(0, "12:00"))
    resume(world.con, "j", at(0, "13:00"))
    world.tick(at(0, "14:00"))

    assert world.enrolled() == expected


WAITS = "the scores of win_probability have broken (all alike)"


def test_a_journey_that_asks_a_broken_score_stands_still(world: World) -> None:
    """Nobody enters and nobody goes on by it; others run; once it is mended everybody goes on from where they are."""
    world.contacts("a", "b")
    world.score("a", 10)
    world.publish(
        "steps: [{wait: {id: w, until: {score: lead, gte: 50}}}, {wait: {id: x, for: 9 days}}]"
    )
    world.publish("journey: other\nsteps: [{wait: {id: y, for: 9 days}}]")
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))

    world.held = {"score_lead": WAITS}
    world.score("a", 90)
    world.event("b", "start", at(1))
    held = world.tick(at(1))
    assert held.held == {"j": WAITS}
    assert world.left("a", "w") == []
    assert held.enrolled == 1

    world.held = {}
    mended = world.tick(at(2))
    assert not mended.held
    assert world.left("a", "w") == [at(2)]
    assert mended.enrolled == 1


@pytest.mark.parametrize("asks", ["segment", "exit", "sql"])
def test_whatever_reads_the_score_is_held(world: World, asks: str) -> None:
    """A segment that is made of it, an exit, the escape hatch."""
    body = {
        "segment": "steps: [{wait: {id: w, until: {segment: seg_vip}}}]",
        "exit": "exit_when: {not: {score: lead, gte: 5}}\nsteps: [{wait: {id: w, for: 9 days}}]",
        "sql": "steps: [{wait: {id: w, until: {sql: select contact_id from score_lead}}}]",
    }[asks]
    world.publish(body)
    world.held = {"score_lead": WAITS, "seg_vip": WAITS}

    assert world.tick(at(0)).held == {"j": WAITS}


@pytest.mark.parametrize(
    "waits", ["wait: {id: w, until: {event: order, since: entry}}", "wait: {id: w, for: 90 days}"]
)
def test_what_happened_while_paused_is_seen_when_it_goes_on(world: World, waits: str) -> None:
    """A wait's event and a goal's, though other journeys' ticks have read them meanwhile."""
    world.contacts("a")
    world.publish(
        f"goals: [{{name: bought, when: {{event: order, since: entry}}}}]\nsteps: [{{{waits}}}]"
        if "for" in waits
        else f"steps: [{{{waits}}}, {{wait: {{id: x, for: 90 days}}}}]"
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    pause(world.con, "j", at(1))
    world.event("a", "order", at(1, "12:00"))
    world.tick(at(2))
    before = world.path("a")
    resume(world.con, "j", at(3))
    world.tick(at(3, "09:30"))

    assert before == []
    assert world.path("a") == (["w:goal:bought"] if "for" in waits else ["w:met"])
    assert world.left("a", "w") == [at(1, "12:00")]


@pytest.mark.parametrize(("entries", "expected"), [("catch_up", 1), ("ignore", 0)])
@pytest.mark.parametrize(
    "trigger",
    [
        "{becomes: {score: lead, gte: 50}}",
        "{becomes: {event: view, count: {gte: 1}}}",
        "{changed: country}",
    ],
)
def test_what_became_true_while_paused(
    world: World, trigger: str, entries: str, expected: int
) -> None:
    """A crossing or a change lets in as declared; the next one lets in, whatever was declared."""
    world.contacts("a", "b", country="DE")
    world.publish(
        f"entry: {{trigger: {trigger}, existing: ignore}}\npause: {{entries: {entries}}}\n"
        "steps: [{wait: {id: w, for: 9 days}}]"
    )

    def crosses(name: str, moment: str) -> None:
        world.score(name, 70)
        world.set(name, country="FR")
        world.event(name, "view", at(0, moment))

    world.tick(at(0))
    pause(world.con, "j", at(0, "10:00"))
    crosses("a", "11:00")
    world.tick(at(0, "12:00"))
    resume(world.con, "j", at(0, "13:00"))
    world.tick(at(0, "14:00"))
    inside = world.enrolled()
    crosses("b", "15:00")
    world.tick(at(0, "16:00"))

    assert inside == expected
    assert world.enrolled() == expected + 1
