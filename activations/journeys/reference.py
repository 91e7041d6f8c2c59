"""A journey run for one contact after the other in plain Python: what the SQL engine is compared with.

It knows events, fields and scores of a contact, waits for durations and conditions, splits, goals, exits and sends. It
shares the graph with the engine and nothing else: conditions, times and moves are worked out anew.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from activations.conditions.durations import Duration
from activations.conditions.language import All, AnyOf, FieldIs, Happened, Not
from activations.journeys.definition import Journey
from activations.journeys.graph import END, Graph, Vertex
from activations.journeys.steps import Goal, Split, Wait

# Naive UTC, as the warehouse stores it.
FOREVER = dt.datetime.fromisoformat("9999-12-31 00:00:00")
EVER = dt.datetime.fromisoformat("0001-01-01 00:00:00")
Answer = tuple[bool, dt.datetime | None]


@dataclass(frozen=True)
class Event:
    """Something that happened; times are naive UTC."""

    id: str
    name: str
    occurred_at: dt.datetime


@dataclass
class Stay:
    """One enrollment: where it stands, since when and until when."""

    key: str
    entered_at: dt.datetime
    step: str
    arrived_at: dt.datetime
    due_at: dt.datetime
    visit: int = 1
    state: int = 0
    deadline: dt.datetime | None = None
    status: str = "active"
    moves: int = 0
    moves_on: dt.date | None = None
    visits: dict[str, int] = field(default_factory=dict)
    achieved: set[str] = field(default_factory=set)
    stood: dt.timedelta = dt.timedelta()
    """How long the clock of the wait has stood still."""


@dataclass
class Person:
    """A contact: fields, the events that were loaded so far, and the stays."""

    id: str
    fields: dict[str, Any]
    events: list[Event] = field(default_factory=list)
    news: list[Event] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    zone: str = "UTC"


class Reference:
    """One journey, published at `published_at`, advanced tick by tick."""

    def __init__(self, journey: Journey, published_at: dt.datetime) -> None:
        self.journey, self.published_at = journey, published_at
        self.graph = Graph(journey)
        self.order = {vertex.id: vertex.ordinal for vertex in self.graph.ordered()}
        self.moves: list[tuple[str, str, int, str, dt.datetime]] = []
        self.messages: set[tuple[str, str, str, int]] = set()
        self.sent: dict[tuple[str, str, int], dt.datetime] = {}
        self.loops = self.graph.repeated

    def stand(self, people: list[Person], length: dt.timedelta) -> None:
        """So much time did not count: every wait that has an end ends so much later."""
        for stay in _waiting(people):
            if stay.due_at < FOREVER:
                stay.due_at, stay.stood = stay.due_at + length, stay.stood + length
                stay.deadline = stay.deadline + length if stay.deadline else None

    def edit(self, people: list[Person], journey: Journey) -> None:
        """The same steps with other lengths: what has passed of a wait counts, less what stood still."""
        was, self.journey, self.graph = self.graph, journey, Graph(journey)
        for person in people:
            for stay in _waiting([person]):
                body = self.graph.vertices[stay.step].body
                if not isinstance(body, Wait) or body == was.vertices[stay.step].body:
                    continue
                length = body.for_ or body.or_after
                if length is not None:
                    end = later(stay.arrived_at, length, person.zone) + stay.stood
                    stay.deadline = end if body.or_after else None
                    stay.due_at = end + dt.timedelta(seconds=body.grace.total_seconds)

    def tick(self, people: list[Person], as_of: dt.datetime) -> None:
        """Advance everybody, one after the other."""
        for person in people:
            self._enter(person, as_of)
            for stay in person.stays:
                if stay.status == "active":
                    self._advance(person, stay, as_of)

    def _enter(self, person: Person, as_of: dt.datetime) -> None:
        trigger: Any = self.journey.entry.trigger
        seen = {stay.key for stay in person.stays}
        news = sorted(person.news, key=lambda event: (event.occurred_at, event.id))
        found = {
            event.id: event
            for event in reversed(news)
            if event.name == trigger.event
            and event.occurred_at > self.published_at
            and event.id not in seen
        }
        person.news = []
        policy = self.journey.entry.reentry.policy
        was_inside = any(stay.status == "active" for stay in person.stays)
        had_any = bool(person.stays)
        ordered = sorted(found.values(), key=lambda event: (event.occurred_at, event.id))
        for turn, event in enumerate(ordered):
            refused = (policy == "once" and had_any) or (policy == "after_exit" and was_inside)
            if refused or (policy != "always" and turn > 0):
                continue
            start = self.graph.start
            stay = Stay(event.id, event.occurred_at, start, event.occurred_at, event.occurred_at)
            stay.moves_on = as_of.date()
            if start in self.loops:
                stay.visits[start] = 1
            person.stays.append(stay)

    def _advance(self, person: Person, stay: Stay, as_of: dt.datetime) -> None:
        if self._interrupted(person, stay, as_of) and stay.status != "active":
            return
        while stay.status == "active":
            moved = self._take(person, stay, self.graph.vertices[stay.step], as_of)
            if moved is None:
                return
            branch, told, left_at = moved
            vertex = self.graph.vertices[stay.step]
            self._go(person, stay, vertex.edges[branch], told, left_at, as_of)

    def _go(
        self,
        person: Person,
        stay: Stay,
        target: str,
        told: str,
        left_at: dt.datetime,
        as_of: dt.datetime,
    ) -> None:
        self.moves.append((stay.key, stay.step, stay.visit, told, left_at))
        stay.moves = stay.moves + 1 if stay.moves_on == as_of.date() else 1
        stay.moves_on = as_of.date()
        if target == END:
            jumped = told == "exit" or told.startswith("goal:")
            stay.status = {"exit": "exited"}.get(told, "achieved" if jumped else "completed")
            return
        if stay.moves > self.journey.limit_per_day:
            stay.status = "halted"
            return
        stay.step, stay.arrived_at, stay.due_at = target, left_at, left_at
        stay.state, stay.deadline, stay.visit, stay.stood = 0, None, 1, dt.timedelta()
        if target in self.loops:
            stay.visit = stay.visits[target] = stay.visits.get(target, 0) + 1

    def _interrupted(self, person: Person, stay: Stay, as_of: dt.datetime) -> bool:
        taken: list[tuple[int, int, str, str, dt.datetime | None]] = []
        if self.journey.exit_when is not None:
            holds, since = self._holds(self.journey.exit_when, person, stay, as_of)
            if holds:
                taken.append((10_000_000, 0, "", END, since))
        declared = [(g.name, g.when, g.scope, g.then) for g in self.journey.goals]
        for vertex in self.graph.ordered():
            if isinstance(vertex.body, Goal):
                declared.append((vertex.id, vertex.body.when, vertex.body.scope, vertex.id))
        for place, (name, when, scope, then) in enumerate(declared):
            below = then == END or (then != stay.step and then in self.graph.reachable(stay.step))
            if name in stay.achieved or (scope == "below" and not below):
                continue
            holds, since = self._holds(when, person, stay, as_of)
            if holds:
                rank = 1_000_000 if then == END else self.order[then]
                taken.append((rank, -place, name, then, since))
        if not taken:
            return False
        goals = [one for one in taken if one[2]]
        if goals:
            stay.achieved.add(max(goals)[2])
        _, _, name, then, since = max(taken)
        left_at = max(since, stay.arrived_at) if since is not None else as_of
        self._go(person, stay, then, f"goal:{name}" if name else "exit", left_at, as_of)
        return True

    def _take(
        self, person: Person, stay: Stay, vertex: Vertex, as_of: dt.datetime
    ) -> tuple[str, str, dt.datetime] | None:
        """(edge, what is told, when), or None where the stay waits."""
        body, arrived = vertex.body, stay.arrived_at
        match vertex.kind:
            case "if":
                for name, condition in vertex.cases:
                    if self._holds(condition, person, stay, as_of)[0]:
                        return name, name, arrived
                return "else", "else", arrived
            case "end":
                return "next", body.reason, arrived
            case "split":
                arm = self._arm(body, person)
                return arm, arm, arrived
            case "send":
                return self._send(person, stay, vertex, as_of)
            case "goal":
                holds, since = self._holds(body.when, person, stay, as_of)
                if holds:
                    stay.achieved.add(vertex.id)
                    return "achieved", "achieved", max(arrived, since or as_of)
                if body.unmet == "wait":
                    stay.state, stay.due_at = 1, FOREVER
                    return None
                return "skipped", "skipped", arrived
            case "wait":
                return self._wait(person, stay, vertex, as_of)
            case _:
                return "next", "asked", arrived

    def _send(
        self, person: Person, stay: Stay, vertex: Vertex, as_of: dt.datetime
    ) -> tuple[str, str, dt.datetime] | None:
        key = (stay.key, vertex.id, stay.visit)
        if stay.state == 2:
            if key not in self.sent:
                return None
            return "next", "sent", max(min(self.sent[key], as_of), stay.arrived_at)
        self.messages.add((person.id, *key))
        if not vertex.body.wait_for_send:
            return "next", "proposed", stay.arrived_at
        stay.state, stay.due_at = 2, FOREVER
        return None

    def _wait(
        self, person: Person, stay: Stay, vertex: Vertex, as_of: dt.datetime
    ) -> tuple[str, str, dt.datetime] | None:
        body: Wait = vertex.body
        if body.for_ is not None:
            end = stay.due_at if stay.state == 1 else later(stay.arrived_at, body.for_, person.zone)
            stay.due_at, first, stay.state = end, stay.state == 0, 1
            return ("next", "passed", max(end, stay.arrived_at)) if end <= as_of else None
        first = stay.state == 0
        if first and body.or_after:
            stay.deadline = later(stay.arrived_at, body.or_after, person.zone)
        met = []
        for place, (name, condition) in enumerate(vertex.cases):
            holds, since = self._holds(condition, person, stay, as_of)
            in_time = stay.deadline is None or since is None or since <= stay.deadline
            if holds and in_time:
                met.append((since or as_of, place, name, since))
        if met:
            _, _, name, since = min(met)
            seen = since or (stay.arrived_at if first else as_of)
            return name, name, max(stay.arrived_at, seen)
        stay.state = 1
        if stay.deadline is None:
            stay.due_at = FOREVER
            return None
        stay.due_at = stay.deadline + dt.timedelta(seconds=body.grace.total_seconds)
        return ("timeout", "timeout", stay.deadline) if stay.due_at <= as_of else None

    def _arm(self, split: Split, person: Person) -> str:
        text = "|".join((self.journey.journey, split.id, person.id, split.salt))
        digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
        number, low = int(digest[:8], 16) % 10_000, 0
        total = sum(split.arms.values())
        for arm, weight in split.arms.items():
            low += round(10_000 * weight / total)
            if number < low:
                return arm
        return list(split.arms)[-1]

    def _holds(self, condition: Any, person: Person, stay: Stay, as_of: dt.datetime) -> Answer:
        match condition:
            case All():
                answers = [self._holds(child, person, stay, as_of) for child in condition.all]
                times = [moment for _, moment in answers if moment is not None]
                return all(yes for yes, _ in answers), max(times, default=None)
            case AnyOf():
                answers = [self._holds(child, person, stay, as_of) for child in condition.any]
                times = [moment for yes, moment in answers if yes and moment is not None]
                return any(yes for yes, _ in answers), min(times, default=None)
            case Not():
                return not self._holds(condition.not_, person, stay, as_of)[0], None
            case Happened():
                return _happened(condition, person, stay, as_of)
            case FieldIs():
                value = person.fields.get(condition.field)
                tests = {
                    "gte": lambda a, b: a >= b,
                    "lt": lambda a, b: a < b,
                    "eq": lambda a, b: a == b,
                }
                given = condition.given()
                return value is not None and all(
                    tests[op](value, v) for op, v in given.items()
                ), None
        raise TypeError(f"the reference does not know {type(condition).__name__}")


def _waiting(people: list[Person]) -> list[Stay]:
    return [
        stay
        for person in people
        for stay in person.stays
        if stay.status == "active" and stay.state == 1
    ]


def _happened(asked: Happened, person: Person, stay: Stay, as_of: dt.datetime) -> Answer:
    since = {"entry": stay.entered_at, "arrival": stay.arrived_at, None: EVER}[asked.since]
    if asked.within is not None:
        since = max(since, as_of - dt.timedelta(seconds=asked.within.total_seconds))
    times = sorted(
        e.occurred_at for e in person.events if e.name == asked.event and e.occurred_at > since
    )
    count = asked.count
    yes = (
        (count.gte is None or len(times) >= count.gte)
        and (count.lte is None or len(times) <= count.lte)
        and (count.eq is None or len(times) == count.eq)
    )
    grows = bool(count.gte) and count.lte is None and count.eq is None
    return yes, times[(count.gte or 1) - 1] if yes and grows else None


def later(moment: dt.datetime, length: Duration, zone: str) -> dt.datetime:
    """So long after a naive UTC moment: days keep the clock time of `zone`; of two such times the second."""
    if length.months:
        raise ValueError("the reference knows no months")
    if length.days:
        place = ZoneInfo(zone)
        local = moment.replace(tzinfo=dt.UTC).astimezone(place).replace(tzinfo=None)
        wall = local + dt.timedelta(days=length.days)
        found = wall.replace(tzinfo=place, fold=1).astimezone(dt.UTC)
        if found.astimezone(place).replace(tzinfo=None) != wall:
            found = wall.replace(tzinfo=place, fold=0).astimezone(dt.UTC)
        moment = found.replace(tzinfo=None)
    return moment + dt.timedelta(seconds=length.seconds)
