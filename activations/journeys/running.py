"""The versions that a tick runs, as small temporary tables of steps, edges, waits, sends and conditions."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb

from activations.conditions.durations import minutes_of
from activations.conditions.language import Condition, Happened, Reacted, digest, leaves
from activations.conditions.leaf import Scope
from activations.journeys.definition import Journey
from activations.journeys.graph import END, Graph, Vertex
from activations.journeys.steps import Send, Split, UntilClock, UntilDate, Wait
from activations.journeys.tables import t
from warehouse.dialect import literal

DONE = 0
"""The node at which a journey is over."""
TABLES = {
    "step": """node bigint, journey varchar, version varchar, step_id varchar, kind varchar, mode varchar,
        repeats boolean, limit_per_day integer, zone varchar, unmet varchar, reason varchar""",
    "edge": "node bigint, edge varchar, target bigint",
    "step_wait": """node bigint, months integer, days integer, seconds integer, has_deadline boolean,
        grace integer, late varchar, minutes integer, weekdays varchar, inside integer, field varchar,
        offset_days integer, yearly boolean, on_missing varchar, on_past varchar""",
    "step_send": """node bigint, channel varchar, message varchar, purpose varchar, priority integer,
        value double, best_time boolean, within integer, explore double, expires integer, variants varchar,
        waits boolean, overdue varchar, overdue_after integer, resumed_at timestamp, paused_at timestamp""",
    "step_arm": """node bigint, journey varchar, split varchar, salt varchar, arm varchar, low bigint,
        high bigint, propensity double, place integer""",
    "step_action": "node bigint, kind varchar, destination varchar, body varchar",
}


@dataclass(frozen=True)
class Standing:
    """One step as the rounds see it: its kind (a wait's with what it waits for), cases (edge, condition), and body."""

    kind: str
    cases: tuple[tuple[str, str], ...]
    repeats: bool
    body: Any


@dataclass
class Running:
    """One version of one journey that moves people in this tick."""

    journey: Journey
    graph: Graph
    version: str
    is_current: bool
    control: dict[str, Any]
    nodes: dict[str, int] = field(default_factory=dict)
    missed: bool = False
    """Whether ticks went by without it (paused, or broken): what was news to them is news to it now."""

    @property
    def notes_only(self) -> bool:
        """Whether what became true while it was paused is only noted, and lets nobody in."""
        resumed = self.control["resumed_at"]
        return (
            self.missed
            and self.journey.pause.entries == "ignore"
            and resumed is not None
            and resumed == self.control["seen_at"]
        )

    @property
    def scope(self) -> Scope:
        """What conditions mean inside it."""
        return Scope(self.journey.journey, self.journey.entry.key)

    def target(self, name: str) -> int:
        """A step's node."""
        return DONE if name == END else self.nodes[name]


def condition_id(condition: Condition, scope: Scope) -> str:
    """The same for conditions that ask the same; what depends on the journey carries its name."""
    mine = any(
        (isinstance(leaf, Reacted) and leaf.of != "any")
        or (isinstance(leaf, Happened) and leaf.same_key)
        for leaf in leaves(condition)
    )
    return digest(condition, scope.journey, scope.key or "") if mine else digest(condition)


def load_running(con: duckdb.DuckDBPyConnection, skip: Iterable[str] = ()) -> list[Running]:
    """Every current version and every older one that somebody is in; without paused ones and those of `skip`."""
    left_out = set(skip)
    rows = con.execute(
        "select v.journey, v.version, v.definition, c.version = v.version and c.state = 'active' "
        f"from {t('versions')} as v "
        f"inner join {t('control')} as c on v.journey = c.journey "
        "where c.state in ('active', 'retired') and (c.version = v.version or exists ("
        f"select 1 from {t('positions')} as p inner join {t('nodes')} as n on p.node = n.node "
        "where n.journey = v.journey and n.version = v.version)) order by v.journey, v.version"
    ).fetchall()
    wanted = [row for row in rows if row[0] not in left_out]
    if not wanted:
        return []
    controls, nodes = _controls(con), _nodes(con)
    last = con.execute(f"select max(as_of) from {t('ticks')}").fetchall()[0][0]
    found = []
    for name, version, definition, is_current in wanted:
        journey, graph = _read(definition)
        one = Running(journey, graph, version, bool(is_current), controls[name])
        one.nodes = nodes[name, version]
        one.missed = _missed(one.control, last)
        found.append(one)
    return found


@lru_cache(maxsize=512)
def _read(definition: str) -> tuple[Journey, Graph]:
    """A definition as published, read once: both are only ever looked at."""
    journey = Journey.model_validate(json.loads(definition))
    return journey, Graph(journey)


def _missed(control: dict[str, Any], last: dt.datetime | None) -> bool:
    """Whether the last tick was without this journey; one that is retired is in every tick, and reads no triggers."""
    if last is None or control["seen_at"] is None:
        return False
    resumed = control["resumed_at"]
    is_back = resumed is not None and resumed >= last
    return bool(is_back or (control["state"] == "active" and control["seen_at"] < last))


def _controls(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    result = con.execute(f"select * from {t('control')}")
    names = [column[0] for column in result.description or ()]
    rows = (dict(zip(names, row, strict=True)) for row in result.fetchall())
    return {row["journey"]: row for row in rows}


def _nodes(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, int]]:
    """The nodes by step, of each journey and version."""
    found: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for name, version, step, node in con.execute(
        f"select journey, version, step_id, node from {t('nodes')}"
    ).fetchall():
        found[name, version][str(step)] = int(node)
    return found


def register(
    con: duckdb.DuckDBPyConnection, running: Sequence[Running]
) -> tuple[dict[str, tuple[Condition, Scope]], dict[int, Standing]]:
    """Fill the temporary tables; returns every condition that a step asks, by id, and the steps by node."""
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES}
    asked: dict[str, tuple[Condition, Scope]] = {}
    steps: dict[int, Standing] = {}
    for one in running:
        for vertex in one.graph.ordered():
            standing = steps[one.nodes[vertex.id]] = _standing(one, vertex)
            asked |= {
                key: (condition, one.scope)
                for (_, condition), (_, key) in zip(vertex.cases, standing.cases, strict=True)
            }
            _vertex(one, vertex, standing, rows)
    _write(con, rows)
    return asked, steps


def _write(con: duckdb.DuckDBPyConnection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Fill the tables, unless the last tick of this session left them as they are to be."""
    told = hashlib.md5(repr(rows).encode(), usedforsecurity=False).hexdigest()
    con.execute("create temp table if not exists registered (told varchar)")
    if con.execute("select told from registered").fetchall() == [(told,)]:
        return
    for name, columns in TABLES.items():
        con.execute(f"create or replace temp table {name} ({columns})")
        fill(con, name, rows[name])
    con.execute(f"create or replace temp table registered as select {literal(told)} as told")


def _standing(one: Running, vertex: Vertex) -> Standing:
    kind = f"wait_{vertex.body.mode}" if isinstance(vertex.body, Wait) else vertex.kind
    cases = tuple((edge, condition_id(condition, one.scope)) for edge, condition in vertex.cases)
    return Standing(kind, cases, vertex.id in one.graph.repeated, vertex.body)


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert a few rows of plain values."""
    for start in range(0, len(rows), 500):
        values = ", ".join(
            "(" + ", ".join(literal(value) for value in row) + ")"
            for row in rows[start : start + 500]
        )
        con.execute(f"insert into {table} values {values}")


def _vertex(
    one: Running,
    vertex: Vertex,
    standing: Standing,
    rows: dict[str, list[tuple[Any, ...]]],
) -> None:
    node, body, journey = one.nodes[vertex.id], vertex.body, one.journey
    mode, repeats = body.mode if isinstance(body, Wait) else None, standing.repeats
    unmet = getattr(body, "unmet", None)
    reason = body.reason if vertex.kind == "end" else None
    rows["step"].append(
        (
            *(node, journey.journey, one.version, vertex.id, vertex.kind, mode, repeats),
            *(journey.limit_per_day, journey.zone, unmet, reason),
        )
    )
    rows["edge"] += [(node, edge, one.target(target)) for edge, target in vertex.edges.items()]
    if isinstance(body, Wait):
        rows["step_wait"].append(_wait(node, body))
    elif isinstance(body, Send):
        rows["step_send"].append(_send(one, node, body))
    elif isinstance(body, Split):
        rows["step_arm"] += _arms(one, node, body)
    elif vertex.kind in ("update", "deal", "task", "notify", "webhook", "enter", "leave"):
        text = body.model_dump_json(exclude_none=True)
        where = getattr(body, "destination", None) or getattr(body, "journey", None)
        rows["step_action"].append((node, vertex.kind, where, text))


def _wait(node: int, body: Wait) -> tuple[Any, ...]:
    length = body.for_ or body.or_after
    amounts = (length.months, length.days, length.seconds) if length else (0, 0, 0)
    clock = body.until if isinstance(body.until, UntilClock) else None
    date = body.until if isinstance(body.until, UntilDate) else None
    told = clock.time if clock else date.time if date else "00:00"
    return (
        node,
        *amounts,
        body.or_after is not None,
        body.grace.total_seconds,
        body.late,
        minutes_of(told),
        ",".join(str(day) for day in clock.weekdays) if clock else "",
        clock.inside.total_seconds if clock else 0,
        date.date if date else None,
        date.days if date else 0,
        date.yearly if date else False,
        date.on_missing if date else None,
        date.on_past if date else None,
    )


def _send(one: Running, node: int, body: Send) -> tuple[Any, ...]:
    variants = body.variants if isinstance(body.variants, str) else ",".join(body.variants or ())
    pause = one.journey.pause
    return (
        node,
        body.channel,
        body.message,
        body.purpose,
        body.priority,
        body.value,
        body.at == "best_time",
        body.within.total_seconds,
        body.explore,
        body.expires_after.total_seconds,
        variants or None,
        body.wait_for_send,
        pause.overdue,
        pause.overdue_after.total_seconds,
        one.control["resumed_at"],
        one.control["paused_at"],
    )


def _arms(one: Running, node: int, body: Split) -> list[tuple[Any, ...]]:
    """Each arm's share of 10 000 buckets; the last takes what rounding leaves."""
    total = sum(body.arms.values())
    found, low = [], 0
    for place, (arm, weight) in enumerate(body.arms.items()):
        if body.until is not None:
            weight, total = float(place == 0), 1.0
        high = 10_000 if place == len(body.arms) - 1 else low + round(10_000 * weight / total)
        found.append(
            (
                *(node, one.journey.journey, body.id, body.salt, arm, low, high),
                *((high - low) / 10_000, place),
            )
        )
        low = high
    return found
