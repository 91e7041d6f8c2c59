"""Proposes the answers that people ask for by text: HELP gets one, each time it is asked."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb

from activations.outbox.propose import propose
from activations.outbox.template import Message
from warehouse.clock import naive
from warehouse.dialect import literal

WITHIN = timedelta(days=1)  # an answer that comes later answers nothing
PRIORITY = 100  # somebody waits for it


def run(con: duckdb.DuckDBPyConnection, messages: dict[str, Message], as_of: datetime) -> int:
    """Put an answer into the outbox for every recent question; returns how many are new."""
    answers = [message for message in messages.values() if message.answers_help]
    new = 0
    for message in answers[:1]:
        new += propose(
            con,
            f"""select 'reply' as source, 'help' as source_name, help_request_id as enrollment_id, contact_id,
                address, channel, {literal(message.name)} as message, {literal(message.purpose)} as purpose,
                {PRIORITY} as priority, asked_at as due_at,
                asked_at + to_seconds({int(WITHIN.total_seconds())}) as expires_at
            from marts.fct_help_requests
            where channel = {literal(message.channel)} and asked_at > {literal(naive(as_of - WITHIN))}""",
            as_of,
        )
    return new
