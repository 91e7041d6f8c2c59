"""The rounds of a tick: everybody who stands at a step now takes it together, one statement per kind of step.

`cur` holds who is at a step in this round; `took` what became of them in it: who went on, which way and why, and who
stays. A round copies each of them twice, and the transaction keeps both until it ends, so the rows are narrow: what an
enrollment carries besides its place is in `staying`, once per tick.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import duckdb

from activations.conditions.evaluate import Evaluator
from activations.conditions.language import Condition
from activations.conditions.leaf import Scope
from activations.journeys.running import Standing
from activations.journeys.tables import t
from warehouse.dialect import literal

PLACE = """enrollment_no bigint, contact_id varchar, node bigint, visit integer, state tinyint,
    arrived_at timestamp, due_at timestamp, deadline timestamp, moves integer, moves_on date"""
COLUMNS = tuple(part.split()[0] for part in PLACE.split(","))
NAMES = ", ".join(COLUMNS)
# `edge` leads on; `branch` is what is told; `target` overrides the edge (goals, exits: `goal` names them, exits '').
TOOK = {
    "went": "boolean",
    "edge": "varchar",
    "branch": "varchar",
    "left_at": "timestamp",
    "condition": "varchar",
    "inputs": "varchar",
    "propensity": "double",
    "event_at": "timestamp",
    "target": "bigint",
    "goal": "varchar",
    "broken": "varchar",
}
TABLES = {
    "cur": PLACE,
    "took": f"{PLACE}, " + ", ".join(f"{name} {kind}" for name, kind in TOOK.items()),
    "parked": PLACE,
    "over": "enrollment_no bigint, status varchar, reason varchar, ended_at timestamp",
    "stuck": "enrollment_no bigint, node bigint, reason varchar",
    # Whose unsent messages must not leave any more.
    "revoked": "enrollment_no bigint, enrollment_id varchar, reason varchar",
}
FOREVER = "cast('9999-12-31 00:00:00' as timestamp)"


@dataclass
class Flow:
    """One tick: the connection, the answers of its conditions, the steps by node, and the moment (naive UTC)."""

    con: duckdb.DuckDBPyConnection
    evaluator: Evaluator
    asked: Mapping[str, tuple[Condition, Scope]]
    steps: Mapping[int, Standing]
    now: dt.datetime
    counts: dict[str, int] = field(default_factory=dict)
    round: int = 0
    here: frozenset[int] = frozenset()
    """The nodes at which somebody stands in this round."""
    fresh: frozenset[str] = frozenset()
    """The names of the events that were loaded since the last tick."""
    taken: int = 0
    """How many rows `took` has."""
    parked: int = 0
    """How many rows `parked` has."""

    @property
    def as_of(self) -> str:
        """The moment as SQL."""
        return literal(self.now)

    def start(self) -> None:
        """Empty the working tables."""
        for name in TABLES:
            self._empty(name)

    def _empty(self, name: str) -> None:
        self.con.execute(f"create or replace temp table {name} ({TABLES[name]})")

    def run(self, sql: str) -> int:
        """Execute; returns how many rows it wrote."""
        result = self.con.execute(sql).fetchall()
        return int(result[0][0]) if result and isinstance(result[0][0], int) else 0

    def count(self, sql: str) -> int:
        """One number."""
        return int(self.con.execute(sql).fetchall()[0][0])

    def gather(self) -> None:
        """`staying`: what those who move in this tick carry with them, and their own zones (null: unknown)."""
        self.run(
            "create or replace temp table staying as select p.enrollment_no, p.enrollment_id, p.entered_at, "
            f"p.entry_key, p.node as stood_at, p.visit as stood_on, p.stood, z.zone "
            f"from {t('positions')} as p left join contact_zone as z on p.contact_id = z.contact_id "
            "where p.enrollment_no in (select enrollment_no from cur)"
        )

    def look(self) -> frozenset[int]:
        """Find out where somebody stands now."""
        rows = self.con.execute("select distinct node from cur").fetchall()
        self.here = frozenset(int(node) for (node,) in rows)
        return self.here

    def at(self, *kinds: str) -> list[int]:
        """The nodes of these kinds at which somebody stands; a wait's kind is wait_for, wait_clock, …"""
        return sorted(node for node in self.here if self.steps[node].kind in kinds)

    def asking(self, kind: str) -> Iterable[tuple[tuple[tuple[str, str], ...], str]]:
        """Per list of cases (edge, condition) that steps of a kind have in common: whoever stands there, with answers.

        The SELECT has the columns of `cur`, then value_0, true_at_0, inputs_0, value_1, … in the order of the cases,
        and `broken`.
        """
        alike: dict[tuple[tuple[str, str], ...], list[int]] = {}
        for node in self.at(kind):
            alike.setdefault(self.steps[node].cases, []).append(node)
        for cases, nodes in sorted(alike.items()):
            conditions = [self.asked[key] for _, key in cases]
            subjects = f"cur as c where c.node in {listed(nodes)}"
            carried = "c.*"
            if any(self.evaluator.by_enrollment(*one) for one in conditions):
                subjects = (
                    "cur as c inner join staying as y on c.enrollment_no = y.enrollment_no "
                    f"where c.node in {listed(nodes)}"
                )
                carried = "c.*, y.enrollment_id, y.entered_at, y.entry_key"
            subjects = f"(select {carried} from {subjects})"
            yield cases, self.evaluator.answers(conditions, subjects, COLUMNS)

    def take(self, source: str, *, went: str, left_at: str = "q.arrived_at", **said: str) -> None:
        """Put into `took` what became of the rows `q` of `source`: SQL for columns of TOOK, and for places that change.

        `branch` is the edge where nothing else is said.
        """
        said = {"branch": said.get("edge", "null"), **said, "went": went, "left_at": left_at}
        places = (said.get(name, f"q.{name}") for name in COLUMNS)
        told = (f"cast({said.get(name, 'null')} as {kind})" for name, kind in TOOK.items())
        self.taken += self.run(
            f"insert into took select {', '.join((*places, *told))} from {source}"
        )

    def advance(self) -> None:
        """Write who went on into the transitions and make `cur` those who arrived at a further step."""
        self.round += 1
        moved = self.run(
            f"insert into {t('transitions')} select enrollment_no, node, visit, {self.as_of}, {self.round}, left_at, "
            "branch, condition, inputs, propensity, event_at from took where went"
        )
        self.counts["moved"] = self.counts.get("moved", 0) + moved
        staying, self.taken = self.taken - moved, 0
        if staying:
            self.parked += staying
            self.run(f"insert into parked select {NAMES} from took where not went")
            self.run(
                "insert into stuck select enrollment_no, node, broken from took where broken is not null"
            )
        if not moved:
            self._empty("took")
            self._empty("cur")
            self.here = frozenset()
            return
        arriving = (
            "select m.enrollment_no, m.contact_id, coalesce(m.target, e.target) as node, cast(1 as integer) as visit, "
            "cast(0 as tinyint) as state, m.left_at as arrived_at, m.left_at as due_at, "
            "cast(null as timestamp) as deadline, "
            f"case when m.moves_on = cast({self.as_of} as date) then m.moves + 1 else 1 end as moves, "
            f"cast({self.as_of} as date) as moves_on, s.reason as end_reason, m.goal, s.limit_per_day "
            "from took as m inner join step as s on m.node = s.node "
            "left join edge as e on m.node = e.node and m.edge = e.edge where m.went"
        )
        self.run(
            "insert into over select enrollment_no, "
            "case when node <> 0 then 'halted' when goal = '' then 'exited' when goal is not null then 'achieved' "
            "else 'completed' end, case when node = 0 then coalesce(nullif(goal, ''), end_reason) "
            "else 'more than ' || limit_per_day || ' steps in a day' end, "
            f"arrived_at from ({arriving}) as a where node = 0 or moves > limit_per_day"
        )
        self.run(
            f"create or replace temp table cur as select {NAMES} from ({arriving}) as a "
            "where node <> 0 and moves <= limit_per_day"
        )
        self._empty("took")
        if any(self.steps[node].repeats for node in self.look()):
            self._count_visits()

    def _count_visits(self) -> None:
        """A step that is visited again has other messages; one that cannot be is visited for the first time."""
        self.run(
            "create or replace temp table again as select a.enrollment_no, a.node, "
            "coalesce(v.visits, 0) + 1 as visits from cur as a inner join step as s on a.node = s.node "
            f"left join {t('visits')} as v on a.enrollment_no = v.enrollment_no and a.node = v.node "
            "where s.repeats"
        )
        self.run(
            f"delete from {t('visits')} as v using again as g "
            "where v.enrollment_no = g.enrollment_no and v.node = g.node"
        )
        self.run(f"insert into {t('visits')} select enrollment_no, node, visits from again")
        self.run(
            "update cur set visit = g.visits from again as g "
            "where cur.enrollment_no = g.enrollment_no and cur.node = g.node"
        )


def listed(nodes: Iterable[int]) -> str:
    """Nodes as a list in SQL."""
    return "(" + ", ".join(str(node) for node in nodes) + ")"
