"""Writes batches' intents before their first request and their records after the last answer; within a transaction.

Statements are made once: building one takes longer than running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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


def intend(con: sa.Connection, run_id: str, going: Sequence[Batch], now: datetime) -> None:
    """The rows of the batches `going` are in flight from here on."""
    if any(batch.number == 1 for batch in going):
        con.execute(STARTS, {"run": run_id})
    at = moment(con, now)
    common = {"run_id": run_id, "state": "in_flight", "started_at": at, "finished_at": None}
    many(
        con,
        NEW_BATCH,
        [
            {**common, "batch": one.number, "lane": one.lane.name, "row_count": len(one.rows)}
            for one in going
        ],
    )
    in_a_row: list[dict[str, Any]] = []
    for batch in going:
        seqs = [row.seq for row in batch.rows]
        first, last = min(seqs), max(seqs)
        if last - first + 1 == len(seqs):
            whole = {"run": run_id, "first": first, "last": last}
            in_a_row.append({**whole, "number": batch.number, "now": at})
            continue
        for start in range(0, len(seqs), CHUNK):
            part = {"run": run_id, "seqs": seqs[start : start + CHUNK]}
            con.execute(FLIES, {**part, "number": batch.number, "now": now})
    many(con, FLIES_IN_A_ROW, in_a_row)


def record(con: sa.Connection, run_id: str, back: Sequence[Sent], now: datetime) -> None:
    """What came of each row of the batches that are `back`, the jobs they became, and every request they took.

    Of a batch that never set out, its rows are planned as they were before.
    """
    tried: list[dict[str, Any]] = []
    ended: list[dict[str, Any]] = []
    for sent in back:
        number = sent.batch.number
        state = "done" if sent.has_set_out else "not_sent"
        ended.append({"run": run_id, "number": number, "new_state": state, "now": moment(con, now)})
        if not sent.has_set_out:
            con.execute(LANDS, {"run": run_id, "number": number})
            continue
        resolve(con, run_id, sent.outcomes)
        open_jobs.add(con, run_id, number, sent.outcomes)
        common = {"run_id": run_id, "batch": number}
        tried += (
            {**common, **one, "sent_at": moment(con, one["sent_at"])} for one in sent.attempts
        )
    many(con, NEW_ATTEMPT, tried)
    many(con, ENDS, ended)
