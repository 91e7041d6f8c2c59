"""A message enters the outbox once per natural key, and leaves it only by a decision that is on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from activations.errors import DefinitionError
from activations.outbox import cancel, hold, propose, release, reschedule
from activations.outbox.states import decide

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
JOURNEY = """
    select 'journey' as source, 'cart' as source_name, 'e' || i as enrollment_id, 'reminder' as step_id,
        1 as visit, 'c' || i as contact_id, 'email' as channel, 'cart_reminder' as message,
        'marketing' as purpose
    from range(3) as t(i)"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    made = duckdb.connect()
    yield made
    made.close()


def states(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    return dict(con.execute("select contact_id, state from activations.outbox").fetchall())


def decisions(con: duckdb.DuckDBPyConnection) -> list[str]:
    rows = con.execute("select decision from activations.outbox_decisions order by all").fetchall()
    return [row[0] for row in rows]


def test_the_same_natural_key_enters_once(con: duckdb.DuckDBPyConnection) -> None:
    """Proposing again, now or later, adds nothing; another visit of the step is another message."""
    assert propose(con, JOURNEY, AS_OF) == 3
    assert propose(con, JOURNEY, AS_OF) == 0
    assert propose(con, JOURNEY, AS_OF + timedelta(hours=1)) == 0
    assert propose(con, f"select * replace (2 as visit) from ({JOURNEY})", AS_OF) == 3
    assert propose(con, f"{JOURNEY} union all {JOURNEY}", AS_OF) == 0


def test_a_proposal_without_a_time_is_due_at_once(con: duckdb.DuckDBPyConnection) -> None:
    """What is not said has a default."""
    propose(con, JOURNEY, AS_OF)

    found = con.execute("select distinct due_at, priority, data, state from activations.outbox")

    assert found.fetchall() == [(AS_OF.replace(tzinfo=None), 0, "{}", "planned")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("'fax' as channel", "channel is 'fax', not one of email, sms, onsite"),
        ("null as message", "message is empty"),
        ("null as contact_id", "neither contact_id nor address is given"),
    ],
)
def test_what_cannot_be_a_message_is_kept_as_rejected(
    con: duckdb.DuckDBPyConnection, change: str, reason: str
) -> None:
    """One broken row neither vanishes nor stops the others."""
    broken = f"select * replace ({change}, 'broken' as step_id) from ({JOURNEY}) limit 1"
    propose(con, f"{JOURNEY} union all by name ({broken})", AS_OF)

    found = con.execute("select state, reason from activations.outbox where step_id = 'broken'")

    assert found.fetchall() == [("rejected", reason)]
    planned = con.execute("select count(*) from activations.outbox where state = 'planned'")
    assert planned.fetchall() == [(3,)]


def test_an_unknown_column_is_refused_by_name(con: duckdb.DuckDBPyConnection) -> None:
    """A misspelt column would be lost in silence."""
    with pytest.raises(DefinitionError, match="prio"):
        propose(con, f"select *, 3 as prio from ({JOURNEY})", AS_OF)


def test_cancelling_stops_what_is_unsent_and_asks_back_what_a_vendor_holds(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Unsent is cancelled, scheduled at the vendor is asked back, sent is too late: each is on record."""
    propose(con, JOURNEY, AS_OF)
    con.execute(
        "update activations.outbox set state = 'handed_over', send_at = ? where contact_id = 'c1'",
        [datetime(2026, 6, 30, 15)],
    )
    con.execute("update activations.outbox set state = 'handed_over' where contact_id = 'c2'")

    stopped = cancel(con, "select message_id from activations.outbox", "goal reached", AS_OF)

    assert stopped == 2
    assert states(con) == {"c0": "cancelled", "c1": "handed_over", "c2": "handed_over"}
    assert decisions(con) == ["cancel_requested", "cancelled", "too_late"]
    assert cancel(con, "select message_id from activations.outbox", "again", AS_OF) == 0
    asked = con.execute(
        "select contact_id from activations.outbox where cancel_requested_at is not null"
    )
    assert asked.fetchall() == [("c1",)]


def test_a_held_message_waits_until_it_is_released(con: duckdb.DuckDBPyConnection) -> None:
    """Holding twice is holding once."""
    propose(con, JOURNEY, AS_OF)
    picked = "select message_id from activations.outbox where contact_id = 'c0'"

    assert hold(con, picked, "ask first", AS_OF) == 1
    assert hold(con, picked, "ask first", AS_OF) == 0
    assert release(con, picked, "asked", AS_OF + timedelta(minutes=1)) == 1
    assert decisions(con) == ["held", "released"]


def test_an_unsent_message_can_be_given_another_time(con: duckdb.DuckDBPyConnection) -> None:
    """The same time again is no change, and what was sent stays."""
    propose(con, JOURNEY, AS_OF)
    con.execute("update activations.outbox set state = 'handed_over' where contact_id = 'c2'")
    later = "select message_id, timestamp '2026-07-01 08:00' as due_at from activations.outbox"

    assert reschedule(con, later, AS_OF) == 2
    assert reschedule(con, later, AS_OF) == 0


def test_a_repeated_decision_is_recorded_once(con: duckdb.DuckDBPyConnection) -> None:
    """A message that is deferred for the same reason hour after hour does not fill the record."""
    propose(con, JOURNEY, AS_OF)
    lost = (
        "select message_id, 'deferred' as state, 'deferred' as decision, 'cap' as reason, "
        "cast(null as timestamp) as send_at, null as facts from activations.outbox"
    )

    assert decide(con, lost, AS_OF) == 3
    assert decide(con, lost, AS_OF) == 0
    assert decide(con, lost, AS_OF + timedelta(hours=1)) == 0
