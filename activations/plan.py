"""Plans a sync: what would be created, updated and removed, which rows cannot be, and whether guards let it pass."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from rich.table import Table

from activations import canonical, destinations, gates, held_scores, summary, tables, withheld
from activations.connector import Connector
from activations.diff import Shape, compare, refresh
from activations.gates import TO_SEND
from activations.syncs import Sync
from warehouse import clock
from warehouse.connection import transaction
from warehouse.dialect import ident, literal

KEPT_PLANS = 10  # plans per sync whose rows stay in activations.plan_rows
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
    suppressed: tuple[tuple[str, str, int], ...] = ()
    is_blocked: bool = False
    reason: str | None = None
    gate: str | None = None
    billed: float = 0.0
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
    plan = replace(_outline(con, sync, as_of, counts), columns=shape.columns)
    _rows(con, plan, shape, salt)
    if _sort_out_large(con, sync):
        plan = replace(plan, counts=_recounted(con, counts))
    if not override:
        guard = _guard(plan) or held_scores.objection(con, sync)
        verdict = gates.judge(con, sync, shape.columns, guard, plan.planned_at)
        plan = replace(
            plan, gate=verdict.gate, reason=verdict.reason, is_blocked=verdict.is_blocked
        )
        if not plan.is_blocked:
            plan = replace(plan, counts=_recounted(con, counts))
    plan = replace(plan, changed_columns=_changed(con), invalid=_reasons(con, "invalid"))
    plan = replace(plan, suppressed=_reasons(con, "suppressed"))
    plan = _measured(plan, len(shape.columns) - 1)
    if store:
        _store(con, plan)
    sent = ", ".join(literal(name) for name in TO_SEND)
    rows = con.sql(
        f"select seq, key_hash, operation, row_hash, changed_columns, payload, before, vendor_id, "
        f"contact_id, attempt from act_rows where operation in ({sent}) and {literal(not plan.is_blocked)} order by seq"
    ).to_arrow_table()
    return plan, rows


def _outline(
    con: duckdb.DuckDBPyConnection, sync: Sync, as_of: datetime, counts: dict[str, int]
) -> Plan:
    known = con.execute(
        "select count(*) from activations.acknowledged where sync = ?", [sync.name]
    ).fetchall()[0][0]
    return Plan(
        plan_id=uuid.uuid4().hex[:16],
        sync=sync,
        as_of=as_of,
        planned_at=clock.now(),
        counts={**counts, "held": 0},
        requests=0,
        minutes=0.0,
        acknowledged=int(known),
    )


def _sort_out_large(con: duckdb.DuckDBPyConnection, sync: Sync) -> int:
    """Make rows invalid that the vendor would never take for their size, and say how many; what is empty is not sent.

    The form that goes out may be a little larger: delivery measures it once more.
    """
    most = destinations.connector(sync.destination).row_bytes.get(sync.object)
    if most is None:
        return 0
    reason = f"the row takes more than the {most:,} bytes that {sync.destination} allows"
    changed = con.execute(
        f"update act_rows set operation = 'invalid', wish = 'invalid', reason = {literal(reason)} "
        f"where operation in ('create', 'update') and strlen(payload) > {literal(most)} "
        f"and strlen(cast(json_merge_patch('{{}}', payload) as varchar)) > {literal(most)}"
    ).fetchall()
    return int(changed[0][0])


def _recounted(con: duckdb.DuckDBPyConnection, counts: dict[str, int]) -> dict[str, int]:
    """The counts by what became of each row since."""
    query = "select operation, count(*) from act_rows group by operation"
    found = {str(name): int(count) for name, count in con.execute(query).fetchall()}
    return {
        **{name: found.get(name, 0) for name in (*counts, "held")},
        "unchanged": counts["unchanged"],
    }


def _measured(plan: Plan, columns: int) -> Plan:
    """The plan with what it takes: requests, time at the vendor's rates, and what the vendor counts on its bill."""
    connector = destinations.connector(plan.sync.destination)
    requests = connector.requests_for(plan.to_send) if plan.to_send else 0
    return replace(
        plan,
        requests=requests,
        minutes=minutes(connector, plan.to_send, requests),
        billed=billed(connector, plan, requests, columns),
    )


def minutes(connector: type[Connector], rows: int, requests: int) -> float:
    """How long the rates make so many requests take, at least: full windows before the last one."""
    used = connector.used_by_rate(rows)
    longest = 0.0
    for rate in connector.rates:
        amount = used.get(rate.name, requests)
        longest = max(longest, max(0, amount - 1) // rate.count * rate.seconds)
    return longest / 60


def billed(connector: type[Connector], plan: Plan, requests: int, columns: int) -> float:
    """What the vendor will count on its bill, at least; a new row has a value for each of `columns`."""
    bill = connector.bill
    if bill is None:
        return 0.0
    values = plan.counts["create"] * columns + sum(plan.changed_columns.values())
    units = {"row": plan.to_send, "value": values, "request": requests}[bill.per]
    return units * bill.count


def _guard(plan: Plan) -> str | None:
    """Why the plan must not be delivered. The first run of a sync has nothing to change, so only `min_rows` holds."""
    guards, counts = plan.sync.guards, plan.counts
    model_rows = plan.rows_in - counts["remove"]
    if model_rows < plan.sync.min_rows:
        return (
            f"{plan.sync.name} has {model_rows:,} rows, fewer than min_rows = {plan.sync.min_rows:,}. "
            f"Look why the model shrank, or lower the guard in {plan.sync.path}."
        )
    if guards.max_first_rows and not plan.acknowledged and plan.to_send > guards.max_first_rows:
        return (
            f"the first run would send {plan.to_send:,} rows, more than max_first_rows = {guards.max_first_rows:,}. "
            f"Look at the plan; if it is meant, approve it or raise the guard in {plan.sync.path}."
        )
    touched = counts["update"] + counts["remove"]
    if plan.acknowledged and touched / plan.acknowledged > guards.max_change_fraction:
        return (
            f"{touched:,} of {plan.acknowledged:,} accepted rows would be updated or removed "
            f"({touched / plan.acknowledged:.0%}), more than max_change_fraction = {guards.max_change_fraction:.0%}. "
            f"Look at the plan; if it is meant, `millrace approve {plan.sync.name}`, "
            f"or raise the guard in {plan.sync.path}."
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
        with moved as (
            select * from act_diff where operation <> 'unchanged'
        ),
        desired as (
            select rid, act_contact_id, row_hash, quick_hash from act_desired
            where rid in (select rid from moved)
        ),
        accepted as (
            select key, mapping, column_hashes, remembered, vendor_id from activations.acknowledged
            where sync = {literal(sync.name)} and key in (select key from moved)
        ),
        picked as (
            select x.*, d.act_contact_id, d.row_hash, d.quick_hash,
                {literal(canonical.mapping(hashed))} as mapping,
                {canonical.column_hashes(hashed, "v")} as column_hashes,
                case when x.operation in ('create', 'update')
                    then {canonical.payload(shape.columns, "v")} end as payload,
                {canonical.payload(kept, "v")} as remembered
            from moved as x
            left join desired as d on x.rid = d.rid
            left join act_values as v on x.rid = v.rid
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
            n.remembered, a.remembered as before, a.vendor_id, n.attempt, n.reason,
            n.operation as wish, n.quick_hash
        from picked as n
        left join accepted as a on n.key = a.key""")


def _changed(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    rows = con.execute(
        "select name, count(*) from (select unnest(changed_columns) as name from act_rows "
        "where wish = 'update') "
        "group by name order by count(*) desc, name"
    ).fetchall()
    return {str(name): int(count) for name, count in rows}


def _reasons(con: duckdb.DuckDBPyConnection, operation: str) -> tuple[tuple[str, str, int], ...]:
    """Samples of invalid or suppressed rows as (reason, keyed hash or '', rows)."""
    rows = con.execute(
        "select reason, coalesce(key_hash, ''), count(*) from act_rows "
        f"where operation = {literal(operation)} group by all order by 1, 2 limit {SAMPLES}"
    ).fetchall()
    return tuple((str(reason), str(key), int(count)) for reason, key, count in rows)


def _store(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    bill = destinations.connector(plan.sync.destination).bill
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
            for name in (
                "unchanged",
                "invalid",
                "waiting",
                "parked",
                "in_doubt",
                "submitted",
                "suppressed",
                "held",
            )
        },
        "requests": plan.requests,
        "minutes": plan.minutes,
        "changed_columns": json.dumps(dict(plan.changed_columns)),
        "billed": plan.billed,
        "billed_unit": bill.unit if bill else None,
        "gate": plan.gate,
        "definition": gates.definition(plan.sync, plan.columns),
    }
    names = ", ".join(ident(name) for name in values)
    forgotten = clock.naive(plan.planned_at - gates.VALID_FOR)
    with transaction(con):
        con.execute(
            f"insert into activations.plans ({names}) values ({', '.join('?' * len(values))})",
            list(values.values()),
        )
        con.execute("insert into activations.plan_rows by name select * from act_rows")
        refresh(con, plan.sync)
        withheld.record(con, plan.sync, plan.planned_at)
        con.execute(
            "delete from activations.plan_rows where plan_id in (select plan_id from activations.plans "
            "where sync = ? and in_doubt = 0 and coalesce(submitted, 0) = 0 "
            f"and (approved_at is null or approved_at < {literal(forgotten)}) "
            f"qualify row_number() over (order by planned_at desc) > {KEPT_PLANS})",
            [plan.sync.name],
        )
