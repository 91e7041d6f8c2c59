"""A warehouse in memory with the few marts that say who may be written to, and an outbox to put messages in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from activations.outbox import Rules, arbitrate, propose

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
MARTS = """
    create schema marts;
    create table marts.dim_contacts (contact_id varchar, email varchar, phone varchar, timezone varchar,
        email_suppression varchar, sms_suppression varchar, first_name varchar, country varchar);
    create table marts.dim_contact_permissions (contact_id varchar, channel varchar, purpose varchar,
        address varchar, is_allowed boolean, refusal varchar, since timestamp);
    create table marts.dim_suppressions (address varchar, channel varchar, reason varchar, suppressed_at timestamp);
    create table marts.dim_subscriptions (address varchar, channel varchar, purpose varchar, status varchar,
        is_opted_in boolean);
    create table marts.dim_pending_confirmations (submission_id varchar, channel varchar, address varchar,
        contact_id varchar, form varchar, purposes varchar, submitted_at timestamp, expires_at timestamp);
    create table marts.fct_help_requests (help_request_id varchar, channel varchar, address varchar,
        contact_id varchar, asked_at timestamp);
"""


@dataclass
class Box:
    """A connection, and what tests do with it."""

    con: duckdb.DuckDBPyConnection

    def contact(
        self, name: str, *, zone: str | None = "UTC", email: bool = True, sms: bool = True
    ) -> None:
        """Somebody who consents to marketing on both channels, unless said otherwise."""
        address, phone = f"{name}@mail.example", "+4915100" + name.rjust(6, "0")
        self.con.execute(
            "insert into marts.dim_contacts values (?, ?, ?, ?, null, null, ?, 'DE')",
            [name, address, phone, zone, name.title()],
        )
        for channel, to, says in (("email", address, email), ("sms", phone, sms)):
            if says:
                self.con.execute(
                    "insert into marts.dim_contact_permissions values (?, ?, 'marketing', ?, true, null, null)",
                    [name, channel, to],
                )

    def suppress(self, name: str, reason: str) -> None:
        """The address of a contact is closed."""
        self.con.execute(
            "insert into marts.dim_suppressions select email, 'email', ?, null from marts.dim_contacts "
            "where contact_id = ?",
            [reason, name],
        )

    def propose(self, contact: str | None, **more: Any) -> str:
        """One message to a contact; returns its id."""
        row = {
            "source": "journey",
            "source_name": "cart",
            "contact_id": contact,
            "channel": "email",
            "message": "hello",
            "purpose": "marketing",
            **more,
        }
        before = self.ids()
        values = ", ".join(f"? as {name}" for name in row)
        self.con.execute(f"create or replace temp table one as select {values}", list(row.values()))
        propose(self.con, "select * from one", AS_OF)
        (made,) = self.ids() - before
        return made

    def ids(self) -> set[str]:
        there = self.con.execute(
            "select 1 from information_schema.tables where table_name = 'outbox'"
        ).fetchall()
        if not there:
            return set()
        return {
            r[0] for r in self.con.execute("select message_id from activations.outbox").fetchall()
        }

    def arbitrate(self, rules: Rules, at: datetime = AS_OF) -> dict[str, int]:
        return arbitrate(self.con, rules, at).counts

    def state(self, message_id: str) -> tuple[str, str]:
        """State and reason."""
        return self.con.execute(
            "select state, reason from activations.outbox where message_id = ?", [message_id]
        ).fetchall()[0]

    def states(self) -> dict[str, str]:
        """State by message."""
        return dict(self.con.execute("select message_id, state from activations.outbox").fetchall())

    def send_at(self, message_id: str) -> datetime | None:
        return self.con.execute(
            "select send_at from activations.outbox where message_id = ?", [message_id]
        ).fetchall()[0][0]

    def hand_over(self, *message_ids: str, at: datetime = AS_OF) -> None:
        """As if a dispatch had sent them."""
        for name in message_ids:
            self.con.execute(
                "update activations.outbox set state = 'handed_over', send_at = ?, state_at = ? where message_id = ?",
                [at.replace(tzinfo=None), at.replace(tzinfo=None), name],
            )

    def decisions(self) -> list[tuple[str, str]]:
        return self.con.execute(
            "select decision, reason from activations.outbox_decisions order by as_of, message_id, decided_at"
        ).fetchall()


@pytest.fixture
def box() -> Iterator[Box]:
    con = duckdb.connect()
    con.execute("set timezone = 'UTC'")
    con.execute(MARTS)
    yield Box(con)
    con.close()


def rules(**more: Any) -> Rules:
    """Rules with both channels open; a mail server takes nothing ahead of its time."""
    return Rules.model_validate(
        {
            "channels": {"email": {"destination": "smtp"}, "sms": {"destination": "twilio"}},
            **more,
        }
    )


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
