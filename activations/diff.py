"""Compares the rows a sync wants with the rows its destination accepted: one null-safe full join, set-based.

Leaves temporary tables behind on the connection: `act_desired` (key and hash of each model row), `act_diff` (one row
per model row or removed key, with the operation) and `act_values` (the columns of each row that is not unchanged).
The warehouse is held meanwhile, so that all of them see one version of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from activations import canonical, destinations, learned
from activations.errors import DefinitionError, LedgerError
from activations.syncs import SUPPRESSED, Sync
from warehouse.clock import naive
from warehouse.dialect import ident, literal

OPERATIONS = (
    "create", "update", "remove", "unchanged", "invalid", "waiting", "parked", "in_doubt", "submitted",
    "suppressed",
)  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """The columns of a sync's relation: all that are sent, in the model's order."""

    columns: tuple[str, ...]
    has_contact_id: bool


def compare(
    con: duckdb.DuckDBPyConnection, sync: Sync, as_of: datetime
) -> tuple[Shape, dict[str, int]]:
    """Fill the three tables; returns the relation's shape and the number of rows per operation."""
    shape, source, values = _read(con, sync)
    con.execute(
        "create or replace temp table act_double as select k from act_desired "
        "where k is not null group by k having count(*) > 1"
    )
    con.execute(f"create or replace temp table act_diff as {_diff(sync, as_of)}")
    counted = dict(
        con.execute("select operation, count(*) from act_diff group by operation").fetchall()
    )
    check(con, sync)
    # Only what moves is written out: of ten million rows that are mostly unchanged, little.
    con.execute(
        f"create or replace temp table act_values as select rowid as rid, {values} from {source} "
        "where rowid in (select rid from act_diff where operation <> 'unchanged')"
    )
    return shape, {name: int(counted.get(name, 0)) for name in OPERATIONS}


def check(con: duckdb.DuckDBPyConnection, sync: Sync) -> None:
    """Whether the comparison holds each row of the model once; counted apart from it. Raises LedgerError."""
    ((rows, placed),) = con.execute(
        "select (select count(*) from act_desired), (select count(rid) from act_diff)"
    ).fetchall()
    if rows != placed:
        raise LedgerError(
            f"{sync.name}: the model has {rows:,} rows, the comparison {placed:,}: {abs(rows - placed):,} "
            f"{'missing' if rows > placed else 'too many'}"
        )


def _read(con: duckdb.DuckDBPyConnection, sync: Sync) -> tuple[Shape, str, str]:
    """Fill `act_desired`; returns the shape, the relation whose row ids it holds, and the columns as SQL."""
    try:
        described = con.execute(f"describe {sync.relation}").fetchall()
    except duckdb.CatalogException as error:
        raise DefinitionError(
            f"{sync.path}: {sync.relation} is not built yet; run `millrace run refresh`"
        ) from error
    types = {str(row[0]): str(row[1]) for row in described}
    if sync.key not in types:
        raise DefinitionError(
            f"{sync.path}: key {sync.key!r} is none of its columns ({', '.join(types)})"
        )
    required = destinations.connector(sync.destination).required.get(sync.object, ())
    if missing := [name for name in required if name not in types]:
        raise DefinitionError(
            f"{sync.path}: {sync.destination} {sync.object} needs the column {missing[0]!r}"
        )
    sent = tuple(name for name in types if name not in sync.internal)
    values = {name: canonical.value(name, types[name], sync.path) for name in sent}
    values[sync.key] = f"trim(cast({ident(sync.key)} as varchar))"
    hashed = [name for name in sent if name != sync.key]
    selected = ", ".join(f"{sql} as {ident(name)}" for name, sql in values.items())
    contact = "cast(contact_id as varchar)" if "contact_id" in types else "cast(null as varchar)"
    stopped = f"cast({SUPPRESSED} as varchar)" if SUPPRESSED in types else "cast(null as varchar)"
    source = _with_row_ids(con, sync)
    con.execute(
        f"create or replace temp table act_desired as "
        f"select m.rid, {canonical.key(ident('m', sync.key))} as k, m.act_contact_id, m.act_stopped, "
        f"{learned.why(con, sync)} as act_learned, "
        f"{canonical.row_hash(hashed, 'm')} as row_hash from (select rowid as rid, "
        f"{contact} as act_contact_id, {stopped} as act_stopped, {selected} from {source}) as m"
    )
    return Shape(sent, "contact_id" in types), source, selected


def _with_row_ids(con: duckdb.DuckDBPyConnection, sync: Sync) -> str:
    """The sync's relation where it is a table; a copy of it where it is a view, which has no row ids."""
    try:
        con.execute(f"select rowid from {sync.relation} limit 0")
    except duckdb.BinderException:
        con.execute(f"create or replace temp table act_model as select * from {sync.relation}")
        return "act_model"
    return sync.relation


def _diff(sync: Sync, as_of: datetime) -> str:
    gone = "'remove'" if sync.mode == "mirror" else "null"
    changed = (
        "'unchanged'"
        if sync.mode == "append"
        else ("case when d.row_hash is distinct from a.row_hash then 'update' else 'unchanged' end")
    )
    # Whom nothing may be sent to leaves a mirror, if it was there.
    stopped = (
        "case when a.key is not null then 'remove' else 'suppressed' end"
        if sync.mode == "mirror"
        else "'suppressed'"
    )
    new = "'update'" if sync.mode == "update" else "'create'"
    name, moment = literal(sync.name), literal(naive(as_of))
    # What nobody knows the outcome of is left alone, newer value or not, until the vendor was asked.
    return f"""
        with wanted as (
            select d.rid, coalesce(d.k, a.key) as key, d.row_hash, d.act_learned as learned,
                case
                    when d.rid is null then {gone}
                    when d.k is null or twice.k is not null then 'invalid'
                    when d.act_stopped is not null then {stopped}
                    when a.key is null then {new}
                    else {changed}
                end as wish,
                case
                    when d.rid is not null and d.k is null then 'the key is empty'
                    when twice.k is not null then 'the key stands on more than one row'
                    else d.act_stopped
                end as reason
            from act_desired as d
            full join (select key, row_hash from activations.acknowledged where sync = {name}) as a
                on d.k = a.key
            left join act_double as twice on d.k = twice.k
        ),
        judged as (
            select w.*, r.attempts, r.message,
                r.state as retry_state,
                r.row_hash is not distinct from w.row_hash as is_same,
                r.next_attempt_at > {moment} as is_early
            from wanted as w
            left join (select * from activations.retries where sync = {name}) as r on w.key = r.key
            where w.wish is not null
        )
        select rid, key, wish,
            case
                when wish not in ('create', 'update', 'remove') then wish
                when retry_state in ('in_doubt', 'submitted') then retry_state
                when retry_state = 'barred' or (retry_state = 'parked' and is_same) then 'parked'
                when learned is not null then 'suppressed'
                when retry_state = 'waiting' and is_same and is_early then 'waiting'
                else wish
            end as operation,
            case when is_same then coalesce(attempts, 0) else 0 end + 1 as attempt,
            coalesce(reason, case when retry_state = 'barred' then message end, learned, message) as reason
        from judged"""
