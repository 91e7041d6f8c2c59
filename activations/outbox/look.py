"""What the outbox holds, as people ask: what goes out when, what became of a message, what a campaign would do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from activations import tables
from activations.errors import DefinitionError
from activations.outbox import campaign as campaigns
from activations.outbox import permission
from activations.outbox.campaign import Campaign
from activations.outbox.rules import Rules
from activations.outbox.template import Message
from warehouse.dialect import literal
from warehouse.manifest import Manifest


@dataclass(frozen=True)
class Entry:
    """One message of the outbox."""

    message_id: str
    source: str
    message: str
    channel: str
    contact_id: str | None
    state: str
    when: datetime | None
    reason: str | None
    is_held: bool


def entries(
    con: duckdb.DuckDBPyConnection,
    *,
    state: str | None = None,
    message: str | None = None,
    contact: str | None = None,
    source: str | None = None,
    limit: int = 50,
) -> list[Entry]:
    """Messages by when they go or went, the next first; filters left out hold for all."""
    tables.ensure(con)
    wanted = {"state": state, "message": message, "contact_id": contact, "source_name": source}
    conditions = [f"{name} = {literal(value)}" for name, value in wanted.items() if value]
    where = f"where {' and '.join(conditions)}" if conditions else ""
    rows = con.execute(f"""
        select message_id, source || ':' || source_name, message, channel, contact_id, state,
            coalesce(send_at, due_at), reason, held_at is not null
        from activations.outbox {where}
        order by coalesce(send_at, due_at) nulls last, message_id nulls last limit {limit}""").fetchall()
    return [Entry(*row) for row in rows]


def counts(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, str, int]]:
    """(source, message, state, messages) over the whole outbox."""
    tables.ensure(con)
    return con.execute(
        "select source || ':' || source_name, message, state, count(*) from activations.outbox "
        "group by all order by all"
    ).fetchall()


def why(
    con: duckdb.DuckDBPyConnection, message_id: str
) -> list[tuple[datetime, str, str | None, dict[str, Any]]]:
    """Every decision about a message, oldest first, with the values that decided; an id's beginning suffices."""
    full = resolve(con, message_id)
    rows = con.execute(
        "select as_of, decision, reason, facts from activations.outbox_decisions where message_id = ? "
        "order by as_of, decided_at",
        [full],
    ).fetchall()
    return [
        (as_of, decision, reason, json.loads(facts or "{}"))
        for as_of, decision, reason, facts in rows
    ]


def resolve(con: duckdb.DuckDBPyConnection, message_id: str) -> str:
    """The full id of a message; raises DefinitionError when none or several begin so."""
    tables.ensure(con)
    rows = con.execute(
        "select message_id from activations.outbox where starts_with(message_id, ?) limit 2",
        [message_id],
    ).fetchall()
    if len(rows) != 1:
        words = "no message has" if not rows else "more than one message has"
        raise DefinitionError(f"{words} an id that begins with {message_id!r}")
    return str(rows[0][0])


def state(con: duckdb.DuckDBPyConnection, message_id: str) -> tuple[str, str | None]:
    """A message's state and its reason."""
    rows = con.execute(
        "select state, reason from activations.outbox where message_id = ?", [message_id]
    ).fetchall()
    return str(rows[0][0]), rows[0][1]


@dataclass(frozen=True)
class Outlook:
    """What a campaign would do: members, who may not be written to and why, and messages by hour (UTC) of the next."""

    campaign: Campaign
    members: int
    refusals: dict[str, int]
    by_hour: list[tuple[datetime, int]]

    @property
    def reachable(self) -> int:
        """How many would get it, as far as permission goes; caps and capacity are decided when it is time."""
        return sum(count for _, count in self.by_hour)


def outlook(
    con: duckdb.DuckDBPyConnection,
    wanted: Campaign,
    message: Message,
    manifest: Manifest,
    rules: Rules,
    as_of: datetime,
) -> Outlook:
    """A campaign's next dates as they look now; writes nothing."""
    permission.check(con)
    members = campaigns.members(wanted, manifest)
    total = int(con.execute(f"select count(*) from ({members})").fetchall()[0][0])
    query = campaigns.proposals(wanted, message, manifest, rules, as_of, expected=True)
    if query is None:
        return Outlook(wanted, total, {}, [])
    con.execute(
        "create or replace temp table outbox_outlook as select "
        "cast(row_number() over () as varchar) as message_id, cast(null as varchar) as enrollment_id, "
        f"cast(null as varchar) as address, q.* from ({query}) as q"
    )
    rows = con.execute(
        f"select p.refusal, date_trunc('hour', m.due_at), count(*) from outbox_outlook as m "
        f"join ({permission.query('outbox_outlook')}) as p on m.message_id = p.message_id group by all order by all"
    ).fetchall()
    refusals: dict[str, int] = {}
    for refusal, _, count in rows:
        if refusal is not None:
            refusals[refusal] = refusals.get(refusal, 0) + int(count)
    hours = [(hour, int(count)) for refusal, hour, count in rows if refusal is None]
    return Outlook(wanted, total, refusals, hours)
