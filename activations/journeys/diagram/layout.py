"""Where the parts of a journey's picture go: steps below each other, branches beside each other, joined again.

The nesting of the file is the picture's, so nothing crosses; only `go_to` jumps, and is drawn as a word.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from activations.journeys.definition import Journey
from activations.journeys.diagram import words
from activations.journeys.diagram.text import wrap
from activations.journeys.graph import Graph, Vertex
from activations.journeys.steps import GoToStep, IfStep, SplitStep, Step, WaitStep, _kind

CARD, PAD, LINE = 248, 14, 17
GAP, BESIDE, FORK, JOIN, BARE = 30, 28, 58, 34, 108
TITLE, LABEL = 20, 18
FOOT, ROW = 27, 17


@dataclass
class Card:
    """A step's box; `lines` are what it does, wrapped; x is its middle, y its top."""

    id: str
    vertex: Vertex | None
    lines: list[str]
    x: float = 0
    y: float = 0
    height: float = 0


@dataclass
class Way:
    """A branch under its name; `goes_on` is false where it ends or jumps."""

    name: str
    block: Block
    goes_on: bool = True


@dataclass
class Fork:
    """A card and its branches; `left` and `right` are how far it reaches from its axis."""

    card: Card
    ways: list[Way] = field(default_factory=list)
    left: float = CARD / 2
    right: float = CARD / 2
    height: float = 0


@dataclass
class Block:
    """Steps below each other on one axis; `jump` is the id of the step it goes on at instead of further down."""

    forks: list[Fork] = field(default_factory=list)
    jump: str = ""
    ends: bool = False
    left: float = BARE / 2
    right: float = BARE / 2
    height: float = 0


def build(journey: Journey, *, counted: bool) -> Block:
    """The whole as blocks with sizes; `place` gives them their places."""
    graph = Graph(journey)
    graph.ordered()
    return _block(journey.steps, graph, counted)


def _block(steps: tuple[Step, ...], graph: Graph, counted: bool) -> Block:
    block = Block()
    for step in steps:
        if isinstance(step, GoToStep):
            block.jump = step.go_to.step
            break
        block.forks.append(_fork(step, graph, counted))
        if _kind(step) == "end":
            block.ends = True
            break
    for fork in block.forks:
        block.left, block.right = max(block.left, fork.left), max(block.right, fork.right)
    last = block.forks[-1] if block.forks else None
    if last and last.ways and not any(way.goes_on for way in last.ways):
        block.ends = True
    block.height = sum(fork.height for fork in block.forks) + GAP * max(0, len(block.forks) - 1)
    if block.jump:
        block.height += GAP + LABEL + 8
    return block


def _fork(step: Step, graph: Graph, counted: bool) -> Fork:
    kind = _kind(step)
    body = getattr(step, "if_" if kind == "if" else kind)
    vertex = graph.vertices[body.id]
    fork = Fork(card(vertex, counted))
    named: list[tuple[str, tuple[Step, ...]]] = []
    if isinstance(step, IfStep):
        named = [(branch.id, branch.steps) for branch in step.branches] or [("then", step.then)]
        named.append(("else", step.else_))
    elif isinstance(step, SplitStep | WaitStep):
        extra = step.__pydantic_extra__ or {}
        names = [name for name in vertex.edges if name not in ("next", "exit")]
        if len(names) > 1 or any(extra.values()):
            named = [(name, extra.get(name, ())) for name in names]
    fork.ways = [Way(name, _block(inner, graph, counted)) for name, inner in named]
    for way in fork.ways:
        way.goes_on = not (way.block.ends or way.block.jump)
    fork.height = fork.card.height
    if fork.ways:
        axes = _axes(fork)
        middle = (axes[0] + axes[-1]) / 2
        total = axes[-1] + fork.ways[-1].block.right
        fork.left, fork.right = max(fork.left, middle), max(fork.right, total - middle)
        fork.height += FORK + max(way.block.height for way in fork.ways)
        fork.height += JOIN if any(way.goes_on for way in fork.ways) else 0
    return fork


def _axes(fork: Fork) -> list[float]:
    """The branches' axes, counted from the left edge of the first."""
    found, at = [], 0.0
    for way in fork.ways:
        found.append(at + way.block.left)
        at += way.block.left + way.block.right + BESIDE
    return found


def card(vertex: Vertex, counted: bool) -> Card:
    """A step's box with its height."""
    label, what = words.step(vertex)
    lines = wrap(what, CARD - 2 * PAD, 12.5) if what else []
    foot = FOOT + (ROW if vertex.kind == "send" else 0) if counted else 0
    height = PAD + LABEL + TITLE + LINE * len(lines) + foot + PAD / 2
    return Card(vertex.id, vertex, [label, *lines], height=height)


def place(block: Block, x: float, y: float) -> None:
    """Give every card below its place, the axis at `x` and the top at `y`."""
    for fork in block.forks:
        fork.card.x, fork.card.y = x, y
        if fork.ways:
            axes = _axes(fork)
            start = x - (axes[0] + axes[-1]) / 2
            for way, axis in zip(fork.ways, axes, strict=True):
                place(way.block, start + axis, y + fork.card.height + FORK)
        y += fork.height + GAP


def axis(fork: Fork, index: int) -> float:
    """The x of a branch."""
    axes = _axes(fork)
    return fork.card.x - (axes[0] + axes[-1]) / 2 + axes[index]
