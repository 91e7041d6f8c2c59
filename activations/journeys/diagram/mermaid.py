"""A journey as a Mermaid flowchart, which GitHub, Dagster and most wikis draw by themselves."""

from __future__ import annotations

from activations.journeys.definition import Journey
from activations.journeys.diagram import words
from activations.journeys.diagram.counts import Counts, StepCounts, told
from activations.journeys.graph import END, Graph, Vertex

SHAPES = {
    "wait": ("{{", "}}"),
    "if": ("{", "}"),
    "split": ("{", "}"),
    "goal": ("[[", "]]"),
    "end": ("([", "])"),
}
COLOURS = {
    "entry": "fill:#eef2ff,stroke:#4f46e5,color:#1e1b4b",
    "send": "fill:#ecfdf5,stroke:#059669,color:#022c22",
    "wait": "fill:#fffbeb,stroke:#d97706,color:#451a03",
    "choice": "fill:#f5f3ff,stroke:#7c3aed,color:#2e1065",
    "goal": "fill:#fdf2f8,stroke:#db2777,color:#500724",
    "action": "fill:#eff6ff,stroke:#2563eb,color:#172554",
    "over": "fill:#f3f4f6,stroke:#6b7280,color:#111827",
}
QUIET = ("next", "exit")


def draw(journey: Journey, counts: Counts | None = None) -> str:
    """The flowchart's text, with the counts where given."""
    graph = Graph(journey)
    lines = ["flowchart TD"]
    entered = f"<br/>{counts.entered:,} entered" if counts else ""
    lines.append(
        f'  entry(["<b>{_safe(journey.journey)}</b><br/>{_safe(words.entry(journey))}{entered}"]):::entry'
    )
    for vertex in graph.ordered():
        lines.append(f"  {_node(vertex, counts)}")
    lines.append('  over(["over"]):::over')
    lines.append(f"  entry --> {_id(graph.start)}")
    for vertex in graph.ordered():
        lines += [f"  {line}" for line in _edges(vertex, counts)]
    for goal in journey.goals:
        reached = f"<br/>{counts.goals.get(goal.name, 0):,} achieved" if counts else ""
        name = f"goal_{goal.name}"
        lines.append(
            f'  {name}[["<b>goal {_safe(goal.name)}</b><br/>{_safe(words.condition(goal.when))}{reached}"]]:::goal'
        )
        lines.append(f"  {name} -.-> {_id(goal.then)}")
    if leaves := words.exits(journey):
        left = f"<br/>{counts.status.get('exited', 0):,} left" if counts else ""
        lines.append(f'  exits(["<b>leaves when</b><br/>{_safe(leaves)}{left}"]):::over')
        lines.append("  exits -.-> over")
    lines += [f"  classDef {name} {style}" for name, style in COLOURS.items()]
    return "\n".join(lines) + "\n"


def _id(step: str) -> str:
    # `end` is a word of Mermaid's own, so steps are prefixed.
    return "over" if step == END else f"step_{step}"


def colour(kind: str) -> str:
    """The class of a kind of step."""
    same = {
        "send": "send",
        "wait": "wait",
        "if": "choice",
        "split": "choice",
        "goal": "goal",
        "end": "over",
    }
    return same.get(kind, "action")


def _node(vertex: Vertex, counts: Counts | None) -> str:
    label, what = words.step(vertex)
    text = f"<b>{_safe(vertex.id)}</b><br/>{_safe(label)}" + (f": {_safe(what)}" if what else "")
    if counts:
        found = counts.steps.get(vertex.id, StepCounts())
        for row in told(vertex.kind, found):
            text += "<br/>" + " · ".join(f"{number:,} {word}" for word, number in row)
    before, after = SHAPES.get(vertex.kind, ("[", "]"))
    return f'{_id(vertex.id)}{before}"{text}"{after}:::{colour(vertex.kind)}'


def _edges(vertex: Vertex, counts: Counts | None) -> list[str]:
    """One arrow per target; ways that lead to the same step share it."""
    ways: dict[str, list[str]] = {}
    for name, target in vertex.edges.items():
        label = "" if name in QUIET and len(vertex.edges) == 1 else name
        if label and counts and (number := counts.ways.get((vertex.id, name))):
            label += f" {number:,}"
        ways.setdefault(target, []).append(label)
    found = []
    for target, labels in ways.items():
        said = ", ".join(label for label in labels if label)
        arrow = f'-->|"{_safe(said)}"|' if said else "-->"
        found.append(f"{_id(vertex.id)} {arrow} {_id(target)}")
    return found


def _safe(text: str) -> str:
    """Text that neither ends a label nor is read as markup."""
    for sign, code in (
        ("#", "#35;"),
        ('"', "#quot;"),
        ("<", "#lt;"),
        (">", "#gt;"),
        ("`", "#96;"),
        ("|", "#124;"),
    ):
        text = text.replace(sign, code)
    return " ".join(text.split())
