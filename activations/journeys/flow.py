"""The rounds of a tick: everybody who stands at a step now takes it together, one statement per kind of step.

`cur` holds who is at a step in this round, `moved` who left one and which way, `parked` who stays at one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from activations.conditions.evaluate import Evaluator
from activations.conditions.language import Condition
from activations.conditions.leaf import Scope
from activations.journeys.tables import t
from warehouse.dialect import literal

POSITION = """enrollment_no bigint, contact_id varchar, enrollment_id varchar, entered_at timestamp,
    entry_key varchar, node bigint, visit integer, state tinyint, arrived_at timestamp, due_at timestamp,
    deadline timestamp, moves integer, moves_on date"""
COLUMNS = tuple(part.split()[0] for part in POSITION.split(","))
NAMES = ", ".join(COLUMNS)
TABLES = {
    "cur": POSITION,
    "parked": POSITION,
    # `edge` leads on; `branch` is what is told; target overrides the edge (goals, exits).
    "moved": """enrollment_no bigint, node bigint, visit integer, edge varchar, branch varchar,
        left_at timestamp, condition varchar, inputs varchar, propensity double, event_at timestamp,
        target bigint""",
    "verdict": """enrollment_no bigint, node bigint, place integer, edge varchar, condition varchar,
        value boolean, true_at timestamp, inputs varchar, broken varchar""",
    "over": "enrollment_no bigint, status varchar, reason varchar, ended_at timestamp",
    "stuck": "enrollment_no bigint, node bigint, reason varchar",
    # Whom exits and goals take in this tick.
    "jumping": """enrollment_no bigint, journey varchar, goal varchar, target bigint, rank integer,
        place integer, condition varchar, inputs varchar, true_at timestamp""",
    # Whose unsent messages must not leave any more.
    "revoked": "enrollment_no bigint, enrollment_id varchar, reason varchar",
}
FOREVER = "cast('9999-12-31 00:00:00' as timestamp)"


@dataclass
class Flow:
    """One tick's state: the connection, the answers of its conditions, and the moment (naive UTC)."""

    con: duckdb.DuckDBPyConnection
    evaluator: Evaluator
    asked: Mapping[str, tuple[Condition, Scope]]
    now: dt.datetime
    counts: dict[str, int] = field(default_factory=dict)
    round: int = 0

    @property
    def as_of(self) -> str:
        """The moment as SQL."""
        return literal(self.now)

    def start(self) -> None:
        """Empty the working tables."""
        for name, columns in TABLES.items():
            self.con.execute(f"create or replace temp table {name} ({columns})")

    def run(self, sql: str) -> int:
        """Execute; returns how many rows it wrote."""
        result = self.con.execute(sql).fetchall()
        return int(result[0][0]) if result and isinstance(result[0][0], int) else 0

    def count(self, sql: str) -> int:
        """One number."""
        return int(self.con.execute(sql).fetchall()[0][0])

    def kinds(self) -> set[str]:
        """The kinds of steps at which somebody stands now."""
        rows = self.con.execute(
            "select distinct case when s.kind = 'wait' then 'wait_' || s.mode else s.kind end "
            "from (select distinct node from cur) as c inner join step as s on c.node = s.node"
        ).fetchall()
        return {str(kind) for (kind,) in rows}

    def judge(self, subjects: str = "cur") -> None:
        """Answer the conditions of the steps at which somebody of `subjects` stands, into `verdict`."""
        self.run("delete from verdict")
        present = self.con.execute(
            f"select distinct k.condition from (select distinct node from {subjects}) as c "
            "inner join step_case as k on c.node = k.node order by 1"
        ).fetchall()
        for (key,) in present:
            condition, scope = self.asked[key]
            self.run(
                "create or replace temp table judged as "
                f"select c.* from {subjects} as c where c.node in "
                f"(select k.node from step_case as k where k.condition = {literal(key)})"
            )
            answer = self.evaluator.select(condition, scope, "judged")
            self.run(
                "insert into verdict select v.enrollment_no, k.node, k.place, k.edge, k.condition, "
                f"v.value, v.true_at, v.inputs, v.broken from ({answer}) as v "
                "inner join judged as j on v.enrollment_no = j.enrollment_no "
                f"inner join step_case as k on j.node = k.node and k.condition = {literal(key)}"
            )
        self._set_broken_aside()

    def _set_broken_aside(self) -> None:
        """Whoever has a broken value stays where they are, and says so; all others go on."""
        if not self.count("select count(*) from verdict where broken is not null"):
            return
        self.run(
            "insert into stuck select v.enrollment_no, v.node, min(v.broken) from verdict as v "
            "where v.broken is not null group by v.enrollment_no, v.node"
        )
        self.run(
            f"insert into parked select {NAMES} from cur "
            "where enrollment_no in (select enrollment_no from stuck)"
        )
        for table in ("cur", "verdict"):
            self.run(
                f"delete from {table} where enrollment_no in (select enrollment_no from stuck)"
            )

    def advance(self) -> int:
        """Write what `moved` holds into the transitions and make `cur` those who arrived at a further step."""
        self.round += 1
        moved = self.count("select count(*) from moved")
        if moved:
            self.counts["moved"] = self.counts.get("moved", 0) + moved
            self.run(
                f"insert into {t('transitions')} select enrollment_no, node, visit, {self.as_of}, "
                f"{self.round}, left_at, "
                "branch, condition, inputs, propensity, event_at from moved"
            )
        self.run(
            "create or replace temp table arriving as "
            "select c.* replace (coalesce(m.target, e.target) as node, m.left_at as arrived_at, "
            "cast(0 as tinyint) as state, m.left_at as due_at, cast(null as timestamp) as deadline, "
            "case when c.moves_on = cast(m.tick as date) then c.moves + 1 else 1 end as moves, "
            "cast(m.tick as date) as moves_on), s.reason as end_reason, j.goal, s.limit_per_day "
            f"from (select *, {self.as_of} as tick from moved) as m inner join cur as c "
            "on m.enrollment_no = c.enrollment_no inner join step as s on m.node = s.node "
            "left join edge as e on m.node = e.node and m.edge = e.edge "
            "left join jumping as j on m.enrollment_no = j.enrollment_no and m.target is not null"
        )
        self.run(
            "insert into over select enrollment_no, "
            "case when node <> 0 then 'halted' when goal = '' then 'exited' when goal is not null then 'achieved' "
            "else 'completed' end, case when node = 0 then coalesce(nullif(goal, ''), end_reason) "
            "else 'more than ' || limit_per_day || ' steps in a day' end, "
            "arrived_at from arriving where node = 0 or moves > limit_per_day"
        )
        self._count_visits()
        self.run("delete from cur")
        self.run("delete from moved")
        self.run(
            f"insert into cur select {NAMES} from arriving where node <> 0 and moves <= limit_per_day"
        )
        return self.count("select count(*) from cur")

    def _count_visits(self) -> None:
        """On a loop a step is visited again, and its messages are others; elsewhere a visit is the first."""
        self.run("update arriving set visit = 1 where node <> 0")
        if not self.count(
            "select count(*) from arriving as a inner join step as s on a.node = s.node where s.on_loop"
        ):
            return
        self.run(
            "create or replace temp table again as select a.enrollment_no, a.node, "
            f"coalesce(v.visits, 0) + 1 as visits from arriving as a inner join step as s on a.node = s.node "
            f"left join {t('visits')} as v on a.enrollment_no = v.enrollment_no and a.node = v.node "
            "where s.on_loop"
        )
        self.run(
            f"delete from {t('visits')} as v using again as g "
            "where v.enrollment_no = g.enrollment_no and v.node = g.node"
        )
        self.run(f"insert into {t('visits')} select enrollment_no, node, visits from again")
        self.run(
            "update arriving set visit = g.visits from again as g "
            "where arriving.enrollment_no = g.enrollment_no and arriving.node = g.node"
        )
