"""Proposes what forms owe: the mail that asks whoever signed up to confirm, once per sign-up and channel."""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations.outbox.permission import CONFIRMATION, FORM
from activations.outbox.propose import propose
from activations.outbox.template import Message, confirmation
from warehouse.dialect import literal

PRIORITY = 100  # somebody waits for it


def run(con: duckdb.DuckDBPyConnection, messages: dict[str, Message], as_of: datetime) -> int:
    """Put a confirmation into the outbox for every sign-up that waits for one; returns how many are new.

    The sign-ups of a form that no message confirms stay where they are, in `dim_pending_confirmations`.
    """
    forms = con.execute(
        "select distinct form, channel from marts.dim_pending_confirmations order by all"
    ).fetchall()
    new = 0
    for form, channel in forms:
        message = confirmation({n: m for n, m in messages.items() if m.channel == channel}, form)
        if message is not None:
            new += propose(con, _query(form, channel, message), as_of)
    return new


def _query(form: str, channel: str, message: Message) -> str:
    return f"""
        select {literal(FORM)} as source, form as source_name, submission_id as enrollment_id,
            {literal(CONFIRMATION)} as step_id, case channel when 'email' then 0 else 1 end as visit,
            contact_id, address, channel, {literal(message.name)} as message,
            {literal(message.purpose)} as purpose, {PRIORITY} as priority, submitted_at as due_at, expires_at,
            cast(json_object('form', form, 'purposes', purposes, 'submitted_at', submitted_at,
                'expires_at', expires_at) as varchar) as data
        from marts.dim_pending_confirmations
        where form = {literal(form)} and channel = {literal(channel)}"""
