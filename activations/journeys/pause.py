"""Pause and resume: nobody is lost, nothing is sent again; what time did meanwhile is what the journey declares."""

from __future__ import annotations

import datetime as dt

import duckdb

from activations import outbox
from activations.journeys.errors import JourneyError
from activations.journeys.publish import current
from activations.journeys.tables import t
from warehouse.clock import naive
from warehouse.dialect import add, literal

WAITING = "state = 1 and due_at < cast('9999-01-01' as timestamp)"


def pause(con: duckdb.DuckDBPyConnection, journey: str, as_of: dt.datetime) -> None:
    """Stop entries and steps; messages that are still unsent are held. Raises JourneyError."""
    _expect(con, journey, "active", "only a journey that runs can be paused")
    con.execute(
        f"update {t('control')} set state = 'paused', paused_at = ? where journey = ?",
        [naive(as_of), journey],
    )
    outbox.hold(con, _messages(journey), "the journey is paused", as_of)


def resume(con: duckdb.DuckDBPyConnection, journey: str, as_of: dt.datetime) -> None:
    """Go on: with `clock: stops` every wait ends so much later, else what is overdue goes as declared."""
    paused_at = _expect(con, journey, "paused", "only a paused journey can be resumed")
    now, definition = naive(as_of), current(con, journey)
    assert definition is not None and paused_at is not None  # noqa: S101 — a paused journey has both
    rules = definition.pause
    mine = f"node in (select node from {t('nodes')} where journey = {literal(journey)})"
    if rules.clock == "stops":
        length = str(int((now - paused_at).total_seconds()))
        con.execute(
            f"update {t('positions')} set due_at = {add('due_at', seconds=length)}, "
            f"deadline = {add('deadline', seconds=length)}, stood = coalesce(stood, 0) + {length} "
            f"where {mine} and {WAITING}"
        )
        # Whom an edit put at another step meanwhile begins there now.
        con.execute(
            f"update {t('positions')} set arrived_at = ?, due_at = ? where {mine} and state = 0 and arrived_at > ?",
            [now, now, paused_at],
        )
    elif rules.overdue == "spread":
        _spread(con, mine, now, rules.spread_per_hour, rules.overdue_after.total_seconds)
    if rules.entries == "ignore":
        con.execute(
            f"update {t('control')} set seen_at = ?, batch = (select max(batch) from {t('ticks')}), "
            "published_at = ? where journey = ?",
            [now, now, journey],
        )
    con.execute(
        f"update {t('control')} set state = 'active', resumed_at = ? where journey = ?",
        [now, journey],
    )
    outbox.release(con, _messages(journey), "the journey goes on", as_of)


def ask(con: duckdb.DuckDBPyConnection, journey: str, contact: str, as_of: dt.datetime) -> None:
    """Write down the wish that a contact enter, for the next tick. Raises JourneyError."""
    _expect(con, journey, "active", "only a journey that runs can be entered")
    now = naive(as_of)
    key = f"by hand {contact} {now:%Y-%m-%d %H:%M:%S}"
    con.execute(
        f"insert into {t('requests')} values (?, 'enter', ?, ?, ?, null)",
        [journey, contact, key, now],
    )


def _spread(
    con: duckdb.DuckDBPyConnection, mine: str, now: dt.datetime, rate: int, after: int
) -> None:
    """Those who are overdue go on one after the other, so many an hour, the longest overdue first."""
    late = add(literal(now), seconds=str(-after))
    rank = "row_number() over (order by due_at asc nulls last, enrollment_no asc nulls last) - 1"
    turn = add(literal(now), seconds=f"({rank}) * 3600 // {rate}")
    con.execute(
        f"update {t('positions')} as p set due_at = r.due_at from (select enrollment_no, {turn} as due_at "
        f"from {t('positions')} where {mine} and {WAITING} and due_at < {late}) as r "
        "where p.enrollment_no = r.enrollment_no"
    )


def _messages(journey: str) -> str:
    return (
        "select message_id from activations.outbox where source = 'journey' "
        f"and source_name = {literal(journey)}"
    )


def _expect(
    con: duckdb.DuckDBPyConnection, journey: str, state: str, words: str
) -> dt.datetime | None:
    rows = con.execute(
        f"select state, paused_at from {t('control')} where journey = ?", [journey]
    ).fetchall()
    if not rows or rows[0][0] != state:
        found = f"`{journey}` is {rows[0][0]}" if rows else f"there is no journey `{journey}`"
        raise JourneyError(f"{found}; {words}")
    moment: dt.datetime | None = rows[0][1]
    return moment
