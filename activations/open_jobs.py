"""The ledger's rows about jobs at vendors: opened with a batch's record, closed with the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from activations.connector import Outcome
from activations.errors import LedgerError
from activations.leases import Lease, guard
from activations.outcomes import recount, resolve
from activations.schema import BATCH, JOB, PLAN, RUN
from warehouse import clock


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


def rows(engine: sa.Engine, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows that a job has yet to report on."""
    query = sa.select(PLAN).where(*_of_job(job), PLAN.c.state == "submitted")
    with engine.connect() as con:
        return [dict(row) for row in con.execute(query.order_by(PLAN.c.seq)).mappings()]


def polled(engine: sa.Engine, lease: Lease, job: Mapping[str, Any]) -> None:
    """A look at a job that still runs."""
    with engine.begin() as con:
        guard(con, lease)
        con.execute(
            sa.update(JOB)
            .where(*_is_job(job))
            .values(polls=JOB.c.polls + 1, polled_at=clock.naive(clock.now()))
        )


def end(
    engine: sa.Engine,
    lease: Lease,
    job: Mapping[str, Any],
    state: str,
    reason: str | None,
    outcomes: Sequence[Outcome],
) -> None:
    """A job's end with what came of its rows, new jobs among them, in one commit."""
    now = clock.naive(clock.now())
    with engine.begin() as con:
        guard(con, lease)
        resolve(con, job["run_id"], outcomes)
        add(con, job["run_id"], job["batch"], outcomes)
        con.execute(
            sa.update(JOB)
            .where(*_is_job(job))
            .values(
                state=state,
                reason=reason,
                polls=JOB.c.polls + 1,
                polled_at=now,
                finished_at=now,
            )
        )
        recount(con, job["run_id"])


def add(con: sa.Connection, run_id: str, batch: int, outcomes: Sequence[Outcome]) -> None:
    """Remember the jobs that a batch became, several when it was halved; a job of the batch may become others."""
    rows = Counter(outcome.job for outcome in outcomes if outcome.state == "submitted")
    if None in rows:
        raise LedgerError(f"run {run_id}: a row was submitted without the handle of its job")
    if not rows:
        return
    found = con.execute(
        sa.select(BATCH.c.lane, RUN.c.sync)
        .join(RUN, RUN.c.run_id == BATCH.c.run_id)
        .where(BATCH.c.run_id == run_id, BATCH.c.batch == batch)
    ).one()
    query = sa.select(sa.func.coalesce(sa.func.max(JOB.c.number), 0))
    last = con.execute(query.where(JOB.c.run_id == run_id, JOB.c.batch == batch)).scalar_one()
    common = {
        "run_id": run_id,
        "batch": batch,
        "sync": found.sync,
        "lane": found.lane,
        "state": "open",
        "polls": 0,
        "submitted_at": clock.naive(clock.now()),
    }
    con.execute(
        sa.insert(JOB),
        [
            {**common, "number": number, "handle": handle, "row_count": count}
            for number, (handle, count) in enumerate(rows.items(), int(last) + 1)
        ],
    )


def _is_job(job: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    return [JOB.c[name] == job[name] for name in ("run_id", "batch", "number")]


def _of_job(job: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    same = [PLAN.c[name] == job[name] for name in ("run_id", "batch")]
    return [*same, PLAN.c.job == job["handle"]]
