"""What is sent of each row, in the ledger apart from what becomes of it: written once, read by key, then forgotten.

A row changes its state three times on its way; with its payload beside it, all of it would be written each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from activations.rows import SENT as NAMES
from activations.schema import PAYLOAD, PLAN
from activations.statements import many

ASKED_LATER = ("in_doubt", "submitted")  # states that end when the vendor is asked
KEY = ("run_id", "seq")
SAME = (PAYLOAD.c.run_id == PLAN.c.run_id, PAYLOAD.c.seq == PLAN.c.seq)
BOTH = PLAN.outerjoin(PAYLOAD, sa.and_(*SAME))
# A row as connectors see it, and a row with all that the ledger knows of it; `payload` is null once it is forgotten.
SENT = sa.select(*({**PLAN.c, "payload": PAYLOAD.c.payload}[name] for name in NAMES)).select_from(
    BOTH
)
WHOLE = sa.select(PLAN, PAYLOAD.c.payload).select_from(BOTH)
WRITTEN = (
    *("run_id", "seq", "sync", "key_hash", "operation", "state", "is_permanent", "attempt"),
    "contact_id",
)
NEW_PLAN = sa.insert(sa.table(PLAN.name, *(sa.column(name) for name in WRITTEN)))
NEW_PAYLOAD = sa.insert(PAYLOAD)
FORGOTTEN = sa.delete(PAYLOAD).where(
    PAYLOAD.c.run_id == sa.bindparam("of_run"),
    sa.exists().where(
        *SAME, PLAN.c.settled_state == PLAN.c.state, PLAN.c.state.not_in(ASKED_LATER)
    ),
)
BEFORE = "act_plan_before"


def intend(con: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that a plan means to send, with what is sent of each; within a transaction."""
    many(con, NEW_PLAN, [{"contact_id": None, **row} for row in rows])
    many(con, NEW_PAYLOAD, rows)


def forget(con: sa.Connection, runs: Sequence[str]) -> None:
    """Forget what was sent of settled rows of `runs`, except where asking the vendor needs it."""
    for run_id in runs:
        con.execute(FORGOTTEN, {"of_run": run_id})


def are_within(con: sa.Connection) -> bool:
    """Whether the ledger is of an earlier shape, whose plan holds the payloads itself."""
    return any(column["name"] == "payload" for column in sa.inspect(con).get_columns(PLAN.name))


def move_out(con: sa.Connection) -> None:
    """Make a ledger of that shape one of today's; all of it or nothing."""
    old = sa.table(PLAN.name, *(sa.column(name) for name in (*KEY, "payload")))
    kept = sa.select(*old.c).where(old.c.payload.is_not(None))
    # The first statement: it opens the transaction that the others then belong to, on SQLite too.
    con.execute(sa.insert(PAYLOAD).from_select([*KEY, "payload"], kept))
    for index in sa.inspect(con).get_indexes(PLAN.name):
        con.execute(sa.text(f"drop index {index['name']}"))
    con.execute(sa.text(f"alter table {PLAN.name} rename to {BEFORE}"))
    con.execute(sa.schema.CreateTable(PLAN))
    columns = [column.name for column in PLAN.columns]
    same = sa.select(*(sa.column(name) for name in columns)).select_from(sa.table(BEFORE))
    con.execute(sa.insert(PLAN).from_select(columns, same))
    con.execute(sa.text(f"drop table {BEFORE}"))
