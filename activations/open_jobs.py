"""The ledger's rows about jobs at vendors: opened with a batch's record, closed with the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from activations.connector import Outcome, Row
from activations.durability import commit
from activations.errors import LedgerError
from activations.leases import Lease, guard
from activations.outcomes import recount, resolve
from activations.payloads import SENT
from activations.rows import made
from activations.schema import BATCH, JOB, PLAN, RUN
from activations.statements import many, moment
from warehouse import clock

LOOKED = (
    sa.update(JOB)
    .where(*(JOB.c[name] == sa.bindparam(f"of_{name}") for name in ("run_id", "batch", "number")))
    .values(
        state=sa.bindparam("new_state"),
        reason=sa.bindparam("new_reason"),
        polls=JOB.c.polls + 1,
        polled_at=sa.bindparam("now"),
        finished_at=sa.bindparam("ended_at"),
    )
)
# Statements of every batch are made once: building one takes longer than running it.
OF_BATCH = (JOB.c.run_id == BATCH.c.run_id, JOB.c.batch == BATCH.c.batch)
BECAME = (
    sa.select(
        RUN.c.sync,
        BATCH.c.lane,
        sa.select(sa.func.coalesce(sa.func.max(JOB.c.number), 0))
        .where(*OF_BATCH)
        .scalar_subquery(),
    )
    .join(RUN, RUN.c.run_id == BATCH.c.run_id)
    .where(BATCH.c.run_id == sa.bindparam("run"), BATCH.c.batch == sa.bindparam("of_batch"))
)
NEW_JOB = sa.insert(JOB)
NOT_YET = {"state": "open", "polls": 0, "reason": None, "polled_at": None, "finished_at": None}
COUNTED = (
    sa.select(sa.func.count())
    .select_from(JOB)
    .where(JOB.c.sync == sa.bindparam("of_sync"), JOB.c.state == "open")
)


def listed(engine: sa.Engine, sync: str) -> list[dict[str, Any]]:
    """Jobs of any run of a sync that have not ended, oldest first, with their run's destination."""
    query = (
        sa.select(JOB, RUN.c.destination)
        .join(RUN, RUN.c.run_id == JOB.c.run_id)
        .where(JOB.c.sync == sync, JOB.c.state == "open")
        .order_by(JOB.c.submitted_at, JOB.c.run_id, JOB.c.batch, JOB.c.number)
    )
    with engine.connect() as con:
        return [dict(row) for row in con.execute(query).mappings()]


def rows(engine: sa.Engine, job: Mapping[str, Any]) -> tuple[Row, ...]:
    """The rows that a job has yet to report on."""
    query = SENT.where(*_of_job(job), PLAN.c.state == "submitted")
    with engine.connect() as con:
        return tuple(made(*row) for row in con.execute(query.order_by(PLAN.c.seq)).all())


def count(engine: sa.Engine, sync: str) -> int:
    """How many jobs of any run of a sync have not ended."""
    with engine.connect() as con:
        return int(con.execute(COUNTED, {"of_sync": sync}).scalar_one())


@dataclass(frozen=True)
class Look:
    """What one look at a job told: it still runs (no `state`), or how it ended and what came of its rows."""

    job: Mapping[str, Any]
    state: str | None = None
    reason: str | None = None
    outcomes: Sequence[Outcome] = ()


def note(
    engine: sa.Engine, lease: Lease, looks: Sequence[Look], *, through_power_cut: bool = True
) -> None:
    """Looks at jobs, their ends with what came of their rows, new jobs among them, in one commit."""
    if not looks:
        return
    with commit(engine, through_power_cut=through_power_cut) as con:
        guard(con, lease)
        now = moment(con, clock.naive(clock.now()))
        many(con, LOOKED, [_looked(look, now) for look in looks])
        for look in looks:
            resolve(con, look.job["run_id"], look.outcomes)
            add(con, look.job["run_id"], look.job["batch"], look.outcomes)
        for run_id in {look.job["run_id"] for look in looks if look.state is not None}:
            recount(con, run_id)


def add(con: sa.Connection, run_id: str, batch: int, outcomes: Sequence[Outcome]) -> None:
    """Remember the jobs that a batch became, several when it was halved; a job of the batch may become others."""
    rows = Counter(outcome.job for outcome in outcomes if outcome.state == "submitted")
    if None in rows:
        raise LedgerError(f"run {run_id}: a row was submitted without the handle of its job")
    if not rows:
        return
    sync, lane, last = con.execute(BECAME, {"run": run_id, "of_batch": batch}).one()
    common = {
        **NOT_YET,
        "run_id": run_id,
        "batch": batch,
        "sync": sync,
        "lane": lane,
        "submitted_at": moment(con, clock.naive(clock.now())),
    }
    many(
        con,
        NEW_JOB,
        [
            {**common, "number": number, "handle": handle, "row_count": count}
            for number, (handle, count) in enumerate(rows.items(), int(last) + 1)
        ],
    )


def _looked(look: Look, now: Any) -> dict[str, Any]:
    named = {f"of_{name}": look.job[name] for name in ("run_id", "batch", "number")}
    ended = None if look.state is None else now
    return {
        **named,
        "new_state": look.state or "open",
        "new_reason": look.reason,
        "now": now,
        "ended_at": ended,
    }


def _of_job(job: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    same = [PLAN.c[name] == job[name] for name in ("run_id", "batch")]
    return [*same, PLAN.c.job == job["handle"]]
