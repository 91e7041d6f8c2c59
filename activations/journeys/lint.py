"""What a journey says that its file cannot show to be wrong, but the data can: nobody matches, nobody may, nobody will.

`validate` looks at the file; this looks at 90 days of events, at consent, at segments and at who went which way.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from activations.conditions.catalog import Catalog
from activations.conditions.durations import Duration
from activations.conditions.errors import Path as Place
from activations.conditions.errors import Problem
from activations.conditions.evaluate import Evaluator
from activations.conditions.language import All, AnyOf, Happened, InSegment, Not, Reacted, leaves
from activations.conditions.leaf import Scope
from activations.journeys.definition import (
    BecomesTrigger,
    EventTrigger,
    Journey,
    ScheduleTrigger,
    SegmentTrigger,
)
from activations.journeys.diagram import words
from activations.journeys.graph import Graph, Vertex
from activations.journeys.steps import Send, Wait
from activations.journeys.tables import t
from warehouse.clock import naive
from warehouse.dialect import ident, literal
from warehouse.relations import has_table

DAYS = 90
ENOUGH = 20
"""Passages after which a way that nobody took is worth a word."""
OFTEN_NULL = 0.05


@dataclass(frozen=True)
class Asked:
    """A condition of the file, and where it stands."""

    what: str
    condition: Any
    path: Place


def lint(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, journey: Journey, as_of: dt.datetime
) -> list[Problem]:
    """The findings, in the order of the checks; the journey is valid (`validate`) and the state tables exist."""
    graph, everybody = Graph(journey), _Everybody(con, catalog, as_of)
    return [
        *_triggers(everybody, journey),
        *_segments(con, catalog, journey, graph, as_of),
        *_nobody(everybody, journey, graph),
        *_ways(con, journey, graph, as_of),
        *_consent(con, graph),
        *_variables(con, catalog, journey, graph),
        *_waits(journey, graph),
    ]


def _asked(journey: Journey, graph: Graph) -> Iterator[Asked]:
    """Every condition of the journey but its triggers'."""
    if journey.entry.only_if is not None:
        yield Asked("`only_if`", journey.entry.only_if, ("entry", "only_if"))
    if journey.exit_when is not None:
        yield Asked("`exit_when`", journey.exit_when, ("exit_when",))
    for index, goal in enumerate(journey.goals):
        yield Asked(f"the goal `{goal.name}`", goal.when, ("goals", index, "when"))
    for vertex in graph.ordered():
        for place, (name, condition) in enumerate(vertex.cases):
            yield Asked(f"`{name}` of `{vertex.id}`", condition, _case_path(vertex, place, name))
        still = getattr(vertex.body, "still_valid_if", None)
        if still is not None:
            yield Asked(
                f"`still_valid_if` of `{vertex.id}`",
                still,
                (*vertex.path, "send", "still_valid_if"),
            )


def _case_path(vertex: Vertex, place: int, name: str) -> Place:
    if vertex.kind == "if" and name != "then":
        return (*vertex.path, "branches", place, "when")
    key = {"wait": "until", "goal": "when", "if": "when"}[vertex.kind]
    return (*vertex.path, vertex.kind, key)


class _Everybody:
    """Every contact as if inside since so many days; each question is answered once."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, catalog: Catalog, as_of: dt.datetime
    ) -> None:
        self._con, self._evaluator = con, Evaluator(con, catalog, as_of)
        since = literal(naive(as_of) - dt.timedelta(days=DAYS))
        con.execute(
            "create or replace temp table lint_subjects as select "
            "row_number() over (order by contact_id asc nulls last) as enrollment_no, contact_id, "
            "cast(null as varchar) as enrollment_id, "
            f"{since} as entered_at, {since} as arrived_at, cast(null as varchar) as entry_key "
            f"from {catalog.contacts.relation}"
        )

    def matching(self, condition: Any, scope: Scope) -> int:
        """For how many it holds."""
        answer = self._evaluator.select(condition, scope, "lint_subjects")
        query = f"select count(*) filter (where value) from ({answer}) as v"
        return int(self._con.execute(query).fetchall()[0][0])


def _nobody(everybody: _Everybody, journey: Journey, graph: Graph) -> Iterator[Problem]:
    """Conditions and goals that hold for no contact, counted from 90 days ago."""
    scope = Scope(journey.journey, journey.entry.key)
    for asked in _asked(journey, graph):
        if any(_is_own(leaf) for leaf in leaves(asked.condition)):
            continue
        if everybody.matching(asked.condition, scope):
            continue
        advice = (
            "nobody can reach it: ask for something that happens"
            if "goal" in asked.what
            else "check names and values, or remove it"
        )
        said = words.condition(asked.condition)
        yield Problem(
            asked.path, f"{asked.what} ({said}) held for nobody in {DAYS} days; {advice}", "warning"
        )


def _is_own(leaf: Any) -> bool:
    """Whether only an enrollment can answer it: reactions to the journey's own messages, events of the same key."""
    return (isinstance(leaf, Reacted) and leaf.of != "any") or (
        isinstance(leaf, Happened) and leaf.same_key
    )


def _triggers(everybody: _Everybody, journey: Journey) -> Iterator[Problem]:
    """Triggers that would have let nobody in for 90 days."""
    for index, trigger in enumerate(journey.entry.all_triggers):
        path: Place = (
            ("entry", "triggers", index) if journey.entry.triggers else ("entry", "trigger")
        )
        match trigger:
            case EventTrigger():
                asked: Any = Happened(
                    event=trigger.event, where=trigger.where, within=Duration(days=DAYS)
                )
                path = (*path, "event")
            case BecomesTrigger():
                asked, path = trigger.becomes, (*path, "becomes")
            case _:
                continue
        if not everybody.matching(asked, Scope(journey.journey)):
            text = f"the trigger ({words.trigger(trigger)}) matched nobody in {DAYS} days"
            yield Problem(path, f"{text}: nobody enters; check its name and properties", "warning")


def _segments(
    con: duckdb.DuckDBPyConnection,
    catalog: Catalog,
    journey: Journey,
    graph: Graph,
    as_of: dt.datetime,
) -> Iterator[Problem]:
    """Segments without a member now."""
    if catalog.memberships is None:
        return
    now = literal(naive(as_of))
    rows = con.execute(
        f"select segment, count(*) from {catalog.memberships.relation} where entered_at <= {now} "
        f"and coalesce(left_at > {now}, true) group by segment"
    ).fetchall()
    members = {str(name): int(count) for name, count in rows}
    named: list[tuple[str, Place]] = []
    for index, trigger in enumerate(journey.entry.all_triggers):
        if isinstance(trigger, SegmentTrigger | ScheduleTrigger):
            at: Place = (
                ("entry", "triggers", index) if journey.entry.triggers else ("entry", "trigger")
            )
            named.append((trigger.segment, (*at, "segment")))
    for asked in _asked(journey, graph):
        found = [leaf.segment for leaf in leaves(asked.condition) if isinstance(leaf, InSegment)]
        named += [(name, asked.path) for name in found]
    for name, path in named:
        if not members.get(name):
            text = f"the segment `{name}` is empty now; look at its rule, or wait until somebody is in it"
            yield Problem(path, text, "warning")


def _ways(
    con: duckdb.DuckDBPyConnection, journey: Journey, graph: Graph, as_of: dt.datetime
) -> Iterator[Problem]:
    """Ways that nobody took though many stood before them, and steps that nobody came to."""
    since = literal(naive(as_of) - dt.timedelta(days=DAYS))
    rows = con.execute(
        f"select step_id, branch, count(*) from {t('history')} where journey = ? and tick_at > {since} group by all",
        [journey.journey],
    ).fetchall()
    taken = {(step, branch): int(count) for step, branch, count in rows}
    for vertex in graph.ordered():
        total = sum(n for (step, _), n in taken.items() if step == vertex.id)
        if vertex.kind not in ("if", "wait", "split") or len(vertex.edges) < 2 or total < ENOUGH:
            continue
        for place, name in enumerate(vertex.edges):
            if name in ("next", "exit") or taken.get((vertex.id, name)):
                continue
            path = vertex.path
            if name in [way for way, _ in vertex.cases]:
                path = _case_path(vertex, place, name)
            text = f"of {total:,} at `{vertex.id}` in {DAYS} days nobody took the way `{name}`"
            yield Problem(
                path, f"{text}: what stands on it is unreachable as things are", "warning"
            )


def _consent(con: duckdb.DuckDBPyConnection, graph: Graph) -> Iterator[Problem]:
    """Messages with a purpose to which nobody consents on their channel."""
    if not has_table(con, "marts", "dim_contact_permissions"):
        return
    rows = con.execute(
        "select channel, purpose, count(*) from marts.dim_contact_permissions where is_allowed group by all"
    ).fetchall()
    allowed = {(channel, purpose): int(count) for channel, purpose, count in rows}
    for vertex in graph.ordered():
        body = vertex.body
        if (
            not isinstance(body, Send)
            or body.channel == "onsite"
            or body.purpose == "transactional"
        ):
            continue
        if not allowed.get((body.channel, body.purpose)):
            known = ", ".join(
                sorted({purpose for channel, purpose in allowed if channel == body.channel})
            )
            text = f"nobody consents to `{body.purpose}` by {body.channel}, so every `{body.message}` is skipped"
            yield Problem(
                (*vertex.path, "send", "purpose"),
                f"{text}; there is consent to: {known or 'nothing'}",
                "warning",
            )


def _variables(
    con: duckdb.DuckDBPyConnection, catalog: Catalog, journey: Journey, graph: Graph
) -> Iterator[Problem]:
    """Variables of messages that are often empty among those who entered; all contacts while nobody has."""
    inside = f"select contact_id from {t('enrollments')} where journey = {literal(journey.journey)}"
    count = con.execute(f"select count(*) from ({inside}) as i").fetchall()[0][0]
    who = f" where c.contact_id in ({inside})" if count else ""
    whose = "those who entered" if count else "all contacts"
    for vertex in graph.ordered():
        if not isinstance(vertex.body, Send):
            continue
        for name, origin in vertex.body.variables.items():
            if origin.startswith("entry.") or origin not in catalog.contacts.columns:
                continue
            value = f"cast(c.{ident(origin)} as varchar)"
            rows = con.execute(
                f"select count(*), count(*) filter (where coalesce(trim({value}), '') = '') "
                f"from {catalog.contacts.relation} as c{who}"
            ).fetchall()
            total, empty = int(rows[0][0]), int(rows[0][1])
            if total and empty / total > OFTEN_NULL:
                text = f"`{origin}` is empty for {empty / total:.0%} of {whose} ({empty:,} of {total:,})"
                yield Problem(
                    (*vertex.path, "send", "variables", name),
                    f"{text}; give `{name}` a default in `{vertex.body.message}`",
                    "warning",
                )


def _waits(journey: Journey, graph: Graph) -> Iterator[Problem]:
    """Waits that last longer than the journey's own exit lets anybody stay."""
    if journey.exit_when is None:
        return
    limit = _limit(journey.exit_when)
    if limit is None:
        return
    for vertex in graph.ordered():
        body = vertex.body
        length = body.for_ or body.or_after if isinstance(body, Wait) else None
        if length is not None and length.total_seconds >= limit.total_seconds:
            text = f"waits {length}, but `exit_when` takes whoever is inactive for {limit}"
            key = "for" if body.for_ else "or_after"
            yield Problem(
                (*vertex.path, "wait", key), f"`{vertex.id}` {text}: shorten the wait", "warning"
            )


def _limit(condition: Any) -> Duration | None:
    """The shortest time without an event after which the exit holds, where it says one."""
    match condition:
        case Not():
            inner = condition.not_
            return inner.within if isinstance(inner, Happened | Reacted) else None
        case AnyOf():
            found = [limit for child in condition.any if (limit := _limit(child)) is not None]
            return min(found, key=lambda one: one.total_seconds) if found else None
        case All():
            found = [limit for child in condition.all if (limit := _limit(child)) is not None]
            whole = len(found) == len(condition.all)
            return max(found, key=lambda one: one.total_seconds) if whole else None
        case Happened() | Reacted() if condition.count.lte == 0 or condition.count.eq == 0:
            return condition.within
        case _:
            return None
