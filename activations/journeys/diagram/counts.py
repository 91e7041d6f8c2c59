"""How many contacts are at each step, went through it, and what became of its messages; no counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb

from activations.journeys.tables import t


@dataclass(frozen=True)
class StepCounts:
    """One step over all versions: `left` jumped to a goal or left the journey from here."""

    here: int = 0
    passed: int = 0
    left: int = 0
    sent: int = 0
    unsent: int = 0
    pending: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Counts:
    """One journey: entries, states of its enrollments, steps by id, ways by (step, branch), goals by name."""

    entered: int = 0
    status: Mapping[str, int] = field(default_factory=dict)
    steps: Mapping[str, StepCounts] = field(default_factory=dict)
    ways: Mapping[tuple[str, str], int] = field(default_factory=dict)
    goals: Mapping[str, int] = field(default_factory=dict)


def count(con: duckdb.DuckDBPyConnection, journey: str) -> Counts:
    """The counts of a journey; the state tables exist (`tables.ensure`)."""

    def rows(sql: str) -> list[tuple[str, ...]]:
        return con.execute(sql, [journey]).fetchall()

    status = {
        s: int(n)
        for s, n in rows(
            f"select status, count(*) from {t('enrollments')} where journey = ? group by status"
        )
    }
    here = {
        s: int(n)
        for s, n in rows(
            f"select n.step_id, count(*) from {t('positions')} as p inner join {t('nodes')} as n "
            "on p.node = n.node where n.journey = ? group by n.step_id"
        )
    }
    ways = {
        (s, b): int(n)
        for s, b, n in rows(
            f"select step_id, coalesce(branch, ''), count(*) from {t('history')} where journey = ? group by all"
        )
    }
    messages = {
        s: (int(sent), int(lost), int(open_))
        for s, sent, lost, open_ in rows(
            "select step_id, count(*) filter (where state in ('handed_over', 'delivered', 'in_doubt')), "
            "count(*) filter (where state in ('dropped', 'skipped', 'expired', 'cancelled', 'rejected')), "
            "count(*) filter (where state in ('planned', 'deferred', 'cleared', 'claimed')) "
            "from activations.outbox where source = 'journey' and source_name = ? group by step_id"
        )
    }
    goals = {
        g: int(n)
        for g, n in rows(
            f"select goal, count(*) from {t('achievements')} where journey = ? and outcome = 'achieved' group by goal"
        )
    }
    steps = {}
    for step in {*here, *messages, *(name for name, _ in ways)}:
        mine = {branch: n for (name, branch), n in ways.items() if name == step}
        left = sum(n for branch, n in mine.items() if _is_early(branch))
        sent, unsent, pending = messages.get(step, (0, 0, 0))
        steps[step] = StepCounts(
            here.get(step, 0),
            sum(mine.values()) - left,
            left,
            sent,
            unsent,
            pending,
            mine.get("skipped", 0),
        )
    return Counts(sum(status.values()), status, steps, ways, goals)


def _is_early(branch: str) -> bool:
    return branch == "exit" or branch.startswith("goal:")


Said = list[tuple[str, int]]


def told(kind: str, found: StepCounts) -> list[Said]:
    """What is worth saying of a step, as rows of (word, number): its contacts, and its messages where it sends."""
    people = [("here", found.here), ("passed", found.passed)]
    if kind == "goal":
        people.append(("skipped", found.skipped))
    if found.left:
        people.append(("left", found.left))
    if kind != "send":
        return [people]
    messages = [("sent", found.sent), ("not sent", found.unsent)]
    return [people, messages + ([("planned", found.pending)] if found.pending else [])]
