"""The durable record of what was about to be sent and what came of it: one commit before a batch, one after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock

from activations import batches as batches_of
from activations import outcomes as outcomes_of
from activations import payloads
from activations.connector import Outcome, Row
from activations.crew import Batch, Sent
from activations.dialects import engine
from activations.durability import commit
from activations.errors import LedgerError
from activations.leases import Lease, guard
from activations.rows import made
from activations.schema import BATCH, IN_DOUBT, METADATA, PLAN, RUN
from activations.statements import many
from warehouse import clock
from warehouse.settings import Settings

CHUNK = 5_000
READ_AHEAD = 1_000  # rows read at a time on their way out: the first requests do not wait for many
UNSETTLED = PLAN.c.settled_state.is_distinct_from(PLAN.c.state)
# Pages (of 4 kB) that the log may hold before they go to the file itself, which waits for the disk each time: a row
# changes three times on its way, and is written there once so. What a commit outlives is the same.
LOG_PAGES = 10_000
SCHEMA_LOCK = 7_235_201  # of PostgreSQL's advisory locks, ours while tables are made
SETTLED = (
    sa.update(PLAN)
    .where(PLAN.c.run_id == sa.bindparam("row_run"), PLAN.c.seq == sa.bindparam("row_seq"))
    .values(settled_state=sa.bindparam("known"))
)


class Ledger:
    """One connection pool on the ledger; made by `open_ledger`."""

    def __init__(self, url: str) -> None:
        parsed = sa.make_url(url)
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        try:
            self.engine = engine(parsed)
        except (ModuleNotFoundError, sa.exc.NoSuchModuleError) as error:
            raise LedgerError(
                f"MILLRACE_LEDGER_URL: no driver for {parsed.drivername}; for PostgreSQL install millrace[postgres]"
            ) from error
        if parsed.get_backend_name() != "sqlite" or not parsed.database:
            self._create_tables()
            return
        path = Path(parsed.database)
        path.parent.mkdir(parents=True, exist_ok=True)
        sa.event.listen(self.engine, "connect", _configure_sqlite)
        # Switching a new file to its write-ahead log does not wait for others who do the same.
        with FileLock(f"{path}.lock"):
            self._create_tables()

    def _create_tables(self) -> None:
        """Make what is missing, columns of older ledgers included, while nobody else does the same."""
        with self.engine.begin() as con:
            if con.dialect.name == "postgresql":
                con.execute(sa.text("select pg_advisory_xact_lock(:lock)"), {"lock": SCHEMA_LOCK})
            present = sa.inspect(con)
            names = set(present.get_table_names())
            for made in METADATA.sorted_tables:
                if made.name not in names:
                    con.execute(sa.schema.CreateTable(made, if_not_exists=True))
                else:
                    known = {column["name"] for column in present.get_columns(made.name)}
                    for column in made.columns:
                        if column.name not in known:
                            line = sa.schema.CreateColumn(column).compile(dialect=con.dialect)
                            con.execute(sa.text(f"alter table {made.name} add column {line}"))
            if payloads.are_within(con):
                payloads.move_out(con)
            for made in METADATA.sorted_tables:
                for index in made.indexes:
                    con.execute(sa.schema.CreateIndex(index, if_not_exists=True))

    def close(self) -> None:
        """Give the file back."""
        self.engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, run: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> None:
        """Write a run and all its intents, in one commit."""
        with self.engine.begin() as con:
            con.execute(sa.insert(RUN), {"state": "planned", **run})
            common = {
                "run_id": run["run_id"],
                "sync": run["sync"],
                "state": "planned",
                "is_permanent": False,
            }
            for chunk in _chunks({**common, **row} for row in rows):
                payloads.intend(con, chunk)

    def run(self, run_id: str) -> dict[str, Any]:
        """One run; raises LedgerError when it is unknown."""
        with self.engine.connect() as con:
            query = sa.select(RUN).where(RUN.c.run_id == run_id)
            found = con.execute(query).mappings().first()
        if found is None:
            raise LedgerError(f"the ledger knows no run {run_id}; plan again")
        return dict(found)

    def unfinished(self, sync: str) -> list[dict[str, Any]]:
        """Runs of a sync that were never delivered to their end, oldest first."""
        query = sa.select(RUN).where(RUN.c.sync == sync, RUN.c.state != "delivered")
        with self.engine.connect() as con:
            return [dict(row) for row in con.execute(query.order_by(RUN.c.planned_at)).mappings()]

    def rows(self, run_id: str, states: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Rows of a run in one of `states`, by seq, read in chunks so that memory stays small."""
        last = -1
        while True:
            query = (
                sa.select(PLAN)
                .where(PLAN.c.run_id == run_id, PLAN.c.state.in_(states), PLAN.c.seq > last)
                .order_by(PLAN.c.seq)
                .limit(CHUNK)
            )
            with self.engine.connect() as con:
                found = [dict(row) for row in con.execute(query).mappings()]
            yield from found
            if len(found) < CHUNK:
                return
            last = found[-1]["seq"]

    def waiting(self, run_id: str) -> Iterator[Row]:
        """The planned rows of a run as connectors see them, by seq, read in chunks."""
        last = -1
        query = (
            payloads.SENT.where(PLAN.c.run_id == run_id, PLAN.c.state == "planned")
            .order_by(PLAN.c.seq)
            .limit(READ_AHEAD)
        )
        while True:
            with self.engine.connect() as con:
                # Plain tuples of the driver: texts and whole numbers are the same on any database.
                result = con.execute(query.where(PLAN.c.seq > last))
                found = result.cursor.fetchall()
            yield from (made(*row) for row in found)
            if len(found) < READ_AHEAD:
                return
            last = found[-1][0]

    def count(self, run_id: str, states: Sequence[str]) -> int:
        """How many rows of a run are in one of `states`."""
        query = sa.select(sa.func.count()).where(PLAN.c.run_id == run_id, PLAN.c.state.in_(states))
        with self.engine.connect() as con:
            return int(con.execute(query).scalar_one())

    def sent_before(self, sync: str, run_id: str) -> set[str]:
        """Keys that this run means to send, and that an earlier one of its sync delivered or may have delivered."""
        before = PLAN.alias("before")
        earlier = sa.exists().where(
            before.c.sync == sync,
            before.c.key_hash == PLAN.c.key_hash,
            before.c.run_id != run_id,
            before.c.operation == "create",
            before.c.state.in_(("acked", "in_doubt", "submitted", "in_flight")),
        )
        query = sa.select(PLAN.c.key_hash).where(
            PLAN.c.run_id == run_id, PLAN.c.state == "planned", earlier
        )
        with self.engine.connect() as con:
            return set(con.execute(query).scalars())

    def in_doubt(self, sync: str) -> list[dict[str, Any]]:
        """Rows of any run of a sync that nobody knows the outcome of, with what was sent of them."""
        query = payloads.WHOLE.where(PLAN.c.sync == sync, IN_DOUBT)
        with self.engine.connect() as con:
            return [
                dict(row)
                for row in con.execute(query.order_by(PLAN.c.run_id, PLAN.c.seq)).mappings()
            ]

    def turn(
        self,
        lease: Lease,
        run_id: str,
        back: Sequence[Sent],
        going: Sequence[Batch],
        *,
        through_power_cut: bool = True,
    ) -> None:
        """One commit between requests: what came of batches whose answers are here, and which go next.

        Of the former, the outcome of each row and every request it took; the rows of the latter are in flight from
        here on. See `activations.durability` for what the commit outlives.
        """
        now = clock.naive(clock.now())
        with commit(self.engine, through_power_cut=through_power_cut) as con:
            guard(con, lease)
            batches_of.record(con, run_id, back, now)
            batches_of.intend(con, run_id, going, now)

    def resolve(self, lease: Lease, run_id: str, outcomes: Sequence[Outcome]) -> None:
        """Outcomes found out later, or for rows that never became part of a batch."""
        with self.engine.begin() as con:
            guard(con, lease)
            outcomes_of.resolve(con, run_id, outcomes)
            con.execute(sa.update(RUN).where(RUN.c.run_id == run_id).values(is_settled=False))

    def release(
        self, lease: Lease, run_id: str, states: Sequence[str], reason: str, state: str
    ) -> None:
        """Move every row of a run that is in one of `states` to `state`, saying why."""
        with self.engine.begin() as con:
            guard(con, lease)
            con.execute(
                sa.update(PLAN)
                .where(PLAN.c.run_id == run_id, PLAN.c.state.in_(states))
                .values(state=state, message=reason)
            )
            con.execute(
                sa.update(BATCH)
                .where(BATCH.c.run_id == run_id, BATCH.c.state == "in_flight")
                .values(state="interrupted")
            )

    def next_batch(self, run_id: str) -> int:
        """The number of the next batch of a run."""
        query = sa.select(sa.func.coalesce(sa.func.max(BATCH.c.batch), 0)).where(
            BATCH.c.run_id == run_id
        )
        with self.engine.connect() as con:
            return int(con.execute(query).scalar_one()) + 1

    def finish(self, run_id: str, reason: str | None) -> dict[str, int]:
        """Close a run: count its rows and check that every row that came in is accounted for.

        rows_in = unchanged + invalid + delivered + rejected + deferred + suppressed + in_doubt + submitted, or
        LedgerError with the difference.
        """
        closed = {
            "state": "delivered",
            "finished_at": clock.naive(clock.now()),
            "reason": reason,
        }
        with self.engine.begin() as con:
            return outcomes_of.count(con, run_id, closed)

    def recount(self, run_id: str) -> None:
        """Count a delivered run again, after a job ended or a doubt was cleared; the same check."""
        with self.engine.begin() as con:
            outcomes_of.recount(con, run_id)

    def unsettled(self, sync: str | None = None) -> list[dict[str, Any]]:
        """Rows with an outcome that the warehouse does not know yet, of delivered runs, oldest first."""
        query = (
            sa.select(PLAN, RUN.c.as_of, RUN.c.planned_at)
            .join(RUN, RUN.c.run_id == PLAN.c.run_id)
            .where(RUN.c.is_settled == sa.false(), RUN.c.state == "delivered", UNSETTLED)
            .order_by(RUN.c.planned_at, PLAN.c.run_id, PLAN.c.seq)
        )
        if sync is not None:
            query = query.where(RUN.c.sync == sync)
        with self.engine.connect() as con:
            return [dict(row) for row in con.execute(query).mappings()]

    def runs(self, run_ids: Sequence[str]) -> list[dict[str, Any]]:
        """The runs with these ids."""
        with self.engine.connect() as con:
            query = sa.select(RUN).where(RUN.c.run_id.in_(run_ids))
            return [dict(row) for row in con.execute(query).mappings()]

    def mark_settled(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The warehouse knows these outcomes: forget payloads, except where asking the vendor needs them."""
        settled = sa.update(RUN).where(
            RUN.c.run_id == sa.bindparam("settled_run"),
            ~sa.exists().where(PLAN.c.run_id == RUN.c.run_id, UNSETTLED),
        )
        runs = [{"settled_run": run_id} for run_id in sorted({str(r["run_id"]) for r in rows})]
        marks = [{"row_run": r["run_id"], "row_seq": r["seq"], "known": r["state"]} for r in rows]
        with self.engine.begin() as con:
            for start in range(0, len(marks), CHUNK):
                many(con, SETTLED, marks[start : start + CHUNK])
            payloads.forget(con, [run["settled_run"] for run in runs])
            con.execute(settled.values(is_settled=True), runs)


def open_ledger(settings: Settings) -> Ledger:
    """The ledger of an installation, its tables made on first use."""
    return Ledger(settings.ledger_url)


def _chunks(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _configure_sqlite(connection: Any, _record: object) -> None:
    """Write-ahead log, and a real sync to disk at every commit, but for what `durability` says."""
    cursor = connection.cursor()
    cursor.execute("pragma busy_timeout = 30000")
    cursor.execute("pragma journal_mode = wal")
    cursor.execute("pragma synchronous = full")
    cursor.execute(f"pragma wal_autocheckpoint = {LOG_PAGES}")
    cursor.close()
