"""Plans a sync: what would be created, updated and removed, which rows cannot be, and whether guards let it pass."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from rich.table import Table

from activations import canonical, destinations, summary, tables
from activations.diff import Shape, compare
from activations.syncs import Sync
from warehouse import clock
from warehouse.connection import transaction
from warehouse.dialect import ident, literal

KEPT_PLANS = 10  # plans per sync whose rows stay in activations.plan_rows
TO_SEND = ("create", "update", "remove")
SAMPLES = 5


@dataclass(frozen=True)
class Plan:
    """What one sync would do. `counts` holds every operation of the diff; `reason` says why it must not, or cannot."""

    plan_id: str
    sync: Sync
    as_of: datetime
    planned_at: datetime
    counts: Mapping[str, int]
    requests: int
    minutes: float
    acknowledged: int
    changed_columns: Mapping[str, int] = field(default_factory=dict)
    invalid: tuple[tuple[str, str, int], ...] = ()
    is_blocked: bool = False
    reason: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def rows_in(self) -> int:
        """Rows of the model, plus rows to remove."""
        return sum(self.counts.values())

    @property
    def to_send(self) -> int:
        """Rows that would leave the process."""
        return sum(self.counts[name] for name in TO_SEND)

    @property
    def priority(self) -> int:
        """Who goes first where syncs share an account: messages, then changes, then what is sent for the first time."""
        if self.sync.mode == "append":
            return 0
        return 1 if self.acknowledged else 2

    def __rich__(self) -> Table:
        return summary.table(self)


def make(
    con: duckdb.DuckDBPyConnection,
    sync: Sync,
    as_of: datetime,
    salt: str,
    *,
    store: bool = True,
    override: bool = False,
) -> tuple[Plan, pa.Table]:
    """Plan `sync` as of `as_of`; returns the plan and its rows to send (empty when blocked).

    With `store` the plan and its rows are written to `activations.plans` and `plan_rows` in one transaction.
    `override` lets a plan pass that its guards would stop. Raises DefinitionError.
    """
    tables.ensure(con)
    shape, counts = compare(con, sync, as_of)
    plan = replace(_measure(con, sync, as_of, counts), columns=shape.columns)
    reason = _guard(plan)
    if reason and not override:
        plan = replace(plan, is_blocked=True, reason=reason)
    _rows(con, plan, shape, salt)
    plan = replace(plan, changed_columns=_changed(con), invalid=_invalid(con))
    if store:
        _store(con, plan)
    sent = ", ".join(literal(name) for name in TO_SEND)
    rows = con.sql(
        f"select seq, key_hash, operation, row_hash, changed_columns, payload, before, vendor_id, "
        f"contact_id, attempt from act_rows where operation in ({sent}) and {literal(not plan.is_blocked)} order by seq"
    ).to_arrow_table()
    return plan, rows


def _measure(
    con: duckdb.DuckDBPyConnection, sync: Sync, as_of: datetime, counts: dict[str, int]
) -> Plan:
    known = con.execute(
        "select count(*) from activations.acknowledged where sync = ?", [sync.name]
    ).fetchall()[0][0]
    connector = destinations.connector(sync.destination)
    requests = connector.requests_for(sum(counts[name] for name in TO_SEND))
    slowest = max((rate.seconds / rate.count for rate in connector.rates), default=0.0)
    return Plan(
        plan_id=uuid.uuid4().hex[:16],
        sync=sync,
        as_of=as_of,
        planned_at=clock.now(),
        counts=counts,
        requests=requests,
        minutes=requests * slowest / 60,
        acknowledged=int(known),
    )


def _guard(plan: Plan) -> str | None:
    """Why the plan must not be delivered. The first run of a sync has nothing to change, so only `min_rows` holds."""
    guards, counts = plan.sync.guards, plan.counts
    model_rows = plan.rows_in - counts["remove"]
    if model_rows < plan.sync.min_rows:
        return (
            f"{plan.sync.name} has {model_rows:,} rows, fewer than min_rows = {plan.sync.min_rows:,}. "
            f"Look why the model shrank, or lower the guard in {plan.sync.path}."
        )
    touched = counts["update"] + counts["remove"]
    if plan.acknowledged and touched / plan.acknowledged > guards.max_change_fraction:
        return (
            f"{touched:,} of {plan.acknowledged:,} accepted rows would be updated or removed "
            f"({touched / plan.acknowledged:.0%}), more than max_change_fraction = {guards.max_change_fraction:.0%}. "
            f"Look at the plan; if it is meant, raise the guard in {plan.sync.path} or override it for one run."
        )
    return None


def _rows(con: duckdb.DuckDBPyConnection, plan: Plan, shape: Shape, salt: str) -> None:
    """Fill `act_rows`: everything that is not unchanged, in the order of its key."""
    sync = plan.sync
    connector = destinations.connector(sync.destination)
    hashed = [name for name in shape.columns if name != sync.key]
    kept = [name for name in connector.remembers if name in hashed]
    con.execute(f"""
        create or replace temp table act_rows as
        with picked as (
            select x.*, d.act_contact_id, d.row_hash,
                {literal(canonical.mapping(hashed))} as mapping,
                {canonical.column_hashes(hashed, "d")} as column_hashes,
                case when x.operation in ('create', 'update')
                    then {canonical.payload(shape.columns, "d")} end as payload,
                {canonical.payload(kept, "d")} as remembered
            from act_diff as x left join act_desired as d on x.rid = d.rid
            where x.operation <> 'unchanged'
        )
        select {literal(plan.plan_id)} as plan_id,
            row_number() over (order by n.key, n.column_hashes, n.rid) as seq,
            n.operation, n.key,
            left(sha256({literal(salt)} || n.key), 32) as key_hash,
            n.act_contact_id as contact_id, n.row_hash, n.mapping,
            case when n.row_hash is not null then n.column_hashes end as column_hashes,
            case when n.operation = 'update' and a.key is not null then {canonical.changed("n", "a")}
            end as changed_columns,
            case when n.operation = 'remove' then cast(json_object({literal(sync.key)}, n.key) as varchar)
                else n.payload end as payload,
            n.remembered, a.remembered as before, a.vendor_id, n.attempt, n.reason
        from picked as n
        left join (select * from activations.acknowledged where sync = {literal(sync.name)}) as a
            on n.key = a.key""")


def _changed(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = con.execute(
        "select name, count(*) from (select unnest(changed_columns) as name from act_rows) "
        "group by name order by count(*) desc, name"
    ).fetchall()
    return {str(name): int(count) for name, count in rows}


def _invalid(con: duckdb.DuckDBPyConnection) -> tuple[tuple[str, str, int], ...]:
    """Samples of invalid rows as (reason, keyed hash or '', rows)."""
    rows = con.execute(
        "select reason, coalesce(key_hash, ''), count(*) from act_rows where operation = 'invalid' "
        f"group by all order by 1, 2 limit {SAMPLES}"
    ).fetchall()
    return tuple((str(reason), str(key), int(count)) for reason, key, count in rows)


def _store(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    values: dict[str, Any] = {
        "plan_id": plan.plan_id,
        "sync": plan.sync.name,
        "destination": plan.sync.destination,
        "object": plan.sync.object,
        "mode": plan.sync.mode,
        "as_of": clock.naive(plan.as_of),
        "planned_at": clock.naive(plan.planned_at),
        "state": "blocked" if plan.is_blocked else "planned" if plan.to_send else "empty",
        "reason": plan.reason,
        "rows_in": plan.rows_in,
        **{f"{name}s": plan.counts[name] for name in TO_SEND},
        **{
            name: plan.counts[name]
            for name in ("unchanged", "invalid", "waiting", "parked", "in_doubt", "submitted")
        },
        "requests": plan.requests,
        "minutes": plan.minutes,
    }
    names = ", ".join(ident(name) for name in values)
    with transaction(con):
        con.execute(
            f"insert into activations.plans ({names}) values ({', '.join('?' * len(values))})",
            list(values.values()),
        )
        con.execute("insert into activations.plan_rows by name select * from act_rows")
        con.execute(
            "delete from activations.plan_rows where plan_id in (select plan_id from activations.plans "
            "where sync = ? and in_doubt = 0 and coalesce(submitted, 0) = 0 "
            f"qualify row_number() over (order by planned_at desc) > {KEPT_PLANS})",
            [plan.sync.name],
        )
