"""What a journey says that cannot work: unknown words, steps that nobody reaches, loops in which no time passes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from activations.conditions.catalog import Catalog, suggestion
from activations.conditions.check import check, event
from activations.conditions.errors import Path as Place
from activations.conditions.errors import Problem
from activations.conditions.language import Happened
from activations.journeys.definition import (
    BecomesTrigger,
    ChangedTrigger,
    DateTrigger,
    EventTrigger,
    Journey,
    ScheduleTrigger,
    SegmentTrigger,
)
from activations.journeys.doing import Deal
from activations.journeys.graph import END, Graph, Vertex
from activations.journeys.steps import Send, UntilDate

CONSENTED = ("marketing", "transactional")


def validate(
    journey: Journey, catalog: Catalog, messages: frozenset[str] | None = None
) -> list[Problem]:
    """Every finding, errors and warnings; `messages` are the templates there are (None = nobody looked)."""
    graph = Graph(journey)
    return [
        *_shape(journey, graph),
        *_entry(journey, catalog),
        *_goals(journey, graph, catalog),
        *(
            one
            for vertex in graph.ordered()
            for one in _step(vertex, journey, graph, catalog, messages)
        ),
    ]


def templates(project: Path) -> frozenset[str]:
    """The names of the messages in `models/messages/`."""
    found = (project / "models" / "messages").glob("*.*")
    return frozenset(path.name.split(".")[0] for path in found if not path.name.startswith("_"))


def senders(graph: Graph) -> frozenset[str]:
    """The ids of the steps that send."""
    return frozenset(name for name, vertex in graph.vertices.items() if vertex.kind == "send")


def _shape(journey: Journey, graph: Graph) -> Iterator[Problem]:
    for name, path in graph.duplicates:
        yield Problem(path, f"two steps are called `{name}`; ids are unique within a journey")
    for name, path in graph.jumps:
        if name not in graph.vertices:
            yield Problem(path, f"no step is called `{name}`; {suggestion(name, graph.vertices)}")
    for path in graph.dead:
        yield Problem(path, "nobody reaches this step: the one before it never goes on")
    reached = {graph.start, *graph.reachable(graph.start)}
    for goal in journey.goals:
        reached |= {goal.then, *graph.reachable(goal.then)}
    for vertex in graph.ordered():
        if vertex.kind == "goal":
            reached |= {vertex.id, *graph.reachable(vertex.id)}
    told = {path[:-1] for path in graph.dead}
    for vertex in graph.ordered():
        if vertex.id not in reached and vertex.path[:-1] not in told:
            yield Problem(vertex.path, f"nobody reaches the step `{vertex.id}`")
    for cycle in graph.restless_cycles():
        path = graph.vertices[cycle[0]].path
        way = " → ".join([*cycle, cycle[0]])
        yield Problem(path, f"a loop in which no time passes: {way}; put a wait into it")


def _entry(journey: Journey, catalog: Catalog) -> Iterator[Problem]:
    entry = journey.entry
    for index, trigger in enumerate(entry.all_triggers):
        path: Place = ("entry", "triggers", index) if entry.triggers else ("entry", "trigger")
        match trigger:
            case EventTrigger():
                yield from event(Happened(event=trigger.event, where=trigger.where), catalog, path)
            case SegmentTrigger() | ScheduleTrigger():
                if trigger.segment not in catalog.segments:
                    hint = suggestion(trigger.segment, catalog.segments)
                    yield Problem(
                        (*path, "segment"), f"unknown segment `{trigger.segment}`; {hint}"
                    )
            case BecomesTrigger():
                yield from check(trigger.becomes, catalog, (*path, "becomes"))
            case ChangedTrigger():
                yield from _field(trigger.changed, catalog, (*path, "changed"))
            case DateTrigger():
                yield from _field(trigger.date, catalog, (*path, "date"), dated=True)
            case _:
                pass
    if entry.only_if is not None:
        yield from check(entry.only_if, catalog, ("entry", "only_if"))


def _field(name: str, catalog: Catalog, path: Place, dated: bool = False) -> Iterator[Problem]:
    if name not in catalog.contacts.columns:
        hint = suggestion(name, catalog.contacts.columns)
        yield Problem(path, f"unknown field `{name}` of the contact; {hint}")
    elif dated and not catalog.contacts.columns[name].startswith(("date", "timestamp", "varchar")):
        yield Problem(path, f"`{name}` is {catalog.contacts.columns[name]}, no date")


def _goals(journey: Journey, graph: Graph, catalog: Catalog) -> Iterator[Problem]:
    known = senders(graph)
    if journey.exit_when is not None:
        yield from check(journey.exit_when, catalog, ("exit_when",), known, journey.entry.key)
    seen: set[str] = set()
    for index, goal in enumerate(journey.goals):
        path: Place = ("goals", index)
        yield from check(goal.when, catalog, (*path, "when"), known, journey.entry.key)
        if goal.then != END and goal.then not in graph.vertices:
            hint = suggestion(goal.then, [END, *graph.vertices])
            yield Problem((*path, "then"), f"no step is called `{goal.then}`; {hint}")
        if goal.name in seen or goal.name in graph.vertices:
            yield Problem((*path, "name"), f"`{goal.name}` is taken by another goal or step")
        seen.add(goal.name)


def _step(
    vertex: Vertex,
    journey: Journey,
    graph: Graph,
    catalog: Catalog,
    messages: frozenset[str] | None,
) -> Iterator[Problem]:
    path = (*vertex.path, vertex.kind)
    known = senders(graph)
    for name, condition in vertex.cases:
        at = (*path, "when")
        if vertex.kind == "wait":
            at = (*path, "until")
        elif vertex.kind == "if" and name != "then":
            position = [way for way, _ in vertex.cases].index(name)
            at = (*vertex.path, "branches", position, "when")
        yield from check(condition, catalog, at, known, journey.entry.key)
    body = vertex.body
    if isinstance(getattr(body, "until", None), UntilDate):
        yield from _field(body.until.date, catalog, (*path, "until", "date"), dated=True)
    if isinstance(body, Send):
        if body.still_valid_if is not None:
            at = (*path, "still_valid_if")
            yield from check(body.still_valid_if, catalog, at, known, journey.entry.key)
        if messages is not None and body.message not in messages:
            hint = suggestion(body.message, messages)
            yield Problem(
                (*path, "message"), f"no message `{body.message}` in models/messages/; {hint}"
            )
        for name, origin in body.variables.items():
            if not origin.startswith("entry."):
                yield from _field(origin, catalog, (*path, "variables", name))
        if body.purpose not in CONSENTED:
            words = f"`{body.purpose}` is no purpose that consent is asked for"
            yield Problem((*path, "purpose"), f"{words}; {suggestion(body.purpose, CONSENTED)}")
    if isinstance(body, Deal) and body.move:
        for name in ("amount", "owner", "owners"):
            if getattr(body, name):
                words = f"a move changes the stage of a deal that is there, and no more; leave `{name}` out"
                yield Problem((*path, name), words)
    if vertex.kind == "split":
        extra = set(getattr(body, "arms", {}))
        given = {key for key in _siblings(journey, vertex) if key != "split"}
        for name in sorted(given - extra):
            yield Problem(
                (*vertex.path, name), f"the split has no arm `{name}`; {suggestion(name, extra)}"
            )
        if body.winner is not None and body.winner.goal not in {g.name for g in journey.goals}:
            hint = suggestion(body.winner.goal, [g.name for g in journey.goals])
            yield Problem((*path, "winner", "goal"), f"no goal `{body.winner.goal}`; {hint}")
    if vertex.kind == "wait":
        allowed = {*vertex.edges, "wait"}
        for name in sorted(_siblings(journey, vertex) - allowed):
            hint = suggestion(name, vertex.edges)
            yield Problem((*vertex.path, name), f"the wait has no branch `{name}`; {hint}")


def _siblings(journey: Journey, vertex: Vertex) -> set[str]:
    """The keys that stand beside a step's kind."""
    at: object = journey
    for part in vertex.path:
        if isinstance(part, int):
            at = at[part]  # type: ignore[index]
        else:
            name = {"else": "else_", "if": "if_"}.get(part, part)
            extra = getattr(at, "__pydantic_extra__", None) or {}
            at = extra[part] if part in extra else getattr(at, name)
    return {*(getattr(at, "__pydantic_extra__", None) or {})}
