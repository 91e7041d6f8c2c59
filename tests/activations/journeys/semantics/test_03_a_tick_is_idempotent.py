"""Semantic 3: a tick is idempotent, monotonic and isolated."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from activations.journeys.errors import TickError
from activations.journeys.tick import tick
from tests.activations.journeys.world import World, at

JOURNEY = """
goals: [{name: bought, when: {event: order, since: entry}}]
exit_when: {event: stop, since: entry}
steps:
  - send: {id: hello, channel: email, message: hello}
  - wait: {id: look, until: {event: view, since: arrival}, or_after: 2 days}
  - if: {id: rich, when: {field: points, gte: 10}}
    then:
      - deal: {id: deal, pipeline: sales, stage: new}
  - split: {id: half, arms: {x: 50, y: 50}}
    x:
      - wait: {id: rest, for: 1 day}
      - send: {id: more, channel: email, message: more}
"""


class Crash(Exception):
    """The process died here."""


class Dying:
    """A connection that dies at the n-th statement."""

    def __init__(self, con: duckdb.DuckDBPyConnection, after: int) -> None:
        self.con, self.left = con, after

    def execute(self, *args: Any) -> Any:
        if self.left == 0 and not str(args[0]).startswith("rollback"):
            raise Crash
        self.left -= 1
        return self.con.execute(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.con, name)


def prepared() -> World:
    world = World()
    for number in range(12):
        world.contacts(f"c{number}", points=number * 2)
    world.publish(JOURNEY)
    world.tick(at(0))
    for number in range(12):
        world.event(f"c{number}", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.deliver(at(0, "10:00"))
    world.event("c1", "view", at(0, "11:00"))
    world.event("c2", "order", at(0, "11:00"))
    world.event("c3", "stop", at(0, "11:00"))
    return world


def test_the_same_tick_twice_is_one() -> None:
    """Nothing enters, moves or is proposed a second time."""
    once, twice = prepared(), prepared()
    for day in range(1, 5):
        once.tick(at(day))
        twice.tick(at(day))
        before = twice.state()
        twice.tick(at(day))
        after = twice.state()
        assert after == before
        once.deliver(at(day))
        twice.deliver(at(day))

    assert once.state() == twice.state()


def test_a_crash_at_any_statement_and_again_is_one_clean_run() -> None:
    """A tick that dies at its n-th statement leaves nothing behind; the next run is as if it had never been."""
    clean = prepared()
    clean.tick(at(3))
    expected = clean.state()
    statements = 0
    while True:
        world = prepared()
        try:
            tick(Dying(world.con, statements), world.catalog, at(3))  # type: ignore[arg-type]
            break
        except Crash:
            pass
        world.tick(at(3))
        assert world.state() == expected, f"after a crash at statement {statements}"
        statements += 11

    assert statements > 70


def test_a_tick_for_the_past_is_refused(world: World) -> None:
    """Time only goes forward."""
    world.publish(JOURNEY)
    world.tick(at(2))

    with pytest.raises(TickError, match="2026-03-04 09:00:00 UTC"):
        world.tick(at(1))


def test_a_contact_with_a_broken_value_stands_still_and_all_others_go_on(world: World) -> None:
    """The broken one is in quarantine with the value; repaired, it goes on."""
    world.contacts("good", "bad", "fine")
    world.publish(
        """
        steps:
          - if: {id: rich, when: {event: pay, where: {amount: {gte: 10}}}}
            then: [{end: {id: yes_, reason: rich}}]
          - end: {id: no_, reason: poor}
        """
    )
    world.tick(at(0))
    for name, amount in (("good", 20), ("bad", "a lot"), ("fine", 5)):
        world.event(name, "pay", at(0, "09:30"), amount=amount)
        world.event(name, "start", at(0, "10:00"))
    ticked = world.tick(at(0, "11:00"))

    assert ticked.quarantined == 1
    assert world.status("good") == world.status("fine") == ["completed"]
    assert world.status("bad") == ["active"]
    assert world.query("select contact_id, step_id, reason from journeys.quarantine") == [
        ("bad", "rich", "amount is no number: a lot")
    ]
    world.con.execute(
        "update marts.events set properties = '{\"amount\": 3}' where contact_id = 'bad'"
    )
    world.tick(at(0, "12:00"))
    assert world.status("bad") == ["completed"]
    assert world.query("select count(*) from journeys.quarantine where released_at is null") == [
        (0,)
    ]


def test_a_broken_journey_stops_only_itself(world: World) -> None:
    """One asks for a column that is gone: it is marked broken with the error; the other moves."""
    world.contacts("a")
    good = "steps: [{wait: {id: w, for: 1 hour}}]"
    bad = "steps: [{if: {id: i, when: {field: country, eq: DE}}}, {wait: {id: w, for: 1 hour}}]"
    world.publish("journey: good\n" + good)
    world.publish("journey: bad\n" + bad)
    world.tick(at(0))
    catalog = world.catalog
    world.con.execute("alter table marts.dim_contacts drop column country")
    world.event("a", "start", at(0, "10:00"))
    ticked = tick(world.con, catalog, at(0, "12:00"))

    assert list(ticked.broken) == ["bad"]
    assert "country" in ticked.broken["bad"]
    assert world.query("select journey, state from journeys.control order by 1") == [
        ("bad", "broken"),
        ("good", "active"),
    ]
    assert world.query("select journey, status from journeys.enrollments") == [
        ("good", "completed")
    ]
