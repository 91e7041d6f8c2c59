"""`tick(as_of)`: all journeys, all contacts, one transaction; the same tick twice is the same as once.

A journey that cannot be run stops alone: the tick is undone, the culprit marked broken, and the rest run again.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field

import duckdb

from activations.conditions.catalog import Catalog
from activations.conditions.evaluate import Evaluator
from activations.journeys import (
    actions,
    branches,
    entries,
    held,
    identity,
    interrupts,
    late,
    news,
    sends,
    tables,
    waits,
    winners,
    zones,
)
from activations.journeys.errors import TickError
from activations.journeys.flow import COLUMNS, NAMES, Flow
from activations.journeys.graph import ACTIONS
from activations.journeys.running import Running, load_running, register
from activations.journeys.tables import t
from warehouse.clock import aware, naive
from warehouse.connection import roll_back, transaction
from warehouse.dialect import literal
from warehouse.relations import has_table

# A round moves everybody by one step; nobody may pass more steps in a day than their journey allows.
MOST_ROUNDS = 10_000


@dataclass(frozen=True)
class Ticked:
    """What a tick did; `broken` are journeys that could not be run, with the error.

    `held` are journeys that wait because a score that they ask has broken, with what was seen.
    """

    as_of: dt.datetime
    enrolled: int = 0
    moved: int = 0
    proposed: int = 0
    ended: int = 0
    quarantined: int = 0
    broken: dict[str, str] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)


def tick(con: duckdb.DuckDBPyConnection, catalog: Catalog, as_of: dt.datetime) -> Ticked:
    """Advance everybody to `as_of`. Raises TickError for a moment before the last tick's."""
    tables.ensure(con)
    now = naive(as_of)
    last = con.execute(f"select max(as_of) from {t('ticks')}").fetchall()[0][0]
    if last is not None and now < last:
        raise TickError(
            f"the last tick was for {last:%Y-%m-%d %H:%M:%S} UTC; a tick for {now:%Y-%m-%d %H:%M:%S} would go back"
        )
    broken: dict[str, str] = {}
    while True:
        try:
            with transaction(con):
                for journey, error in broken.items():
                    con.execute(
                        f"update {t('control')} set state = 'broken', error = ? where journey = ?",
                        [error, journey],
                    )
                return _tick(con, catalog, now, broken)
        except duckdb.Error as error:
            culprits = _culprits(con, catalog, now, set(broken))
            if not culprits:
                raise
            broken |= culprits or {"": str(error)}


def _culprits(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, now: dt.datetime, known: set[str]
) -> dict[str, str]:
    """The journeys that fail when each is run alone, with nothing kept."""
    names = [one.journey.journey for one in load_running(con, known) if one.is_current]
    found = {}
    for name in names:
        con.execute("begin transaction")
        try:
            _tick(con, catalog, now, {}, only=name)
        except duckdb.Error as error:
            found[name] = str(error).splitlines()[0]
        roll_back(con)
    return found


def _tick(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    now: dt.datetime,
    broken: dict[str, str],
    only: str | None = None,
) -> Ticked:
    running = [
        one for one in load_running(con, broken) if only is None or one.journey.journey == only
    ]
    waiting = held.waiting(running, catalog)
    running = [one for one in running if one.journey.journey not in waiting]
    asked, steps = register(con, running)
    zones.prepare(con, catalog)
    evaluator = Evaluator(con, catalog, aware(now))
    flow = Flow(con, evaluator, asked, steps, now)
    flow.start()
    sends.start(flow)
    before = _last(con)
    builds, changed = _builds(con, before)
    mark = news.read(con, catalog, before[0] if before else None, now)
    flow.fresh = frozenset(
        str(name) for (name,) in con.execute("select distinct event_name from fresh").fetchall()
    )
    identity.settle(flow, catalog, running, changed)
    sends.read_decisions(flow)
    _leave_on_request(flow)
    winners.decide(flow, running)
    enrolled = entries.enroll(flow, catalog, running, changed)
    _wake(flow, running, changed, first=before is None)
    interrupts.take(flow, running, changed, first=before is None)
    flow.run("delete from cur where enrollment_no in (select enrollment_no from stuck)")
    _rounds(flow, catalog, running)
    late.record(flow, running)
    ended = _settle(flow)
    sends.check_validity(flow, running, changed, first=before is None)
    sends.revoke(flow)
    proposed = sends.propose(flow)
    quarantined = _quarantine(flow)
    _remember(flow, running, mark.batch, builds)
    counts = (enrolled, flow.counts.get("moved", 0), proposed, ended, quarantined)
    _note(con, now, mark, builds, counts)
    return Ticked(aware(now), *counts, broken=dict(broken), held=waiting)


def _note(
    con: duckdb.DuckDBPyConnection,
    now: dt.datetime,
    mark: news.Mark,
    builds: str,
    counts: tuple[int, ...],
) -> None:
    """One row per moment; a tick that is repeated adds what it still found to do."""
    columns = "enrolled, moved, proposed, ended"
    before = con.execute(f"select {columns} from {t('ticks')} where as_of = ?", [now]).fetchall()
    *done, quarantined = counts
    total = [a + b for a, b in zip(done, before[0], strict=True)] if before else done
    con.execute(f"delete from {t('ticks')} where as_of = ?", [now])
    marks = [now, mark.batch, builds, *total, quarantined, mark.ties]
    con.execute(f"insert into {t('ticks')} values (?, ?, ?, ?, ?, ?, ?, ?, ?)", marks)


def _last(con: duckdb.DuckDBPyConnection) -> tuple[news.Mark, dict[str, str]] | None:
    rows = con.execute(
        f"select batch, coalesce(ties, batch), builds from {t('ticks')} order by as_of desc nulls last limit 1"
    ).fetchall()
    return (news.Mark(int(rows[0][0]), int(rows[0][1])), json.loads(rows[0][2])) if rows else None


def _builds(
    con: duckdb.DuckDBPyConnection, before: tuple[news.Mark, dict[str, str]] | None
) -> tuple[str, frozenset[str] | None]:
    """The state in which each model was built last, and those built since the last tick (None: unknown)."""
    if not has_table(con, "landing", "built"):
        return "{}", None
    now = dict(con.execute("select name, fingerprint from landing.built order by name").fetchall())
    was = before[1] if before else {}
    changed = frozenset(name for name, mark in now.items() if was.get(name) != mark)
    return json.dumps(now, sort_keys=True), changed


def _leave_on_request(flow: Flow) -> None:
    """Other journeys and people may end a stay."""
    if not flow.count(
        f"select count(*) from {t('requests')} where wish = 'leave' and handled_at is null"
    ):
        return
    flow.run(
        f"create or replace temp table asked_out as select p.enrollment_no, p.enrollment_id from {t('positions')} as p "
        "inner join step as s on p.node = s.node where exists (select 1 from "
        f"{t('requests')} as r where r.wish = 'leave' and r.handled_at is null and r.journey = s.journey "
        "and r.contact_id = p.contact_id)"
    )
    flow.run(
        f"insert into over select enrollment_no, 'exited', 'asked to leave', {flow.as_of} from asked_out"
    )
    flow.run(
        "insert into revoked select enrollment_no, enrollment_id, 'left the journey' from asked_out"
    )
    flow.run(
        f"delete from {t('positions')} where enrollment_no in (select enrollment_no from asked_out)"
    )


def _wake(
    flow: Flow, running: list[Running], changed: frozenset[str] | None, *, first: bool
) -> None:
    """Those who are due, whose message was decided, or who wait for something that may have happened."""
    place = ", ".join(f"p.{name}" for name in COLUMNS)
    flow.run(
        f"insert into cur select {place} from {t('positions')} as p where p.node in (select node from step) "
        f"and (p.due_at <= {flow.as_of} or p.enrollment_no in (select d.enrollment_no from decided as d))"
    )
    for one in running:
        for vertex in one.graph.ordered():
            if vertex.kind not in ("wait", "goal") or not vertex.cases:
                continue
            asked = {
                interrupts.whom(
                    flow, flow.evaluator.needs(condition, one.scope), changed, first or one.missed
                )
                for _, condition in vertex.cases
            } - {None}
            if asked:
                flow.run(
                    f"insert into cur select {place} from {t('positions')} as p where p.state = 1 "
                    f"and p.node = {one.nodes[vertex.id]} and p.due_at > {flow.as_of} "
                    f"and ({' or '.join(sorted(str(one) for one in asked))})"
                )
    flow.look()


def _rounds(flow: Flow, catalog: Catalog, running: list[Running]) -> None:
    flow.look()
    flow.gather()
    for _ in range(MOST_ROUNDS):
        if not flow.here:
            return
        if flow.at("if"):
            branches.take_ifs(flow)
        if flow.at("goal"):
            branches.take_goals(flow)
        if flow.at("split"):
            branches.take_splits(flow)
        if flow.at("end"):
            branches.take_ends(flow)
        if flow.at("wait_for"):
            waits.take_durations(flow)
        if flow.at("wait_clock"):
            waits.take_clocks(flow)
        if flow.at("wait_date"):
            waits.take_dates(flow, catalog)
        if flow.at("wait_until"):
            waits.take_conditions(flow)
        if flow.at("send"):
            sends.take_sends(flow, catalog, running)
        if flow.at(*ACTIONS):
            actions.take_actions(flow)
        flow.advance()
    raise TickError(f"the tick did not come to rest within {MOST_ROUNDS} rounds")


def _settle(flow: Flow) -> int:
    """Write the places of all who moved, and the ends."""
    ended = flow.count("select count(*) from over")
    if not flow.parked and not ended:
        return 0
    gone = "select enrollment_no from parked union select enrollment_no from over"
    flow.run(f"delete from {t('positions')} where enrollment_no in ({gone})")
    flow.run(
        f"insert into {t('positions')} by name select {NAMES}, y.enrollment_id, y.entered_at, y.entry_key, "
        "case when node = y.stood_at and visit = y.stood_on then y.stood end as stood "
        "from parked inner join staying as y using (enrollment_no) "
        "where enrollment_no not in (select enrollment_no from over)"
    )
    flow.run(
        f"update {t('enrollments')} as e set status = o.status, reason = o.reason, ended_at = o.ended_at "
        "from over as o where e.enrollment_no = o.enrollment_no"
    )
    return ended


def _quarantine(flow: Flow) -> int:
    """Put on record who stands still and why; release those who went on."""
    if not flow.count(
        "select (select count(*) from stuck) + (select count(*) "
        f"from {t('quarantine')} where released_at is null)"
    ):
        return 0
    flow.run(
        f"update {t('quarantine')} as q set released_at = {flow.as_of} where q.released_at is null "
        "and q.enrollment_no not in (select enrollment_no from stuck) and (q.enrollment_no in "
        "(select enrollment_no from parked) or q.enrollment_no in (select enrollment_no from over))"
    )
    flow.run(
        f"insert into {t('quarantine')} select k.enrollment_no, e.journey, e.contact_id, n.step_id, "
        f"min(k.reason), {flow.as_of}, null from stuck as k "
        f"inner join {t('enrollments')} as e on k.enrollment_no = e.enrollment_no "
        f"inner join {t('nodes')} as n on k.node = n.node "
        f"where k.enrollment_no not in (select enrollment_no from {t('quarantine')} where released_at is null) "
        "group by k.enrollment_no, e.journey, e.contact_id, n.step_id"
    )
    return flow.count("select count(distinct enrollment_no) from stuck")


def _remember(flow: Flow, running: list[Running], batch: int, builds: str) -> None:
    names = ", ".join(literal(one.journey.journey) for one in running if one.is_current)
    if names:
        flow.run(
            f"update {t('control')} set seen_at = {flow.as_of}, batch = {batch} where journey in ({names})"
        )
    flow.run(
        f"update {t('requests')} as r set handled_at = {flow.as_of} where r.handled_at is null "
        f"and r.requested_at <= {flow.as_of} and r.journey in ({names or literal('')}) "
        f"and (r.requested_at < {flow.as_of} or r.request_key in "
        f"(select substr(g.trigger_key, 7) from {t('triggered')} as g "
        "where g.journey = r.journey) or r.wish = 'leave')"
    )
