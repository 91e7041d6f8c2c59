"""Brings outcomes home: receipts as rows, acknowledged state moved forward for accepted rows only, retries scheduled.

One warehouse transaction, then the ledger's mark. Killed between the two, the same outcomes come again and change
nothing: receipts have keys of their own, and state never moves back to an older plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from activations import destinations, learned, tables
from activations.ledger import Ledger
from activations.schema import OUTCOMES
from warehouse import clock
from warehouse.connection import connect, transaction
from warehouse.dialect import literal
from warehouse.load import last_batch
from warehouse.settings import Settings

MOST_ATTEMPTS = 5
FIRST_WAIT = timedelta(minutes=10)
WAIT_FACTOR = 3
TEXTS = (
    "run_id",
    "sync",
    "key_hash",
    "operation",
    "state",
    "vendor_id",
    "code",
    "message",
    "learned",
    "contact_id",
)
MOMENTS = ("planned_at", "attempted_at", "next_attempt_at")
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in TEXTS),
        *((name, pa.timestamp("us")) for name in MOMENTS),
        ("seq", pa.int64()),
        ("attempt", pa.int64()),
        ("is_permanent", pa.bool_()),
    ]
)


# What the connectors say of each run's rows, whatever the plan's table holds of it.
RUNS = pa.schema(
    [
        (name, pa.string())
        for name in ("run_id", "destination", "object", "mode", "channel", "address", "closes")
    ]
)


@dataclass(frozen=True)
class Settlement:
    """How many outcomes came home and how many receipts they made."""

    rows: int
    receipts: int


def settle(settings: Settings, ledger: Ledger, sync: str | None = None) -> Settlement:
    """Bring every outcome of closed runs home, of one sync or of all."""
    rows = ledger.unsettled(sync)
    if not rows:
        return Settlement(0, 0)
    runs = ledger.runs(sorted({str(row["run_id"]) for row in rows}))
    with connect(settings) as con:
        receipts = write(con, rows, runs, clock.as_of(settings))
    ledger.mark_settled(rows)
    return Settlement(len(rows), receipts)


def write(
    con: duckdb.DuckDBPyConnection,
    rows: Sequence[Mapping[str, Any]],
    runs: Sequence[Mapping[str, Any]],
    as_of: datetime,
) -> int:
    """The warehouse's half, in one transaction; returns the number of new receipts.

    What an answer teaches about an address holds from the answer on, or from `as_of` where the clock stands earlier.
    """
    tables.ensure(con)
    con.register("act_runs_in", pa.Table.from_pylist([_told(run) for run in runs], schema=RUNS))
    con.execute("create or replace temp table act_runs as select * from act_runs_in")
    con.unregister("act_runs_in")
    outcomes = pa.Table.from_pylist([_outcome(row) for row in rows], schema=SCHEMA)
    con.register("act_outcomes_in", outcomes)
    con.execute("create or replace temp table act_outcomes as select * from act_outcomes_in")
    con.unregister("act_outcomes_in")
    con.execute(RESOLVED)
    with transaction(con):
        before = _count(con)
        con.execute(RECEIPTS, [clock.naive(clock.now()), last_batch(con) + 1])
        con.execute(learned.OPT_OUTS, [clock.naive(as_of)])
        for statement in (FORGET, ACKNOWLEDGE, CLEAR_RETRIES, RETRY):
            con.execute(statement)
        for run in runs:
            con.execute(
                f"update activations.plans set state = 'delivered', "
                f"{', '.join(f'{name} = ?' for name in OUTCOMES)}, reason = coalesce(reason, ?) where plan_id = ?",
                [*(run[name] for name in OUTCOMES), run["reason"], run["run_id"]],
            )
        return _count(con) - before


def _told(run: Mapping[str, Any]) -> dict[str, Any]:
    """What a run was about, and which column holds the address that an answer may close."""
    target = json.loads(run["target"])
    told = {"run_id": run["run_id"], "destination": run["destination"]}
    told |= {"object": target.get("object"), "mode": target.get("mode")}
    if run["destination"] in destinations.names():
        connector = destinations.connector(run["destination"])
        closes, address = connector.addresses.get(str(told["object"]), (None, None))
        told |= {"channel": closes or connector.channel, "closes": closes, "address": address}
    return told


def _outcome(row: Mapping[str, Any]) -> dict[str, Any]:
    wait = FIRST_WAIT * WAIT_FACTOR ** (row["attempt"] - 1)
    return {
        **{name: row.get(name) for name in SCHEMA.names},
        "next_attempt_at": row["as_of"] + wait,
    }


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute(f"select count(*) from {tables.RECEIPTS}").fetchall()[0][0])


# Outcomes with what the plan knew of the row.
RESOLVED = """
    create or replace temp table act_resolved as
    select o.*, p.key, p.row_hash, p.quick_hash, p.mapping, p.column_hashes, p.remembered,
        p.vendor_id as known_vendor_id, r.destination, r.object, r.mode, r.channel, r.closes,
        json_extract_string(p.payload, '$."' || r.address || '"') as address,
        json_extract_string(p.payload, '$.campaign') as campaign,
        md5(concat_ws('/', o.run_id, o.seq, o.state)) as receipt_id
    from act_outcomes as o
    left join act_runs as r on o.run_id = r.run_id
    left join activations.plan_rows as p on o.run_id = p.plan_id and o.seq = p.seq"""

# A row in doubt that is resolved later gets a second receipt; a deferred row that was never handed over gets none.
RECEIPTS = f"""
    insert into {tables.RECEIPTS} by name
    select receipt_id, sync, run_id, key_hash as entity_key_hash, contact_id, operation,
        case state when 'acked' then 'delivered' else state end as outcome,
        coalesce(vendor_id, known_vendor_id) as vendor_id, code, message,
        coalesce(attempted_at, planned_at) as attempted_at, destination, object, mode, channel,
        campaign, planned_at, cast(? as timestamp) as received_at, cast(? as bigint) as batch
    from act_resolved
    where (attempted_at is not null or state = 'rejected') and state not in ('suppressed', 'submitted')
        and receipt_id not in (select receipt_id from {tables.RECEIPTS})"""

# 'suppressed' here means the ledger knew of an earlier send: the warehouse learns it again.
ACCEPTED = "o.state in ('acked', 'suppressed')"

FORGET = f"""
    delete from activations.acknowledged as a using act_resolved as o
    where a.sync = o.sync and a.key = o.key and {ACCEPTED} and a.planned_at <= o.planned_at"""

ACKNOWLEDGE = f"""
    insert into activations.acknowledged by name
    select o.sync, o.key, o.key_hash, o.row_hash, o.quick_hash, o.mapping, o.column_hashes, o.remembered,
        coalesce(o.vendor_id, o.known_vendor_id) as vendor_id, o.run_id, o.planned_at,
        coalesce(o.attempted_at, o.planned_at) as acknowledged_at
    from act_resolved as o
    left join activations.acknowledged as a on a.sync = o.sync and a.key = o.key
    where {ACCEPTED} and o.operation <> 'remove' and o.key is not null and a.key is null"""

# Deferred rows say nothing about the row itself, so what was known of its rejections stays; a row that was in
# doubt or in a job and never arrived is free again.
CLEAR_RETRIES = f"""
    delete from activations.retries as r using act_resolved as o
    where r.sync = o.sync and r.key = o.key and r.planned_at <= o.planned_at
        and ({ACCEPTED} or o.state in ('rejected', 'in_doubt', 'submitted')
            or (o.state = 'deferred' and r.state in ('in_doubt', 'submitted')))"""

RETRY = f"""
    insert into activations.retries by name
    select o.sync, o.key, o.row_hash,
        case
            when o.state in ('in_doubt', 'submitted') then o.state
            when o.is_permanent then 'barred'
            when o.attempt >= {literal(MOST_ATTEMPTS)} then 'parked'
            else 'waiting'
        end as state,
        o.attempt as attempts, o.next_attempt_at, o.code, o.message, o.run_id, o.planned_at
    from act_resolved as o
    left join activations.retries as r on r.sync = o.sync and r.key = o.key
    where o.state in ('rejected', 'in_doubt', 'submitted') and o.key is not null and r.key is null"""
