"""Chooses the hour and the variant of messages that leave it open, once each, and logs what else was possible.

The log (`raw_activations.choices`, one row per message and kind) is only ever added to: every option that was eligible,
the chance of each, and what was chosen. What is in it is never chosen anew, whatever is retried.
"""

from __future__ import annotations

from datetime import datetime

import duckdb

from activations import tables
from activations.outbox import choose_time, choose_variant
from activations.outbox.rules import Rules
from activations.outbox.states import decide
from activations.outbox.template import Message
from warehouse.clock import naive
from warehouse.dialect import literal
from warehouse.load import last_batch

LOG = tables.CHOICES


def choose(
    con: duckdb.DuckDBPyConnection, messages: dict[str, Message], rules: Rules, as_of: datetime
) -> int:
    """Decide for every unsent message that leaves its hour or variant open; returns how many choices were made.

    The same installation at the same `as_of` decides the same: all chance is a hash of the message or the contact.
    """
    tables.ensure(con)
    return _times(con, rules, as_of) + _variants(con, messages, as_of)


def _times(con: duckdb.DuckDBPyConnection, rules: Rules, as_of: datetime) -> int:
    if not choose_time.fill(con, rules, as_of):
        return 0
    con.execute(
        "update activations.outbox as o set due_at = c.moment from choosing_made as c "
        "where o.message_id = c.message_id"
    )
    decide(
        con,
        """select message_id, cast(null as varchar) as state, 'time_chosen' as decision,
            strftime(moment, '%Y-%m-%d %H:%M') || ': ' || reason as reason, moment as send_at,
            cast(json_object('hours', options, 'chances', propensities, 'chosen', chosen, 'policy', policy_version)
                as varchar) as facts
        from choosing_made""",
        as_of,
    )
    return _record(con, "time", "send_hour", as_of)


def _variants(con: duckdb.DuckDBPyConnection, messages: dict[str, Message], as_of: datetime) -> int:
    if not choose_variant.fill(con, messages):
        return 0
    con.execute(
        "update activations.outbox as o set variant = c.chosen, propensity = c.propensity from choosing_made as c "
        "where o.message_id = c.message_id"
    )
    return _record(con, "variant", "content", as_of)


def _record(con: duckdb.DuckDBPyConnection, kind: str, policy: str, as_of: datetime) -> int:
    """Add `choosing_made` to the log; returns how many rows that were."""
    con.execute(f"""
        insert into {LOG} by name
        select md5(concat_ws(chr(31), o.message_id, {literal(kind)})) as choice_id, o.message_id, o.contact_id,
            o.source, o.source_name, o.step_id, o.channel, o.message, {literal(kind)} as kind,
            c.options, c.propensities, c.chosen, c.propensity, c.is_explore, c.is_control, c.reason,
            {literal(policy)} as policy, c.policy_version, c.scheduled_at, {literal(naive(as_of))} as decided_at,
            {last_batch(con) + 1} as batch
        from choosing_made as c join activations.outbox as o on c.message_id = o.message_id""")
    return int(con.execute("select count(*) from choosing_made").fetchall()[0][0])
