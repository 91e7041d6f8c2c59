"""What is new since the last tick: events that were loaded, and older ones that identity has tied to a contact since.

`fresh` holds contact and name of each, `tied` the older ones with the load that tied them. Both kinds wake whoever
waits and are weighed as triggers by their own time; what was weighed for one contact is not weighed for another.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import duckdb

from activations.conditions.catalog import Catalog
from activations.journeys.tables import t
from warehouse.dialect import add, literal

# An event that is dated further ahead than this is never due.
AHEAD_DAYS = 1
# How far in identity's ties each journey was when it ticked last; ticks of an older installation said only the load.
SEEN = (
    f"select c.journey, coalesce(k.ties, k.batch) as ties from {t('control')} as c "
    f"inner join {t('ticks')} as k on c.seen_at = k.as_of where c.state = 'active'"
)
# What happened within this time and is known only now still lets people in.
LATE_DAYS = 7


@dataclass(frozen=True)
class Mark:
    """How far a tick has read: the load of events, and that of identity's ties (both grow with every load)."""

    batch: int
    ties: int


def read(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, seen: Mark | None, now: dt.datetime
) -> Mark:
    """Fill `fresh` and `tied` with what came after `seen` (None: no tick yet); returns how far was read."""
    con.execute("create or replace temp table fresh (contact_id varchar, event_name varchar)")
    con.execute(
        "create or replace temp table tied (event_id varchar, contact_id varchar, event_name varchar, batch bigint)"
    )
    if catalog.events is None:
        return Mark(0, 0)
    ties = _ties(con, catalog, seen)
    return Mark(_events(con, catalog.events.relation, seen, now), ties)


def _events(
    con: duckdb.DuckDBPyConnection, relation: str, seen: Mark | None, now: dt.datetime
) -> int:
    after = -1 if seen is None else seen.batch
    top = con.execute(f"select max(batch) from {relation} where batch > {after}").fetchall()[0][0]
    if top is None:
        return max(after, 0)
    if seen is not None:
        con.execute(
            f"insert into fresh select distinct contact_id, event_name from {relation} "
            f"where batch > {after} and contact_id is not null"
        )
    # What is dated ahead (a clock that is wrong) is not due yet: its load is read again until it is.
    early = con.execute(
        f"select min(batch) from {relation} where batch > {after} and occurred_at > {literal(now)} "
        f"and occurred_at <= {literal(now + dt.timedelta(days=AHEAD_DAYS))}"
    ).fetchall()[0][0]
    return int(top) if early is None else max(after, int(early) - 1)


def _ties(con: duckdb.DuckDBPyConnection, catalog: Catalog, seen: Mark | None) -> int:
    """Older events by nodes that became somebody's since the last tick, or since the one that a journey saw last."""
    assert catalog.events is not None  # noqa: S101 — asked before
    if catalog.ties is None or "node" not in catalog.events.columns:
        return 0
    relation = catalog.ties.relation
    top = int(con.execute(f"select coalesce(max(batch), 0) from {relation}").fetchall()[0][0])
    oldest = con.execute(f"select min(ties) from ({SEEN})").fetchall()[0][0]
    if seen is None or top <= min(seen.ties, seen.ties if oldest is None else oldest):
        return top
    after = min(seen.ties, seen.ties if oldest is None else oldest)
    con.execute(
        "insert into tied select e.event_id, e.contact_id, e.event_name, n.batch "
        f"from {catalog.events.relation} as e inner join (select node, max(batch) as batch from {relation} "
        f"where batch > {after} and contact_id is not null group by node) as n on e.node = n.node "
        "where e.batch < n.batch and e.contact_id is not null"
    )
    con.execute(
        f"insert into fresh select distinct contact_id, event_name from tied where batch > {seen.ties}"
    )
    return top


def triggering(journey: str, batch: int, as_of: str) -> str:
    """Which events `e` a journey that has read up to the load `batch` weighs as triggers."""
    return (
        f"(e.batch > {batch} or (e.occurred_at > {add(as_of, days=str(-LATE_DAYS))} and e.event_id in "
        f"(select d.event_id from tied as d where d.batch > (select min(k.ties) from ({SEEN}) as k "
        f"where k.journey = {literal(journey)})) and not exists (select 1 from {t('triggered')} as g "
        f"where g.journey = {literal(journey)} and g.trigger_key = e.event_id)))"
    )
