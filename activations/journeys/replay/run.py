"""Moves a copy through time, where anything can happen: publish, tick, decide, hand over; what came of it as rows."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from activations import destinations, outbox
from activations.journeys import publish, tables, zones
from activations.journeys.definition import Journey
from activations.journeys.replay.pace import Pace
from activations.journeys.replay.shadow import Shadow, see_messages
from activations.journeys.tables import t
from activations.journeys.tick import tick
from activations.outbox import Verdicts, choices
from activations.outbox.rules import Channel, Rules
from warehouse.clock import naive
from warehouse.connection import transaction

SENDERS = {"email": "smtp", "sms": "twilio"}


@dataclass(frozen=True)
class Planned:
    """One message of a replay: when it was due, when it went (None: it did not), and why."""

    journey: str
    step: str
    message: str
    channel: str
    contact_id: str
    due_at: dt.datetime
    send_at: dt.datetime | None
    state: str
    reason: str | None


@dataclass
class Replayed:
    """What a replay did: stays by journey, triggers by (journey, decision), goals, ends, messages, broken journeys."""

    start: dt.datetime
    end: dt.datetime
    entered: Counter[str] = field(default_factory=Counter)
    entrants: dict[str, set[str]] = field(default_factory=dict)
    considered: Counter[tuple[str, str]] = field(default_factory=Counter)
    goals: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)
    actions: Counter[tuple[str, str]] = field(default_factory=Counter)
    messages: list[Planned] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)

    @property
    def sent(self) -> list[Planned]:
        """What went out."""
        return [one for one in self.messages if one.state == "handed_over"]

    @property
    def blocked(self) -> Counter[tuple[str, str, str]]:
        """How many did not go, by (journey, state, reason)."""
        return Counter(
            (one.journey, one.state, one.reason or "")
            for one in self.messages
            if one.state not in ("handed_over", "planned", "cleared")
        )

    @property
    def by_hour(self) -> Counter[dt.datetime]:
        """Messages that went out per hour."""
        return Counter(
            one.send_at.replace(minute=0, second=0, microsecond=0)
            for one in self.sent
            if one.send_at
        )


def replay(
    shadow: Shadow,
    journeys: Sequence[Journey],
    rules: Rules,
    start: dt.datetime,
    end: dt.datetime,
    step: dt.timedelta = dt.timedelta(hours=1),
) -> Replayed:
    """Publish `journeys` at `start` (none: go on with those of the copied state) and live until `end`."""
    con = shadow.con
    tables.ensure(con)
    see_messages(con, shadow.catalog)
    shadow.set_clock(start)
    zones.prepare(con, shadow.catalog)
    with transaction(con):
        for journey in journeys:
            publish.publish(con, journey, start)
    pace = Pace(shadow, _with_channels(rules))
    pace.watch(start)
    found = Replayed(start, end)
    moment = start
    while True:
        marks = shadow.set_clock(moment)
        if moment >= end or pace.tick_is_due(marks, moment):
            shadow.record(marks)
            done = tick(con, shadow.catalog, moment)
            found.broken |= done.broken
            pace.ticked(done, marks, moment)
        if pace.hand_over_is_due(marks, moment):
            pace.handed_over(_hand_over(shadow, pace.rules, moment))
        if moment >= end:
            break
        moment = min(end, moment + step)
    _read(shadow, found)
    return found


def _hand_over(shadow: Shadow, rules: Rules, moment: dt.datetime) -> Verdicts:
    """Decide as the dispatcher would, hours that are open first, and take what is cleared as sent."""
    choices.choose(shadow.con, {}, rules, moment)
    verdicts = outbox.arbitrate(shadow.con, rules, moment)
    shadow.con.execute(
        "update activations.outbox set state = 'handed_over', send_at = greatest(due_at, ?), state_at = ? "
        "where state = 'cleared'",
        [naive(moment), naive(moment)],
    )
    return verdicts


def _with_channels(rules: Rules) -> Rules:
    """Where no rules say who carries a channel, the usual ones do, so that consent is decided all the same."""
    known: dict[str, Channel] = dict(rules.channels)  # type: ignore[arg-type]
    for channel, name in SENDERS.items():
        if channel not in known and destinations.connector(name).message_columns:
            known[channel] = Channel(destination=name)
    return rules.model_copy(update={"channels": known})


def _read(shadow: Shadow, found: Replayed) -> None:
    def rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return shadow.con.execute(sql, list(values)).fetchall()

    since = naive(found.start)
    for journey, contact in rows(
        f"select journey, contact_id from {t('enrollments')} where enrolled_at >= ?", since
    ):
        found.entered[journey] += 1
        found.entrants.setdefault(journey, set()).add(contact)
    for journey, decision, n in rows(
        f"select journey, decision, count(*) from {t('triggered')} where tick_at >= ? group by all",
        since,
    ):
        found.considered[journey, decision] = n
    for journey, goal, n in rows(
        f"select journey, goal, count(*) from {t('achievements')} where outcome = 'achieved' and tick_at >= ? "
        "group by all",
        since,
    ):
        found.goals[journey, goal] = n
    for journey, status, n in rows(
        f"select journey, status, count(*) from {t('enrollments')} where status = 'active' "
        "or ended_at >= ? group by all",
        since,
    ):
        found.ends[journey, status] = n
    for journey, kind, n in rows(
        f"select journey, kind, count(*) from {t('actions')} where planned_at >= ? group by all",
        since,
    ):
        found.actions[journey, kind] = n
    found.messages = [
        Planned(*row)
        for row in rows(
            "select source_name, step_id, message, channel, contact_id, due_at, send_at, state, reason "
            "from activations.outbox where source = 'journey' and (state_at >= ? or "
            "state in ('planned', 'deferred', 'cleared')) "
            "order by coalesce(send_at, due_at) asc nulls last, contact_id asc nulls last, step_id asc nulls last",
            since,
        )
    ]
