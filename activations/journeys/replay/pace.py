"""At which moments of a replay a tick, or a hand-over, can change anything; at all others none is run.

A tick that is left out is one that would have found nobody due, nothing new and no answer that time alone changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from activations.conditions.evaluate import Evaluator
from activations.conditions.language import Condition
from activations.journeys.definition import (
    BecomesTrigger,
    ChangedTrigger,
    DateTrigger,
    ScheduleTrigger,
    SegmentTrigger,
)
from activations.journeys.interrupts import of as interrupts_of
from activations.journeys.moments import date_moments, schedule_moment
from activations.journeys.replay.shadow import Shadow
from activations.journeys.running import Running, load_running
from activations.journeys.steps import Split
from activations.journeys.tables import t
from activations.journeys.tick import Ticked
from activations.outbox import Verdicts
from activations.outbox.rules import Rules
from activations.outbox.states import UNSENT, listed
from warehouse.clock import naive
from warehouse.dialect import literal

# What these decide of a message lets somebody go on, or stops them.
DECIDED = {"cleared", "skipped", "dropped", "expired"}


@dataclass
class Pace:
    """What the running journeys watch, and what happened last."""

    shadow: Shadow
    rules: Rules
    models: frozenset[str] = frozenset()
    by_time: bool = False
    clocks: list[tuple[str | None, DateTrigger | ScheduleTrigger]] = field(default_factory=list)
    last: dt.datetime | None = None
    """When the last tick was."""
    stirred: bool = True
    """Whether the last tick, or the outbox since, did something that the next tick sees."""
    marks: Mapping[str, str] = field(default_factory=dict)
    decided_on: str | None = None
    """The mark of the contacts at the last hand-over."""

    def watch(self, moment: dt.datetime) -> None:
        """Find out what the journeys ask; after they were published."""
        running = load_running(self.shadow.con)
        evaluator = Evaluator(self.shadow.con, self.shadow.catalog, moment)
        needs = [evaluator.needs(c, one.scope) for one in running for c in _watched(one)]
        triggers = [(one, k) for one in running for k in one.journey.entry.all_triggers]
        contacts = {self.shadow.catalog.contacts.model}
        self.models = frozenset(
            {name for need in needs for name in need.models}
            | {k.segment for _, k in triggers if isinstance(k, SegmentTrigger)}
            | (contacts if any(isinstance(k, ChangedTrigger) for _, k in triggers) else set())
        )
        # The clock decides who wins a split `after` so long; moves, which another tick follows, decide all others.
        self.by_time = any(need.by_time for need in needs) or any(
            isinstance(body := vertex.body, Split)
            and body.winner is not None
            and body.winner.after is not None
            for one in running
            for vertex in one.graph.ordered()
        )
        self.clocks = [
            (one.journey.zone, k)
            for one, k in triggers
            if one.is_current and isinstance(k, DateTrigger | ScheduleTrigger)
        ]

    def tick_is_due(self, marks: Mapping[str, str], moment: dt.datetime) -> bool:
        """Whether a tick at this moment, at which the models have these marks, can change anything."""
        if self.last is None or self.stirred or self.by_time:
            return True
        if any(marks.get(name) != self.marks.get(name) for name in self.models):
            return True
        since, now = literal(naive(self.last)), literal(naive(moment))
        tests = [
            f"exists (select 1 from {t('positions')} where due_at <= {now})",
            "exists (select 1 from activations.outbox where state = 'handed_over' "
            f"and send_at > {since} and send_at <= {now})",
            *(f"exists ({sql})" for sql in self._moments(moment)),
        ]
        if self.shadow.catalog.events is not None:
            tests.append(
                f"exists (select 1 from base.events where occurred_at > {since} and occurred_at <= {now})"
            )
        return bool(self.shadow.con.execute(f"select {' or '.join(tests)}").fetchall()[0][0])

    def _moments(self, moment: dt.datetime) -> Iterable[str]:
        assert self.last is not None  # noqa: S101 — asked before
        since, now = naive(self.last), naive(moment)
        for zone, trigger in self.clocks:
            if isinstance(trigger, DateTrigger):
                yield date_moments(self.shadow.catalog, zone, trigger, since, now)
            else:
                came = schedule_moment(zone, trigger, since, now)
                yield f"select 1 from ({came}) as x where x.moment is not null"

    def ticked(self, done: Ticked, marks: Mapping[str, str], moment: dt.datetime) -> None:
        """Note what a tick did."""
        counts = (done.enrolled, done.moved, done.proposed, done.ended, done.quarantined)
        self.last, self.marks, self.stirred = moment, marks, any(counts)

    def hand_over_is_due(self, marks: Mapping[str, str], moment: dt.datetime) -> bool:
        """Whether some message may go or be given up now, or was never looked at, or competes for a place."""
        contacts = marks.get(self.shadow.catalog.contacts.model)
        changed, self.decided_on = contacts != self.decided_on, contacts
        horizons = " ".join(
            f"when {literal(name)} then {literal(naive(moment + self.rules.horizon(name)))}"
            for name in ("email", "sms", "onsite")
        )
        due = (
            f"coalesce(send_at <= case channel {horizons} end, true) "
            f"or coalesce(expires_at <= {literal(naive(moment))}, true)"
        )
        rows = self.shadow.con.execute(
            f"select 1 from activations.outbox where state in ({listed(UNSENT)}) "
            f"and ({'true' if changed else due}) limit 1"
        ).fetchall()
        return bool(rows)

    def handed_over(self, verdicts: Verdicts) -> None:
        """Note what the outbox decided."""
        self.stirred = self.stirred or bool(DECIDED & verdicts.counts.keys())


def _watched(one: Running) -> Iterable[Condition]:
    """The conditions that are asked of people who stand still, or to let them in."""
    for interrupt in interrupts_of([one]):
        yield interrupt.condition
    for trigger in one.journey.entry.all_triggers:
        if isinstance(trigger, BecomesTrigger):
            yield trigger.becomes
    for vertex in one.graph.ordered():
        if vertex.kind in ("wait", "goal"):
            yield from (condition for _, condition in vertex.cases)
        valid = getattr(vertex.body, "still_valid_if", None)
        if valid is not None:
            yield valid
