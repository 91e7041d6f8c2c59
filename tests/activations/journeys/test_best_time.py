"""`at: best_time` leaves the hour open: the outbox chooses it once, explores, and logs what else was possible."""

from __future__ import annotations

import json
from typing import Any

import pytest

from activations.outbox import choices
from tests.activations.journeys.world import World, at, rules

JOURNEY = """
    entry: {{trigger: {{event: go}}}}
    steps:
      - send: {{id: note, channel: email, message: note, at: best_time, within: {within}, explore: {explore}}}
      - wait: {{id: after, for: 5 days}}
"""


def live(world: World, people: int, within: str = "12 hours", explore: float = 0.0) -> None:
    """So many arrive at nine in Berlin's winter, eight UTC, and the outbox chooses."""
    world.publish(JOURNEY.format(within=within, explore=explore))
    for number in range(people):
        world.contacts(f"c{number:03d}", timezone="Europe/Berlin")
        world.consents(f"c{number:03d}")
        world.event(f"c{number:03d}", "go", at(1, "08:00"))
    world.tick(at(1, "08:00"))
    choices.choose(world.con, {}, rules(), at(1, "08:00"))


def logged(world: World) -> list[dict[str, Any]]:
    """The log's rows."""
    names = "contact_id, source, source_name, step_id, kind, options, propensities, chosen, propensity, is_explore, is_control"
    result = world.con.execute(
        f"select {names}, policy, scheduled_at from raw_activations.choices order by contact_id"
    )
    columns = [column[0] for column in result.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def test_the_hour_is_logged_with_all_that_were_eligible_and_kept(world: World) -> None:
    """Twelve hours from nine local on, less those that are not to be chosen; chosen once; then the contact goes on."""
    live(world, 1)
    (row,) = logged(world)
    again = choices.choose(world.con, {}, rules(), at(1, "08:15"))
    world.tick(at(1, "08:30"))
    world.dispatch(at(1, "08:30"))
    before = (world.sent(), world.where("c000"))
    world.dispatch(at(1, "09:00"))
    world.tick(at(1, "09:15"))

    assert (row["source"], row["source_name"], row["step_id"]) == ("journey", "j", "note")
    assert (row["kind"], row["policy"]) == ("time", "send_hour")
    assert json.loads(row["options"]) == [str(hour) for hour in range(9, 21)]
    assert (row["chosen"], row["propensity"], row["is_explore"]) == ("10", 1.0, False)
    assert sum(json.loads(row["propensities"])) == pytest.approx(1)
    assert row["scheduled_at"] == at(1, "09:00").replace(tzinfo=None)
    assert again == 0
    assert before == ([], "note")
    assert world.sent() == ["note"]
    assert world.left("c000", "note") == [at(1, "09:00")]


def test_exploration_reaches_every_hour_with_the_chance_that_is_logged(world: World) -> None:
    """All of 240 explore: each hour comes up about as often as its chance says; the control group stays at the best."""
    live(world, 240, explore=1.0)
    rows = logged(world)
    control = [row for row in rows if row["is_control"]]
    others = [row for row in rows if not row["is_control"]]
    hours = {hour: sum(row["chosen"] == str(hour) for row in others) for hour in range(9, 21)}

    assert len(rows) == 240
    assert {row["chosen"] for row in control} == {"10"}
    assert not any(row["is_explore"] for row in control)
    assert all(row["is_explore"] for row in others)
    assert {round(row["propensity"], 6) for row in others} == {round(1 / 12, 6)}
    mean = len(others) / 12
    assert all(abs(n - mean) < 4 * mean**0.5 for n in hours.values()), hours


def test_where_no_hour_is_within_reach_the_message_goes_at_once(world: World) -> None:
    """At eleven at night, with two hours to go, no hour of the day is left."""
    world.publish(JOURNEY.format(within="2 hours", explore=0.1))
    world.contacts("c1", timezone="Europe/Berlin")
    world.consents("c1")
    world.event("c1", "go", at(1, "22:30"))
    world.tick(at(1, "22:30"))
    choices.choose(world.con, {}, rules(), at(1, "22:30"))
    world.dispatch(at(1, "22:30"))

    assert logged(world) == []
    assert world.sent() == ["note"]
