"""Addresses that answers have closed: kept as they come home, and held back by every plan until the models know them.

A destination that answers "unsubscribed", "opted out" or "no such mailbox" tells something about the address, not about
the row. The consent ledger reads it at its next build; a message that is planned before must not go out either.
"""

from __future__ import annotations

import duckdb

from activations import destinations, tables
from activations.syncs import Sync
from warehouse.dialect import ident, literal
from warehouse.relations import has_table

CONSENTS = ("intermediate", "int_consents__ledger")  # whoever is in it is known to the models
WORDS = {
    "opt_out": "opted out",
    "complaint": "complained",
    "hard_bounce": "cannot be reached",
}


def _normal(channel: str, column: str) -> str:
    """SQL for an address as it is compared."""
    text = f"cast({column} as varchar)"
    if channel == "email":
        return f"lower(trim({text}))"
    return f"regexp_replace({text}, '[^0-9+]', '', 'g')"


# Of `act_resolved`; a row that has no receipt yet, such as one in a job, has told nothing.
OPT_OUTS = f"""
    insert into {tables.OPT_OUTS} by name
    select o.receipt_id, o.sync, o.destination,
        case o.closes when 'email' then {_normal("email", "o.address")}
            else {_normal("sms", "o.address")} end as address,
        o.closes as channel, o.learned as status, o.code,
        least(r.attempted_at, cast(? as timestamp)) as occurred_at, r.batch
    from act_resolved as o
    join {tables.RECEIPTS} as r on o.receipt_id = r.receipt_id
    where o.learned is not null and o.closes is not null and nullif(trim(o.address), '') is not null
        and o.receipt_id not in (select receipt_id from {tables.OPT_OUTS})"""


def why(con: duckdb.DuckDBPyConnection, sync: Sync) -> str:
    """SQL for why no message may go to the address of row `m` of a sync, though its model does not know yet."""
    nothing = "cast(null as varchar)"
    channel, column = destinations.connector(sync.destination).addresses.get(sync.object, ("", ""))
    if not channel or sync.mode != "append":
        return nothing
    where = f"channel = {literal(channel)} and coalesce(batch, 0) > {_known(con)}"
    if not con.execute(f"select 1 from {tables.OPT_OUTS} where {where} limit 1").fetchall():
        return nothing
    words = " ".join(f"when {literal(n)} then {literal(w)}" for n, w in WORDS.items())
    return (
        f"(select min('the address ' || case status {words} end || ', says ' || destination) "
        f"from {tables.OPT_OUTS} where {where} and address = {_normal(channel, ident('m', column))})"
    )


def _known(con: duckdb.DuckDBPyConnection) -> int:
    """The newest batch that the consent ledger has read."""
    if not has_table(con, *CONSENTS):
        return -1
    rows = con.execute(f"select coalesce(max(batch), -1) from {ident(*CONSENTS)}").fetchall()
    return int(rows[0][0])
