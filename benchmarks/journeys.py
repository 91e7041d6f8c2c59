"""Measures ticks over a population of contacts: planning rate, a tick with 1 % due, a tick with nothing due, growth.

Options come from the environment: BENCH_CONTACTS (active enrollments, default 1,000,000), BENCH_EVENTS (default 20 per
contact), BENCH_HOME. What is measured is planning; sending is another figure (`make bench NAME=deliver`).
"""

from __future__ import annotations

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from activations.conditions.catalog import Catalog, Table
from activations.journeys import publish, tables, zones
from activations.journeys.definition import Journey
from activations.journeys.load import parse
from activations.journeys.reference import Event, Person, Reference
from activations.journeys.tick import tick
from benchmarks import measure
from warehouse.clock import naive

NAME = "journeys"
CONTACTS, EVENTS_EACH = 1_000_000, 20
START = datetime(2026, 3, 2, tzinfo=UTC)
REFERENCE_PEOPLE = 5_000
JOURNEY = """
journey: bench
description: Twelve steps with conditions over events and fields.
owner: growth
entry: {trigger: {event: start}, reentry: {policy: once}}
goals: [{name: bought, when: {event: order, since: entry}}]
exit_when: {event: unsubscribe, since: entry}
steps:
  - wait: {id: w1, for: 1 hour}
  - if: {id: rich, when: {field: points, gte: 50}}
    then: [{update: {id: mark, add_tag: rich}}]
  - send: {id: m1, channel: email, message: m1, wait_for_send: false}
  - if:
      id: active
      when: {all: [{event: view, within: 30 days, count: {gte: 3}}, {not: {event: click, within: 7 days}}]}
    then: [{send: {id: m2, channel: email, message: m2, wait_for_send: false}}]
  - split: {id: half, arms: {x: 50, y: 50}}
  - wait: {id: look, until: {event: click, since: arrival}, or_after: 1 day, grace: 1 hour}
  - if: {id: seen, when: {event: view, within: 14 days}}
    then: [{send: {id: m3, channel: email, message: m3, wait_for_send: false}}]
  - wait: {id: w2, for: 3 days}
  - send: {id: m4, channel: email, message: m4, wait_for_send: false}
"""


def journey() -> Journey:
    """What is run."""
    return parse(JOURNEY, "bench.yml")[0]


def populate(con: duckdb.DuckDBPyConnection, contacts: int, each: int) -> Catalog:
    """Contacts with events of the sixty days before START."""
    con.execute("create schema if not exists marts")
    con.execute(
        "create or replace table marts.dim_contacts as select 'c' || lpad(i::varchar, 8, '0') as contact_id, "
        f"'Europe/Berlin' as timezone, (i % 100)::bigint as points from range({contacts}) as r (i)"
    )
    moment = "timestamp '2026-03-02 00:00:00'"
    con.execute(
        "create or replace table marts.events as select 'e' || i as event_id, "
        f"'c' || lpad((i % {contacts})::varchar, 8, '0') as contact_id, "
        "case (i * 7919) % 10 when 0 then 'click' when 1 then 'cart' else 'view' end as event_name, "
        f"{moment} - to_seconds(((i * 104729) % (60 * 86400))::bigint) as occurred_at, 1::bigint as batch, "
        f"'{{}}' as properties from range({contacts * each}) as r (i)"
    )
    tables.ensure(con)

    # dbt's records: nothing is built between these ticks.
    con.execute("create schema if not exists landing")
    con.execute(
        "create table if not exists landing.built (name varchar, fingerprint varchar, built_at timestamp)"
    )
    return catalog_of(con)


def catalog_of(con: duckdb.DuckDBPyConnection) -> Catalog:
    """What conditions may speak of here."""

    def table(name: str, model: str) -> Table:
        rows = con.execute(f"describe {name}").fetchall()
        return Table(name, {r[0]: r[1].lower() for r in rows}, model)

    catalog = Catalog(
        contacts=table("marts.dim_contacts", "dim_contacts"), events=table("marts.events", "events")
    )
    zones.prepare(con, catalog)
    return catalog


def begin(con: duckdb.DuckDBPyConnection, contacts: int) -> None:
    """Everybody starts, a hundredth in each hour from START on."""
    con.execute(
        "insert into marts.events select 's' || i, 'c' || lpad(i::varchar, 8, '0'), 'start', "
        "timestamp '2026-03-02 00:00:01' + to_hours((i % 100)::bigint), 2, '{}' "
        f"from range({contacts}) as r (i)"
    )


def run(path: Path, contacts: int, each: int) -> measure.Figures:
    """Everything enters, moves and waits; then 1 % is due, then nobody."""
    con = duckdb.connect(str(path))
    con.execute("set timezone = 'UTC'")
    catalog = populate(con, contacts, each)
    publish.publish(con, journey(), START)
    _timed_tick(con, catalog, START)
    begin(con, contacts)
    # Everybody has started within 100 hours; the waits of an hour are over for all but the last.
    seconds, moved, _ = _timed_tick(con, catalog, START + timedelta(hours=99, minutes=30))
    inside = con.execute("select count(*) from journeys.positions").fetchall()[0][0]
    figures = {
        "contacts": float(contacts),
        "events": float(contacts * (each + 1)),
        "moves": float(moved),
        "first_tick_seconds": seconds,
        "moves_per_second": moved / seconds,
        "active": float(inside),
    }
    idle = []
    for minute in range(3):
        taken, none, _ = _timed_tick(con, catalog, START + timedelta(hours=99, minutes=31 + minute))
        idle.append(taken)
        figures["idle_moves"] = float(none)
    figures["tick_idle_seconds"] = sorted(idle)[1]
    # A wait of three days ends for the hundredth of the contacts that started in the same hour.
    con.execute(
        "update journeys.positions set due_at = timestamp '2026-03-06 04:00:00' "
        "where enrollment_no % 100 = 7 and due_at > timestamp '2026-03-06 04:00:00'"
    )
    due = con.execute(
        "select count(*) from journeys.positions where due_at <= timestamp '2026-03-06 04:00:00'"
    ).fetchall()[0][0]
    taken, some, _ = _timed_tick(con, catalog, datetime(2026, 3, 6, 4, tzinfo=UTC))
    figures |= {
        "tick_1pct_seconds": taken,
        "tick_1pct_due": float(due),
        "tick_1pct_moves": float(some),
    }
    con.close()
    return figures


def interpreter(contacts: int, each: int) -> float:
    """Moves per second of the per-contact interpreter over the same kind of contacts."""
    names = ("view", "view", "view", "click", "cart")
    people = []
    for number in range(contacts):
        person = Person(f"c{number:08d}", {"points": number % 100}, zone="Europe/Berlin")
        for n in range(each):
            when = naive(START) - timedelta(seconds=(number * 104729 + n * 7919) % (60 * 86400))
            person.events.append(Event(f"e{number}-{n}", names[(number + n) % 5], when))
        start = Event(
            f"s{number}", "start", naive(START) + timedelta(seconds=1, hours=number % 100)
        )
        person.events.append(start)
        person.news.append(start)
        people.append(person)
    reference = Reference(journey(), naive(START))
    started = time.perf_counter()
    reference.tick(people, naive(START) + timedelta(hours=99, minutes=30))
    return len(reference.moves) / (time.perf_counter() - started)


def _timed_tick(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, moment: datetime
) -> tuple[float, int, int]:
    started = time.perf_counter()
    done = tick(con, catalog, moment)
    return time.perf_counter() - started, done.moved, done.enrolled


def main() -> None:
    """Measure at a tenth and in full, beside the interpreter; print and write `out/journeys.json`."""
    contacts = int(os.environ.get("BENCH_CONTACTS") or CONTACTS)
    each = int(os.environ.get("BENCH_EVENTS") or EVENTS_EACH)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as home:
        small, _ = measure.isolated(run, Path(home) / "small.duckdb", contacts // 10, each)
        (Path(home) / "small.duckdb").unlink()
        full, peak = measure.isolated(run, Path(home) / "full.duckdb", contacts, each)
    figures = {**full, "peak_gb": peak}
    figures["growth_10x"] = full["first_tick_seconds"] / small["first_tick_seconds"]
    figures["interpreter_moves_per_second"] = interpreter(REFERENCE_PEOPLE, each)
    figures["interpreter_speedup"] = (
        full["moves_per_second"] / figures["interpreter_moves_per_second"]
    )
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")


if __name__ == "__main__":
    main()
