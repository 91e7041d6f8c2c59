"""The ledger's tables as SQLAlchemy Core: the same on SQLite and on any other database."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
CODE_LENGTH = 100
OUTCOMES = ("delivered", "rejected", "deferred", "suppressed", "in_doubt", "submitted")

# One row per plan handed over for delivery. Counts stand once `state` is delivered; they move on when a job ends or
# a doubt is cleared.
RUN = sa.Table(
    "act_run",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("sync", sa.String(200), nullable=False, index=True),
    sa.Column("destination", sa.String(100), nullable=False),
    sa.Column("target", sa.Text, nullable=False),  # JSON: what the connector is told
    sa.Column("as_of", sa.DateTime, nullable=False),
    sa.Column("planned_at", sa.DateTime, nullable=False),
    sa.Column("finished_at", sa.DateTime),
    sa.Column("state", sa.String(20), nullable=False),  # planned, delivering, delivered
    sa.Column("reason", sa.Text),
    sa.Column("rows_in", sa.BigInteger, nullable=False),
    sa.Column("unchanged", sa.BigInteger, nullable=False),
    sa.Column("invalid", sa.BigInteger, nullable=False),
    *(
        sa.Column(f"planned_{name}", sa.BigInteger, nullable=False, server_default="0")
        for name in OUTCOMES
    ),
    *(sa.Column(name, sa.BigInteger) for name in OUTCOMES),
    # Whether the warehouse knows what came of every row. Of runs that are, no row is looked at again.
    sa.Column("is_settled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index("act_run_by_settled", "is_settled", "state"),
)

# One row per row that a plan means to send, and what became of it: it changes with each state, so it is kept narrow.
PLAN = sa.Table(
    "act_plan",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sync", sa.String(200), nullable=False),
    sa.Column("key_hash", sa.String(64), nullable=False),
    sa.Column("operation", sa.String(10), nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # planned, in_flight, or an outcome
    sa.Column("settled_state", sa.String(12)),
    sa.Column("is_permanent", sa.Boolean, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("batch", sa.Integer),
    sa.Column("job", sa.Text),  # the vendor's handle, once a job has the row
    sa.Column("vendor_id", sa.Text),
    sa.Column("code", sa.String(CODE_LENGTH)),
    sa.Column("message", sa.Text),
    sa.Column(
        "learned", sa.String(20)
    ),  # what the answer says of the address: opt_out, complaint, hard_bounce
    sa.Column("contact_id", sa.Text),
    sa.Column("attempted_at", sa.DateTime),
    sa.Index("act_plan_by_key", "sync", "key_hash"),
    sqlite_with_rowid=False,
)
# Every run asks for these among all runs before it, so an index holds no others. A value given apart would not fit it.
IN_DOUBT = PLAN.c.state == sa.literal_column("'in_doubt'")
sa.Index(
    "act_plan_in_doubt",
    *(PLAN.c.sync, PLAN.c.run_id, PLAN.c.seq),
    sqlite_where=IN_DOUBT,
    postgresql_where=IN_DOUBT,
)

# What is sent of a row: written once, never changed, and gone once the row is settled and nothing needs asking.
PAYLOAD = sa.Table(
    "act_payload",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("payload", sa.Text, nullable=False),
)

# One row per batch: written before its first request, closed after its last answer.
BATCH = sa.Table(
    "act_batch",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("lane", sa.String(50), nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # in_flight, done, interrupted, not_sent
    sa.Column("started_at", sa.DateTime, nullable=False),
    sa.Column("finished_at", sa.DateTime),
)

# One row per job that a vendor accepted: written with the batch's record, closed with the report.
JOB = sa.Table(
    "act_job",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sync", sa.String(200), nullable=False),
    sa.Column("handle", sa.Text, nullable=False),
    sa.Column("lane", sa.String(50), nullable=False),
    sa.Column("row_count", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),  # open, done, lost
    sa.Column("reason", sa.Text),
    sa.Column("polls", sa.Integer, nullable=False),
    sa.Column("submitted_at", sa.DateTime, nullable=False),
    sa.Column("polled_at", sa.DateTime),
    sa.Column("finished_at", sa.DateTime),
    sa.Index("act_job_by_state", "sync", "state"),
)

# One row per HTTP request of a closed batch. Paths only: queries and bodies hold personal data.
ATTEMPT = sa.Table(
    "act_attempt",
    METADATA,
    sa.Column("run_id", sa.String(32), primary_key=True),
    sa.Column("batch", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("method", sa.String(10), nullable=False),
    sa.Column("path", sa.String(300), nullable=False),
    sa.Column("status", sa.Integer),  # null when no answer came
    sa.Column("error", sa.String(50)),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("sent_at", sa.DateTime, nullable=False),
)

# One row per account and rate of its vendor: what was used of it, so that a window is one window for all syncs.
USAGE = sa.Table(
    "act_usage",
    METADATA,
    sa.Column("account", sa.String(300), primary_key=True),
    sa.Column("rate", sa.String(100), primary_key=True),
    sa.Column("uses", sa.Text, nullable=False),  # JSON: [seconds before saved_at, amount]
    sa.Column("reserved", sa.BigInteger, nullable=False),  # may have been used since
    sa.Column("is_open", sa.Boolean, nullable=False),  # somebody uses it, or died while using it
    sa.Column("saved_at", sa.DateTime, nullable=False),
)

# One row per process that waits for a name; the more urgent goes first (0 before 1).
WAITER = sa.Table(
    "act_waiter",
    METADATA,
    sa.Column("name", sa.String(300), primary_key=True),
    sa.Column("holder", sa.String(200), primary_key=True),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("seen_at", sa.DateTime, nullable=False),
)

# One row per name that only one process may work on: a sync, or an account at a destination.
LEASE = sa.Table(
    "act_lease",
    METADATA,
    sa.Column("name", sa.String(300), primary_key=True),
    sa.Column("holder", sa.String(200)),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
    sa.Column("not_before", sa.DateTime),  # the destination asked to be left alone until then
)
