"""A person's word on a plan that was held back, and the list of rows that a destination does not take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from activations import tables
from activations.errors import DefinitionError
from warehouse import clock
from warehouse.connection import connect, transaction
from warehouse.settings import Settings


@dataclass(frozen=True)
class Approval:
    """What was approved: the newest plan of a sync that something held back."""

    plan_id: str
    sync: str
    planned_at: datetime
    gate: str
    rows: int
    reason: str | None


@dataclass(frozen=True)
class Refused:
    """One row that a destination refused, with its own words; `next_attempt_at` is None once it is parked."""

    sync: str
    key_hash: str
    state: str
    attempts: int
    code: str | None
    message: str | None
    next_attempt_at: datetime | None


def approve(settings: Settings, sync: str, by: str) -> Approval:
    """Let the newest held plan of `sync` pass at its next run; raises DefinitionError when nothing waits."""
    with connect(settings) as con:
        tables.ensure(con)
        found = con.execute(
            "select plan_id, planned_at, gate, creates + updates + removes + coalesce(held, 0), reason, approved_at "
            "from activations.plans where sync = ? and gate is not null and reason is not null "
            "order by planned_at desc, plan_id limit 1",
            [sync],
        ).fetchall()
        if not found or found[0][5] is not None:
            raise DefinitionError(
                f"no plan of {sync} waits for approval; see `millrace plan {sync}`"
            )
        plan_id, planned_at, gate, rows, reason, _ = found[0]
        with transaction(con):
            con.execute(
                "update activations.plans set approved_at = ?, approved_by = ? where plan_id = ?",
                [clock.naive(clock.now()), by, plan_id],
            )
    return Approval(plan_id, sync, planned_at, gate, int(rows), reason)


def refused(settings: Settings, sync: str | None = None) -> list[Refused]:
    """Rows that were rejected and wait for their next attempt, or are parked for good; by sync, parked first."""
    with connect(settings) as con:
        tables.ensure(con)
        rows = con.execute(
            "select r.sync, coalesce(max(p.key_hash), ''), r.state, r.attempts, r.code, r.message, "
            "case when r.state = 'waiting' then r.next_attempt_at end "
            "from activations.retries as r "
            "left join activations.plan_rows as p on r.run_id = p.plan_id and r.key = p.key "
            "where r.state in ('waiting', 'parked', 'barred') and r.sync = coalesce(?, r.sync) "
            "group by r.sync, r.key, r.state, r.attempts, r.code, r.message, r.next_attempt_at "
            "order by r.sync, r.state, r.key",
            [sync],
        ).fetchall()
    return [Refused(*row) for row in rows]
