"""Takes intended messages into the outbox, set-based: each natural key once, whatever is repeated."""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations import tables
from activations.errors import DefinitionError
from warehouse.clock import naive
from warehouse.dialect import ident, literal

CHANNELS = ("email", "sms", "onsite")
REQUIRED = ("source", "source_name", "channel", "message", "purpose")
# What a proposal may say, with its type and what stands where it says nothing (null = nothing).
TYPES = {
    "source": "varchar",
    "source_name": "varchar",
    "enrollment_id": "varchar",
    "step_id": "varchar",
    "visit": "bigint",
    "contact_id": "varchar",
    "address": "varchar",
    "channel": "varchar",
    "message": "varchar",
    "variant": "varchar",
    "purpose": "varchar",
    "priority": "bigint",
    "value": "double",
    "due_at": "timestamp",
    "expires_at": "timestamp",
    "zone": "varchar",
    "on_cap": "varchar",
    "data": "varchar",
    "propensity": "double",
    "choose_until": "timestamp",
    "explore": "double",
    "variants": "varchar",
}
DEFAULTS = {"visit": "0", "priority": "0", "value": "0.0", "data": "'{}'"}


def natural_key(alias: str) -> str:
    """SQL for `message_id`: md5 of source, its name, enrollment (or contact, or address), step and visit."""
    whose = f"coalesce({alias}.enrollment_id, {alias}.contact_id, {alias}.address, '')"
    parts = (
        f"{alias}.source, {alias}.source_name, {whose}, coalesce({alias}.step_id, ''), "
        f"cast(coalesce({alias}.visit, 0) as varchar)"
    )
    return f"md5(concat_ws(chr(31), {parts}))"


def propose(con: duckdb.DuckDBPyConnection, select_sql: str, as_of: datetime) -> int:
    """Put the rows of `select_sql` into the outbox as of `as_of`; returns how many are new.

    The query names its columns as the outbox does (see `TYPES`): source ('journey', 'campaign', 'form', …),
    source_name, channel (email, sms, onsite), message, purpose and contact_id or address are needed, the rest has
    defaults: `due_at` = `as_of`, `choose_until` null (else the dispatcher chooses an hour from `due_at` until then),
    `explore` = 0.1 (the share that goes to any of them), `variants` null ('predictive': the content model chooses),
     `visit` = 0, `priority` = 0, `value` = 0, `data` = '{}' (JSON text, the template's
    variables). The natural key is (source, source_name, enrollment_id, step_id, visit), with the contact, else the
    address, in place of an enrollment that is null. Existing keys are left as they are. A row that cannot be a
    message enters as `rejected` with its reason, so that nothing is lost. May be called inside a transaction.

    Raises DefinitionError for a column that the outbox does not have, or a needed one that is missing.
    """
    tables.ensure(con)
    given = [
        str(row[0]) for row in con.execute(f"describe select * from ({select_sql})").fetchall()
    ]
    if unknown := [name for name in given if name not in TYPES]:
        raise DefinitionError(
            f"a proposal has the column {unknown[0]!r}; the outbox takes {', '.join(TYPES)}"
        )
    if missing := [name for name in REQUIRED if name not in given]:
        raise DefinitionError(f"a proposal needs the column {missing[0]!r}")
    if "contact_id" not in given and "address" not in given:
        raise DefinitionError("a proposal needs the column 'contact_id' or 'address'")
    moment = literal(naive(as_of))
    defaults = {**DEFAULTS, "due_at": moment}

    def column(name: str, kind: str) -> str:
        if name not in given:
            return f"cast({defaults.get(name, 'null')} as {kind}) as {ident(name)}"
        value = f"cast({ident(name)} as {kind})"
        if name in defaults:
            value = f"coalesce({value}, {defaults[name]})"
        return f"{value} as {ident(name)}"

    columns = ", ".join(column(name, kind) for name, kind in TYPES.items())
    known = ", ".join(literal(name) for name in CHANNELS)
    before = _count(con)
    con.execute(f"""
        insert into activations.outbox by name
        with proposed as (select {columns} from ({select_sql})),
        keyed as (select {natural_key("p")} as message_id, p.* from proposed as p),
        judged as (
            select k.*, case
                when k.source is null or k.source_name is null then 'source or source_name is empty'
                when k.channel is null or k.channel not in ({known})
                    then concat('channel is ', coalesce('''' || k.channel || '''', 'empty'), ', not one of {
        ", ".join(CHANNELS)
    }')
                when k.message is null then 'message is empty'
                when k.purpose is null then 'purpose is empty'
                when k.contact_id is null and k.address is null then 'neither contact_id nor address is given'
                when k.on_cap not in ('defer', 'drop') then 'on_cap is neither defer nor drop'
                when try_cast(k.data as json) is null then 'data is no JSON'
            end as reason
            from keyed as k
            qualify row_number() over (
                partition by k.message_id order by k.due_at nulls last, k.contact_id nulls last
            ) = 1
        )
        select j.* exclude (reason), j.reason, {moment} as planned_at, {moment} as state_at,
            case when j.reason is null then 'planned' else 'rejected' end as state
        from judged as j
        where j.message_id not in (select message_id from activations.outbox)""")
    return _count(con) - before


def _count(con: duckdb.DuckDBPyConnection) -> int:
    return int(con.execute("select count(*) from activations.outbox").fetchall()[0][0])
