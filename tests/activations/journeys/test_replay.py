"""Replay on a copy: the past as it was, the days ahead as planned, and the live warehouse byte for byte untouched."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from activations.conditions.catalog import Catalog
from activations.journeys.errors import JourneyError
from activations.journeys.replay import commands
from activations.journeys.replay.run import Replayed
from tests.activations.journeys.world import World, at, define
from warehouse.settings import Settings, load

CART = """
    entry: {trigger: {event: cart, where: {value_cents: {gte: 100}}}, key: cart_id, reentry: {policy: after_exit}}
    goals:
      - {name: bought, when: {event: order, since: entry}}
    steps:
      - wait: {id: breathe, for: 1 day}
      - if: {id: big, when: {field: points, gte: 5}}
        then:
          - send: {id: offer, channel: email, message: big_offer}
        else:
          - send: {id: note, channel: email, message: small_note}
      - wait: {id: week, for: 7 days}
"""
END = at(13)
STEP = timedelta(hours=6)


class Live:
    """A warehouse in a file, as an installation has it."""

    def __init__(self, folder: Path) -> None:
        self.settings: Settings = load({"MILLRACE_HOME": str(folder), "MILLRACE_THREADS": "1"})
        self.path = self.settings.database
        self.world = World(duckdb.connect(str(self.path)))
        self.catalog: Catalog | None = None

    def shut(self) -> Callable[[duckdb.DuckDBPyConnection], Catalog]:
        """Nobody holds it; returns what finds its catalog."""
        catalog = self.world.catalog
        self.world.con.close()
        return lambda con: catalog

    def digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """c1 with many points and c2 with few left a cart, c3 bought, c4 gave no consent, c5's cart was small."""
    found = Live(tmp_path)
    world = found.world
    world.contacts("c1", "c3", "c4", points=9)
    world.contacts("c2", "c5", points=1)
    world.consents("c1", "c2", "c3", "c5")
    for number, name in enumerate(("c1", "c2", "c3", "c4")):
        world.event(name, "cart", at(2 + number, "10:00"), value_cents=500, cart_id=f"k{number}")
    world.event("c3", "order", at(4, "20:00"))
    world.event("c5", "cart", at(6), value_cents=50, cart_id="k5")
    world.event("c1", "cart", at(-30), value_cents=500, cart_id="old")
    return found


def sent(result: Replayed) -> list[tuple[str, str, datetime | None]]:
    """Who got what when."""
    return [(one.contact_id, one.message, one.send_at) for one in result.sent]


def test_a_backtest_tells_who_would_have_entered_and_every_message(live: Live) -> None:
    """Events count by the hour they happened; blocks have their reason; the file is not touched."""
    finder, before = live.shut(), live.digest()

    done = commands.backtest(live.settings, finder, [define(CART)], END, 12, STEP)

    result = done.result
    assert dict(result.entered) == {"j": 4}
    assert sent(result) == [
        ("c1", "big_offer", datetime(2026, 3, 5, 15, 0)),
        ("c2", "small_note", datetime(2026, 3, 6, 15, 0)),
    ]
    assert dict(result.blocked) == {("j", "skipped", "no consent to marketing"): 1}
    assert dict(result.goals) == {("j", "bought"): 1}
    assert result.by_hour == {datetime(2026, 3, 5, 15): 1, datetime(2026, 3, 6, 15): 1}
    assert any("scores have no history" in told for told in done.limits)
    assert live.digest() == before
    _equals_what_was_lived(result)


def _equals_what_was_lived(replayed: Replayed) -> None:
    """The same journey lived while the same events arrive sends the same at the same moments."""
    other = World()
    other.contacts("c1", "c3", points=9)
    other.contacts("c2", "c5", points=1)
    script = {
        at(2, "10:00"): ("c1", "cart", {"value_cents": 500, "cart_id": "k0"}),
        at(3, "10:00"): ("c2", "cart", {"value_cents": 500, "cart_id": "k1"}),
        at(4, "10:00"): ("c3", "cart", {"value_cents": 500, "cart_id": "k2"}),
        at(4, "20:00"): ("c3", "order", {}),
        at(6): ("c5", "cart", {"value_cents": 50, "cart_id": "k5"}),
    }
    moment = END - timedelta(days=12)
    other.publish(CART, moment)
    while moment <= END:
        for when in [when for when in script if when <= moment]:
            contact, name, said = script.pop(when)
            other.event(contact, name, when, **said)
        other.tick(moment)
        other.deliver(moment)
        moment += STEP

    lived = other.query(
        "select contact_id, message, send_at from activations.outbox where state = 'handed_over' order by 3"
    )
    assert sent(replayed) == lived
    status = dict(other.query("select status, count(*) from journeys.enrollments group by 1"))
    assert status == {"completed": 2, "achieved": 1}
    assert {s: n for (_, s), n in replayed.ends.items()} == {
        "completed": 2,
        "achieved": 1,
        "active": 1,
    }


def test_fields_and_orders_are_those_of_the_moment(live: Live) -> None:
    """c1 had few points until the 7th; c2's last order was 30 days old on the 10th, though a newer one is known."""
    world = live.world
    world.con.execute(
        "create table marts.dim_contacts_history (contact_id varchar, valid_from timestamp, valid_to timestamp, "
        "points bigint)"
    )
    world.con.execute(
        "insert into marts.dim_contacts_history values "
        "('c1', '2026-01-01', '2026-03-07', 1), ('c1', '2026-03-07', null, 9)"
    )
    world.con.execute(
        "create table marts.fct_orders (contact_id varchar, ordered_at timestamp, revenue_cents bigint, "
        "is_cancelled boolean)"
    )
    world.con.execute(
        "insert into marts.fct_orders values ('c2', '2026-02-08 12:00', 10, false), ('c2', '2026-03-20', 10, false)"
    )
    world.con.execute("update marts.dim_contacts set points = 1 where contact_id <> 'c1'")
    finder = live.shut()

    cart = commands.backtest(live.settings, finder, [define(CART)], END, 12, STEP).result
    assert ("c1", "small_note", datetime(2026, 3, 5, 15, 0)) in sent(cart)
    lapsed = define("""
        entry: {trigger: {becomes: {field: last_ordered_at, older_than: 30 days}}}
        steps:
          - send: {id: back, channel: email, message: come_back}
    """)
    result = commands.backtest(live.settings, finder, [lapsed], END, 12, STEP).result
    ((contact, message, moment),) = sent(result)
    assert (contact, message) == ("c2", "come_back")
    assert moment is not None
    assert moment.date() == datetime(2026, 3, 10, tzinfo=UTC).date()


def test_a_diff_tells_who_gets_what_now_and_who_no_longer(live: Live, tmp_path: Path) -> None:
    """A lower threshold moves c2 from the note to the offer; the rest stay."""
    head = "journey: j\ndescription: d\nowner: o\n"
    first, second = tmp_path / "a.yml", tmp_path / "b.yml"
    body = "\n".join(line[4:] for line in CART.strip("\n").splitlines())
    first.write_text(head + body)
    second.write_text(head + body.replace("gte: 5", "gte: 1"))
    finder, before = live.shut(), live.digest()

    found = commands.diff(live.settings, finder, (first, second), at(5), 4, STEP)

    assert found.entered == (3, 3)
    assert (dict(found.gained), dict(found.lost), dict(found.moved)) == (
        {"big_offer": 1},
        {"small_note": 1},
        {},
    )
    assert live.digest() == before
    with pytest.raises(JourneyError, match="there is no"):
        commands.diff(live.settings, finder, (first, tmp_path / "c.yml"), at(5), 4, STEP)


def test_the_days_ahead_are_planned_without_touching_what_is(live: Live) -> None:
    """Who waits now is moved on in the copy; live positions and outbox stay as they are."""
    world = live.world
    world.publish(CART, at(1))
    for hour in range(5):
        world.tick(at(2, f"{10 + hour}:00"))
    waiting = world.query("select count(*) from journeys.positions")[0][0]
    assert waiting == 1
    finder, before = live.shut(), live.digest()

    result = commands.ahead(live.settings, finder, at(2, "15:00"), 3, STEP)

    assert sent(result) == [("c1", "big_offer", datetime(2026, 3, 5, 15, 0))]
    assert live.digest() == before
