"""A journey's steps as nodes with edges: what the engine runs, validation walks and diagrams draw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from activations.conditions.language import Condition
from activations.journeys.definition import Journey
from activations.journeys.steps import (
    Goal,
    GoToStep,
    IfStep,
    SplitStep,
    Step,
    Wait,
    WaitStep,
    _kind,
)

END = "end"
ACTIONS = ("update", "deal", "task", "notify", "webhook", "enter", "leave")


@dataclass
class Vertex:
    """One step: `edges` lead by branch name to a step's id or to END, in declared order."""

    id: str
    kind: str
    body: Any
    path: tuple[str | int, ...]
    ordinal: int
    edges: dict[str, str] = field(default_factory=dict)
    cases: tuple[tuple[str, Condition], ...] = ()

    @property
    def waits(self) -> bool:
        """Whether time passes here for certain (a send is known at the next tick at the earliest)."""
        if self.kind == "send":
            return bool(self.body.wait_for_send)
        return self.kind == "wait"


class Graph:
    """The vertices by id, in file order; `start` is the first step's id or END."""

    def __init__(self, journey: Journey) -> None:
        self.journey = journey
        self.vertices: dict[str, Vertex] = {}
        self.duplicates: list[tuple[str, tuple[str | int, ...]]] = []
        self.jumps: list[tuple[str, tuple[str | int, ...]]] = []
        self.dead: list[tuple[str | int, ...]] = []
        self.start = self._walk(journey.steps, ("steps",), END)

    def _walk(self, steps: tuple[Step, ...], path: tuple[str | int, ...], after: str) -> str:
        """Add the steps, of which the last leads to `after`; returns where the first begins."""
        entries: list[str] = []
        following = after
        # Backwards, so that each knows where it leads; ordinals are set afterwards.
        for index in reversed(range(len(steps))):
            step = steps[index]
            if self._never_goes_on(step) and index + 1 < len(steps):
                self.dead.append((*path, index + 1))
            following = self._add(step, (*path, index), following)
            entries.append(following)
        return following

    @staticmethod
    def _never_goes_on(step: Step) -> bool:
        return _kind(step) in ("end", "go_to")

    def _add(self, step: Step, path: tuple[str | int, ...], after: str) -> str:
        kind = _kind(step)
        if isinstance(step, GoToStep):
            self.jumps.append((step.go_to.step, (*path, "go_to", "step")))
            return step.go_to.step
        body = getattr(step, "if_" if kind == "if" else kind)
        edges: dict[str, str] = {}
        cases: tuple[tuple[str, Condition], ...] = ()
        if isinstance(step, IfStep):
            ways: list[tuple[str, Condition, tuple[Step, ...], tuple[str | int, ...]]] = [
                (b.id, b.when, b.steps, ("branches", i, "steps"))
                for i, b in enumerate(step.branches)
            ]
            if step.if_.when is not None:
                ways = [("then", step.if_.when, step.then, ("then",))]
            edges = {name: self._walk(inner, (*path, *at), after) for name, _, inner, at in ways}
            edges["else"] = self._walk(step.else_, (*path, "else"), after)
            cases = tuple((name, when) for name, when, _, _ in ways)
        elif isinstance(step, SplitStep):
            extra = step.__pydantic_extra__ or {}
            edges = {arm: self._walk(extra.get(arm, ()), (*path, arm), after) for arm in body.arms}
        elif isinstance(step, WaitStep) and isinstance(body, Wait):
            extra = step.__pydantic_extra__ or {}
            cases = body.cases
            names = [*(name for name, _ in cases), *(["timeout"] if body.or_after else [])]
            edges = {n: self._walk(extra.get(n, ()), (*path, n), after) for n in names}
            edges = edges or {"next": after}
            if body.mode == "date":
                edges["exit"] = END
        elif isinstance(body, Goal):
            edges = {"achieved": after, "skipped": after if body.unmet != "end" else END}
            cases = (("achieved", body.when),)
        elif kind == "end":
            edges = {"next": END}
        else:
            edges = {"next": after}
        if body.id in self.vertices:
            self.duplicates.append((body.id, (*path, kind, "id")))
        self.vertices[body.id] = Vertex(body.id, kind, body, path, 0, edges, cases)
        return str(body.id)

    def ordered(self) -> list[Vertex]:
        """The vertices in the order of the file, numbered."""
        found = sorted(self.vertices.values(), key=lambda vertex: _key(vertex.path))
        for number, vertex in enumerate(found):
            vertex.ordinal = number
        return found

    def reachable(self, start: str) -> set[str]:
        """The ids reached from `start` over at least one edge, END among them."""
        return self._reached([start])

    @cached_property
    def repeated(self) -> set[str]:
        """The ids of steps that somebody can come by twice: those on a loop, and all behind where a goal leads back."""
        vertices = self.vertices.values()
        goals = [(goal.scope, goal.then) for goal in self.journey.goals]
        goals += [(v.body.scope, v.id) for v in vertices if isinstance(v.body, Goal)]
        back = [then for scope, then in goals if scope == "anywhere" and then in self.vertices]
        loops = {v for v in self.vertices if v in self.reachable(v)}
        return loops | {*back, *self._reached(back)} - {END}

    def _reached(self, starts: Iterable[str]) -> set[str]:
        seen: set[str] = set()
        todo = list(starts)
        while todo:
            vertex = self.vertices.get(todo.pop())
            for target in vertex.edges.values() if vertex else ():
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
        return seen

    def restless_cycles(self) -> Iterator[list[str]]:
        """Each cycle in which no time passes, as the ids on it, once."""
        state: dict[str, int] = {}
        trail: list[str] = []
        found: list[list[str]] = []

        def visit(name: str) -> None:
            vertex = self.vertices.get(name)
            if vertex is None or vertex.waits:
                return
            state[name] = 1
            trail.append(name)
            for target in vertex.edges.values():
                if state.get(target) == 1:
                    found.append(trail[trail.index(target) :])
                elif target not in state:
                    visit(target)
            trail.pop()
            state[name] = 2

        for name in list(self.vertices):
            if name not in state:
                visit(name)
        for cycle in found:
            first = min(range(len(cycle)), key=lambda i: _key(self.vertices[cycle[i]].path))
            yield cycle[first:] + cycle[:first]


def _key(path: tuple[str | int, ...]) -> tuple[tuple[int, str], ...]:
    """File order: positions as numbers; the then-branch before the else-branch."""
    rank = {"then": 0, "branches": 0, "met": 0, "else": 2, "timeout": 2}
    return tuple(
        (part, "")
        if isinstance(part, int)
        else (rank.get(part, 1), part if part not in rank else "")
        for part in path
    )
