"""Semantic 12: an arm is a function of journey, split, contact and salt; what is assigned stays."""

from __future__ import annotations

import json
import math

from tests.activations.journeys.world import World, at

JOURNEY = """
entry: {trigger: {event: start}, reentry: {policy: always}}
steps:
  - split: {id: s, arms: {x: 50, y: 30, z: 20}}
    x: [{wait: {id: wx, for: 1 hour}}]
"""


def crowd(world: World, count: int, name: str = "start", day: int = 0, first: int = 0) -> None:
    """Many contacts, each with one event."""
    world.con.execute(
        f"insert into marts.dim_contacts (contact_id, email) select 'c' || i, 'c' || i || '@x.example' "
        f"from range({first}, {count}) r(i) where not exists (select 1 from marts.dim_contacts where contact_id = 'c' || i)"
    )
    batch = world.query("select coalesce(max(batch), 0) + 1 from marts.events")[0][0]
    world.con.execute(
        f"insert into marts.events (event_id, contact_id, event_name, occurred_at, batch, properties) "
        f"select '{name}{batch}-' || i, 'c' || i, '{name}', ?, {batch}, '{{}}' from range({first}, {count}) r(i)",
        [at(day, "10:00").replace(tzinfo=None)],
    )


def arms(world: World) -> dict[str, str]:
    """Each contact's arm."""
    return dict(world.query("select contact_id, arm from journeys.assignments"))


def test_100_000_contacts_at_50_30_20_are_within_three_sigma(world: World) -> None:
    """And a second pass gives everybody the same arm."""
    world.publish(JOURNEY)
    world.tick(at(0))
    crowd(world, 100_000)
    world.tick(at(0, "10:00"))
    found = arms(world)
    for arm, share in (("x", 0.5), ("y", 0.3), ("z", 0.2)):
        count = sum(1 for one in found.values() if one == arm)
        assert abs(count - 100_000 * share) < 3 * math.sqrt(100_000 * share * (1 - share))
    crowd(world, 100_000, day=1)
    world.tick(at(1, "10:00"))

    assert arms(world) == found
    assert world.query(
        "select count(*) from (select contact_id from journeys.history where step_id = 's' "
        "group by contact_id having count(distinct branch) > 1)"
    ) == [(0,)]


def test_another_address_keeps_the_arm_and_new_weights_touch_only_the_unassigned(
    world: World,
) -> None:
    """Regression: an engine that hashes the e-mail address re-rolls when it changes."""
    world.publish(JOURNEY)
    world.tick(at(0))
    crowd(world, 500)
    world.tick(at(0, "10:00"))
    found = arms(world)
    world.con.execute("update marts.dim_contacts set email = 'new-' || email")
    world.publish(JOURNEY.replace("{x: 50, y: 30, z: 20}", "{x: 0, y: 0, z: 100}"), at(0, "12:00"))
    crowd(world, 1000, day=1)
    world.tick(at(1, "10:00"))
    after = arms(world)

    assert {name: after[name] for name in found} == found
    assert {after[name] for name in after if name not in found} == {"z"}


def test_a_winner_is_frozen_with_its_evidence(world: World) -> None:
    """Later conversions do not turn it; a tie would go to the arm written first."""
    world.publish(
        """
        entry: {trigger: {event: start}, reentry: {policy: always}}
        goals: [{name: bought, when: {event: order, since: entry}}]
        steps:
          - split: {id: s, arms: {x: 50, y: 50}, winner: {goal: bought, contacts: 100}}
          - wait: {id: w, for: 9 days}
        """
    )
    world.tick(at(0))
    crowd(world, 100)
    world.tick(at(0, "10:00"))
    by_arm = arms(world)
    for name in [name for name, arm in by_arm.items() if arm == "y"][:10]:
        world.event(name, "order", at(0, "11:00"))
    world.tick(at(0, "12:00"))
    world.tick(at(0, "12:30"))
    evidence = json.loads(
        world.query("select evidence from journeys.winners where arm = 'y'")[0][0]
    )
    assert evidence["y"]["reached"] == 10 and evidence["x"]["reached"] == 0
    for name in [name for name, arm in by_arm.items() if arm == "x"][:40]:
        world.event(name, "order", at(0, "13:00"))
    crowd(world, 160, day=1, first=100)
    world.tick(at(1, "10:00"))

    assert {arms(world)[f"c{number}"] for number in range(100, 160)} == {"y"}
    assert world.query("select arm, count(*) from journeys.winners group by 1") == [("y", 1)]
