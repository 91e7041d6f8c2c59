"""Writes a batch's intent before its first request and its record after its last answer; within a transaction.

Statements are made once: building one takes longer than running it.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from activations import open_jobs
from activations.crew import Batch, Sent
from activations.outcomes import resolve
from activations.schema import ATTEMPT, BATCH, PLAN, RUN
from activations.statements import many, moment

CHUNK = 5_000
STARTS = (
    sa.update(RUN)
    .where(RUN.c.run_id == sa.bindparam("run"), RUN.c.state == "planned")
    .values(state="delivering")
)
MINE = PLAN.c.run_id == sa.bindparam("run")
FLIES = (
    sa.update(PLAN)
    .where(MINE, PLAN.c.seq.in_(sa.bindparam("seqs", expanding=True)))
    .values(state="in_flight", batch=sa.bindparam("number"), attempted_at=sa.bindparam("now"))
)
FLIES_IN_A_ROW = (
    sa.update(PLAN)
    .where(MINE, PLAN.c.seq.between(sa.bindparam("first"), sa.bindparam("last")))
    .values(state="in_flight", batch=sa.bindparam("number"), attempted_at=sa.bindparam("now"))
)
LANDS = (
    sa.update(PLAN)
    .where(MINE, PLAN.c.batch == sa.bindparam("number"), PLAN.c.state == "in_flight")
    .values(state="planned", batch=None, attempted_at=None)
)
ENDS = (
    sa.update(BATCH)
    .where(BATCH.c.run_id == sa.bindparam("run"), BATCH.c.batch == sa.bindparam("number"))
    .values(state=sa.bindparam("new_state"), finished_at=sa.bindparam("now"))
)
NEW_BATCH, NEW_ATTEMPT = sa.insert(BATCH), sa.insert(ATTEMPT)


def intend(con: sa.Connection, run_id: str, batch: Batch, now: datetime) -> None:
    """The rows of `batch` are in flight from here on."""
    if batch.number == 1:
        con.execute(STARTS, {"run": run_id})
    at = moment(con, now)
    made = {
        "run_id": run_id,
        "batch": batch.number,
        "lane": batch.lane.name,
        "row_count": len(batch.rows),
        "state": "in_flight",
        "started_at": at,
        "finished_at": None,
    }
    many(con, NEW_BATCH, [made])
    seqs = [row.seq for row in batch.rows]
    first, last = min(seqs), max(seqs)
    if last - first + 1 == len(seqs):
        whole = {"run": run_id, "first": first, "last": last}
        many(con, FLIES_IN_A_ROW, [{**whole, "number": batch.number, "now": at}])
        return
    for start in range(0, len(seqs), CHUNK):
        part = {"run": run_id, "seqs": seqs[start : start + CHUNK]}
        con.execute(FLIES, {**part, "number": batch.number, "now": now})


def record(con: sa.Connection, run_id: str, sent: Sent, now: datetime) -> None:
    """What came of each row of a batch, the jobs it became, and every request it took.

    Of a batch that never set out, its rows are planned as they were before.
    """
    number = sent.batch.number
    if not sent.has_set_out:
        con.execute(LANDS, {"run": run_id, "number": number})
        con.execute(ENDS, {"run": run_id, "number": number, "new_state": "not_sent", "now": now})
        return
    resolve(con, run_id, sent.outcomes)
    open_jobs.add(con, run_id, number, sent.outcomes)
    common = {"run_id": run_id, "batch": number}
    many(
        con,
        NEW_ATTEMPT,
        [{**common, **one, "sent_at": moment(con, one["sent_at"])} for one in sent.attempts],
    )
    ended = {"run": run_id, "number": number, "new_state": "done", "now": moment(con, now)}
    many(con, ENDS, [ended])
