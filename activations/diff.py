"""Compares the rows a sync wants with the rows its destination accepted: one null-safe full join, set-based.

A first join, by key and a quick hash, tells apart what has not changed; only the rest is written out and looked at by
its own values. Leaves temporary tables behind on the connection: `act_close` (one row per model row or accepted key),
`act_desired` (key and hashes of each model row that may have changed), `act_values` (their columns) and `act_diff`
(one row for each of them, or for a removed key, with the operation).
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


@dataclass(frozen=True)
class _Relation:
    """A sync's relation as SQL: where its row ids are, its columns as they are compared, and the internal ones."""

    source: str
    values: dict[str, str]
    hashed: list[str]
    quick: str
    contact: str
    stopped: str


def compare(
    con: duckdb.DuckDBPyConnection, sync: Sync, as_of: datetime
) -> tuple[Shape, dict[str, int]]:
    """Fill the tables; returns the relation's shape and the number of rows per operation."""
    shape, relation = _read(con, sync)
    ((rows, known),) = con.execute(
        f"select (select count(*) from {relation.source}), "
        f"(select count(*) from activations.acknowledged where sync = {literal(sync.name)})"
    ).fetchall()
    con.execute("create or replace temp table act_double (k varchar)")
    con.execute(f"create or replace temp table act_close as {_close(sync, relation)}")
    if _is_ambiguous(con, known):
        con.execute(f"create or replace temp table act_double as {_doubles(sync, relation)}")
        con.execute(f"create or replace temp table act_close as {_close(sync, relation)}")
    _write_out(con, sync, relation)
    con.execute(
        "insert into act_double select k from act_desired where k is not null "
        "and k not in (select k from act_double) group by k having count(*) > 1"
    )
    con.execute(f"create or replace temp table act_diff as {_diff(sync, as_of)}")
    counted = dict(
        con.execute("select operation, count(*) from act_diff group by operation").fetchall()
    )
    same = check(con, sync, rows)
    counted["unchanged"] = int(counted.get("unchanged", 0)) + same
    return shape, {name: int(counted.get(name, 0)) for name in OPERATIONS}


def check(con: duckdb.DuckDBPyConnection, sync: Sync, rows: int) -> int:
    """Whether the comparison holds each of the model's `rows` once; counted apart from it. Raises LedgerError.

    Returns how many rows the first join found unchanged.
    """
    ((same, placed),) = con.execute(
        "select (select count(*) from act_close where is_same), (select count(rid) from act_diff)"
    ).fetchall()
    if rows != same + placed:
        raise LedgerError(
            f"{sync.name}: the model has {rows:,} rows, the comparison {same + placed:,}: "
            f"{abs(rows - same - placed):,} {'missing' if rows > same + placed else 'too many'}"
        )
    return int(same)


def refresh(con: duckdb.DuckDBPyConnection, sync: Sync) -> None:
    """Remember the quick hashes of rows that proved unchanged only by `row_hash`: by now they are made another way."""
    con.execute(
        "update activations.acknowledged as a set quick_hash = d.quick_hash "
        "from act_diff as x join act_desired as d on x.rid = d.rid "
        f"where x.operation = 'unchanged' and a.sync = {literal(sync.name)} and a.key = x.key"
    )


def _read(con: duckdb.DuckDBPyConnection, sync: Sync) -> tuple[Shape, _Relation]:
    """What the sync's relation looks like. Raises DefinitionError."""
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
    # What is only changed is there, whole, already.
    is_made = sync.mode != "update"
    required = (
        destinations.connector(sync.destination).required.get(sync.object, ()) if is_made else ()
    )
    if missing := [name for name in required if name not in types]:
        raise DefinitionError(
            f"{sync.path}: {sync.destination} {sync.object} needs the column {missing[0]!r}"
        )
    sent = tuple(name for name in types if name not in sync.internal)
    values = {name: canonical.value(name, types[name], sync.path) for name in sent}
    values[sync.key] = f"trim(cast({ident(sync.key)} as varchar))"
    hashed = [name for name in sent if name != sync.key]
    nothing = "cast(null as varchar)"
    relation = _Relation(
        source=_with_row_ids(con, sync),
        values=values,
        hashed=hashed,
        quick=canonical.quick_hash({name: (types[name], values[name]) for name in hashed}),
        contact="cast(contact_id as varchar)" if "contact_id" in types else nothing,
        stopped=f"cast({SUPPRESSED} as varchar)" if SUPPRESSED in types else nothing,
    )
    return Shape(sent, "contact_id" in types), relation


def _with_row_ids(con: duckdb.DuckDBPyConnection, sync: Sync) -> str:
    """The sync's relation where it is a table; a copy of it where it is a view, which has no row ids."""
    try:
        con.execute(f"select rowid from {sync.relation} limit 0")
    except duckdb.BinderException:
        con.execute(f"create or replace temp table act_model as select * from {sync.relation}")
        return "act_model"
    return sync.relation


def _close(sync: Sync, relation: _Relation) -> str:
    """SQL for one row per model row or accepted key: whether it is surely the same; keys only of what is not."""
    is_same = "d.k = a.key" if sync.mode == "append" else "d.quick = a.quick_hash"
    return f"""
        with joined as (
            select d.rid, a.key is not null as is_known, coalesce(d.k, a.key) as key,
                coalesce(
                    d.rid is not null and d.k = a.key and {is_same} and d.stopped is null
                    and d.k not in (select k from act_double), false
                ) as is_same
            from (
                select rowid as rid, {canonical.key(ident(sync.key))} as k, {relation.quick} as quick,
                    {relation.stopped} as stopped
                from {relation.source}
            ) as d
            full join (
                select key, quick_hash from activations.acknowledged where sync = {literal(sync.name)}
            ) as a on d.k = a.key
        )
        select rid, is_known, is_same, case when not is_same then key end as key from joined"""


def _is_ambiguous(con: duckdb.DuckDBPyConnection, known: int) -> bool:
    """Whether several rows of the model found the same accepted key: more matches than keys that found one."""
    ((matches, left),) = con.execute(
        "select count(*) filter (rid is not null and is_known), count(*) filter (rid is null) from act_close"
    ).fetchall()
    return int(matches) != known - int(left)


def _doubles(sync: Sync, relation: _Relation) -> str:
    keys = f"select {canonical.key(ident(sync.key))} as k from {relation.source}"
    return f"select k from ({keys}) where k is not null group by k having count(*) > 1"


def _write_out(con: duckdb.DuckDBPyConnection, sync: Sync, relation: _Relation) -> None:
    """Fill `act_values` and `act_desired` with what is not surely the same: of ten million rows mostly little."""
    selected = ", ".join(f"{sql} as {ident(name)}" for name, sql in relation.values.items())
    con.execute(
        f"create or replace temp table act_values as select rowid as rid, {selected}, {relation.quick} as act_quick, "
        f"{relation.contact} as act_contact_id, {relation.stopped} as act_stopped from {relation.source} "
        "where rowid in (select rid from act_close where not is_same)"
    )
    con.execute(
        f"create or replace temp table act_desired as "
        f"select m.rid, {canonical.key(ident('m', sync.key))} as k, m.act_contact_id, m.act_stopped, "
        f"{learned.why(con, sync)} as act_learned, {canonical.row_hash(relation.hashed, 'm')} as row_hash, "
        "m.act_quick as quick_hash from act_values as m"
    )


def _diff(sync: Sync, as_of: datetime) -> str:
    gone = "'remove'" if sync.mode == "mirror" else "null"
    only_ours = "" if sync.mode == "mirror" else " and rid is not null"
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
            full join (
                select key, row_hash from activations.acknowledged
                where sync = {name} and key in (select key from act_close where not is_same{only_ours})
            ) as a on d.k = a.key
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
