"""Publishing a version: what happens to those inside is planned by stable step ids, and shown before it is done."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import duckdb

from activations import outbox
from activations.journeys.definition import Journey
from activations.journeys.graph import END, Graph
from activations.journeys.steps import Wait
from activations.journeys.tables import t
from activations.journeys.zones import zone_of
from warehouse.clock import naive
from warehouse.dialect import add, literal, local_time, utc_time


@dataclass(frozen=True)
class Move:
    """What a publication does to those at one step: where they go on, and how many they are."""

    step: str
    to: str
    contacts: int
    note: str


def current(con: duckdb.DuckDBPyConnection, journey: str) -> Journey | None:
    """The version that runs now."""
    rows = con.execute(
        f"select v.definition from {t('versions')} as v inner join {t('control')} as c "
        "on v.journey = c.journey and v.version = c.version where v.journey = ?",
        [journey],
    ).fetchall()
    return Journey.model_validate(json.loads(rows[0][0])) if rows else None


def plan(con: duckdb.DuckDBPyConnection, new: Journey) -> list[Move]:
    """Where everybody inside goes on under `new`; empty when nobody is inside."""
    rows = con.execute(
        f"select n.version, n.step_id, n.ordinal, count(*) from {t('positions')} as p "
        f"inner join {t('nodes')} as n on p.node = n.node where n.journey = ? and n.version <> ? "
        "group by n.version, n.step_id, n.ordinal order by n.version, n.ordinal",
        [new.journey, new.version],
    ).fetchall()
    graph = Graph(new)
    moves = []
    for version, step, _, count in rows:
        old = Graph(_version(con, new.journey, version))
        to = successor(old, graph, step)
        moves.append(Move(step, to, int(count), _note(old, graph, step, to)))
    return moves


def successor(old: Graph, new: Graph, step: str) -> str:
    """The same step, or the next one on the old way that the new version still has, else the end."""
    seen: set[str] = set()
    while step != END and step not in new.vertices and step not in seen:
        seen.add(step)
        step = next(iter(old.vertices[step].edges.values()))
    return step if step in new.vertices else END


def publish(con: duckdb.DuckDBPyConnection, new: Journey, as_of: dt.datetime) -> list[Move]:
    """Make `new` the version that runs and move everybody inside; returns the plan that was carried out."""
    now = naive(as_of)
    moves = plan(con, new)
    known = con.execute(
        f"select version from {t('control')} where journey = ?", [new.journey]
    ).fetchall()
    if known == [(new.version,)]:
        return []
    _store(con, new, now, moves)
    if not known:
        con.execute(
            f"insert into {t('control')} values (?, ?, 'active', ?, null, null, null, null, null)",
            [new.journey, new.version, now],
        )
    else:
        con.execute(
            f"update {t('control')} set version = ?, error = null, "
            "state = case when state = 'broken' then 'active' else state end where journey = ?",
            [new.version, new.journey],
        )
    for old_version in {v for (v,) in _versions_inside(con, new)}:
        _migrate(con, _version(con, new.journey, old_version), new, as_of)
    _carry_visits(con, new)
    return moves


def _versions_inside(con: duckdb.DuckDBPyConnection, new: Journey) -> list[tuple[str]]:
    return con.execute(
        f"select distinct n.version from {t('positions')} as p inner join {t('nodes')} as n "
        "on p.node = n.node where n.journey = ? and n.version <> ?",
        [new.journey, new.version],
    ).fetchall()


def _store(
    con: duckdb.DuckDBPyConnection, new: Journey, now: dt.datetime, moves: list[Move]
) -> None:
    exists = con.execute(
        f"select 1 from {t('versions')} where journey = ? and version = ?",
        [new.journey, new.version],
    ).fetchall()
    if exists:
        return
    text = json.dumps([move.__dict__ for move in moves])
    con.execute(
        f"insert into {t('versions')} values (?, ?, ?, ?, ?)",
        [new.journey, new.version, new.canonical(), now, text],
    )
    top = con.execute(f"select coalesce(max(node), 0) from {t('nodes')}").fetchall()[0][0]
    for number, vertex in enumerate(Graph(new).ordered(), start=1):
        con.execute(
            f"insert into {t('nodes')} values (?, ?, ?, ?, ?, ?)",
            [top + number, new.journey, new.version, vertex.id, vertex.kind, vertex.ordinal],
        )


def _carry_visits(con: duckdb.DuckDBPyConnection, new: Journey) -> None:
    """Whoever is inside goes on counting how often they came by a step, under whatever version that was.

    Otherwise the message of the next visit would bear the number of an earlier one, and count as sent.
    """
    mine = f"(select node from {t('nodes')} where journey = ?)"
    con.execute(f"delete from {t('visits')} where node in {mine}", [new.journey])
    con.execute(
        f"insert into {t('visits')} select x.enrollment_no, k.node, max(x.visit) from ("
        f"select enrollment_no, node, visit from {t('transitions')} where enrollment_no in "
        f"(select enrollment_no from {t('positions')} where node in {mine}) "
        f"union all select enrollment_no, node, visit from {t('positions')} where node in {mine}) as x "
        f"inner join {t('nodes')} as o on x.node = o.node and o.journey = ? "
        f"inner join {t('nodes')} as k on o.step_id = k.step_id and k.journey = ? and k.version = ? "
        "where list_contains(?, k.step_id) group by x.enrollment_no, k.node",
        [*[new.journey] * 4, new.version, sorted(Graph(new).repeated)],
    )


def _again(graph: Graph, step: str) -> str:
    """The number of a visit that begins by a publication: the next, of a step that nobody visits twice the first."""
    if step not in graph.repeated:
        return "1"
    return (
        f"1 + coalesce((select max(x.visit) from {t('transitions')} as x inner join {t('nodes')} as k "
        f"on x.node = k.node where x.enrollment_no = positions.enrollment_no and k.step_id = {literal(step)} "
        f"and k.journey = {literal(graph.journey.journey)}), 0)"
    )


def _take_back(con: duckdb.DuckDBPyConnection, journey: str, step: str, as_of: dt.datetime) -> None:
    """What a step that is gone has not sent yet is not sent any more."""
    outbox.cancel(
        con,
        f"select message_id from activations.outbox where source = 'journey' "
        f"and source_name = {literal(journey)} and step_id = {literal(step)}",
        "its step was removed",
        as_of,
    )


def _migrate(
    con: duckdb.DuckDBPyConnection, was: Journey, new: Journey, as_of: dt.datetime
) -> None:
    """Those at a step that stays keep their place; a wait's end is counted anew from when they arrived."""
    old, graph, now = Graph(was), Graph(new), naive(as_of)
    ended: list[str] = []
    for step in old.vertices:
        to = successor(old, graph, step)
        if to != step and old.vertices[step].kind == "send":
            _take_back(con, new.journey, step, as_of)
        if to == END:
            ended.append(step)
            continue
        moments = [] if to == step else [now, now]
        con.execute(
            f"update {t('positions')} set node = (select node from {t('nodes')} where journey = ? "
            "and version = ? and step_id = ?)"
            + (
                ""
                if to == step
                else f", state = 0, visit = {_again(graph, to)}, arrived_at = ?, due_at = ?, "
                "deadline = null, stood = null"
            )
            + f" where node = (select node from {t('nodes')} where journey = ? and version = ? and step_id = ?)",
            [new.journey, new.version, to, *moments, was.journey, was.version, step],
        )
        if to == step:
            _recount(con, old, graph, new, step)
    inside = (
        f"select enrollment_no from {t('positions')} where node in "
        f"(select node from {t('nodes')} where journey = ? and version = ?)"
    )
    con.execute(
        f"update {t('enrollments')} set status = 'completed', reason = 'its step was removed', ended_at = ? "
        f"where enrollment_no in ({inside})",
        [now, was.journey, was.version],
    )
    con.execute(
        f"delete from {t('positions')} where enrollment_no in ({inside})",
        [was.journey, was.version],
    )
    con.execute(
        f"update {t('enrollments')} set version = ? where journey = ? and status = 'active'",
        [new.version, new.journey],
    )


def _recount(
    con: duckdb.DuckDBPyConnection, old: Graph, graph: Graph, new: Journey, step: str
) -> None:
    """A wait that became longer or shorter ends so long after the arrival: what has passed counts.

    What passed while its clock stood still does not.
    """
    was, body = old.vertices[step].body, graph.vertices[step].body
    if not isinstance(body, Wait) or was == body:
        return
    where = (
        f"node = (select node from {t('nodes')} where journey = ? and version = ? and step_id = ?)"
    )
    key = [new.journey, new.version, step]
    length = body.for_ or body.or_after
    if length is None:
        # Another moment to wait for: worked out again at the next tick, as on arrival.
        con.execute(
            f"update {t('positions')} set state = 0, due_at = arrived_at, deadline = null where {where}",
            key,
        )
        return
    zone = zone_of("contact_id", new.zone)
    end = "arrived_at"
    if length.months or length.days:
        wall = add(local_time("arrived_at", zone), months=str(length.months), days=str(length.days))
        end = utc_time(wall, zone)
    end = add(end, seconds=f"({length.seconds} + coalesce(stood, 0))")
    grace = body.grace.total_seconds
    deadline = end if body.or_after else "null"
    con.execute(
        f"update {t('positions')} set state = 1, deadline = {deadline}, due_at = {add(end, seconds=str(grace))} "
        f"where (state = 1 or stood is not null) and {where}",
        key,
    )


def _version(con: duckdb.DuckDBPyConnection, journey: str, version: str) -> Journey:
    rows = con.execute(
        f"select definition from {t('versions')} where journey = ? and version = ?",
        [journey, version],
    ).fetchall()
    return Journey.model_validate(json.loads(rows[0][0]))


def _note(old: Graph, new: Graph, step: str, to: str) -> str:
    if to == step:
        same = old.vertices[step].body == new.vertices[step].body
        return "stay" if same else "stay; the step changed, elapsed time counts"
    return "leave: the step was removed" if to == END else f"go on at {to}: the step was removed"
