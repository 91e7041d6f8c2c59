"""A journey as an SVG that needs no browser, no font file and no script: cards, branches, and the people on them."""

from __future__ import annotations

from xml.sax.saxutils import escape

from activations.journeys.definition import Journey
from activations.journeys.diagram import layout, words
from activations.journeys.diagram.counts import Counts, Said, StepCounts, told
from activations.journeys.diagram.layout import (
    BARE,
    CARD,
    FOOT,
    GAP,
    LABEL,
    LINE,
    PAD,
    ROW,
    Block,
    Card,
    Fork,
)
from activations.journeys.diagram.mermaid import colour
from activations.journeys.diagram.text import fit, width, wrap

FONT = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, 'DejaVu Sans', sans-serif"
INK, SOFT, RULE, PAPER = "#111827", "#4b5563", "#9ca3af", "#ffffff"
STRONG = {
    "entry": "#4f46e5",
    "send": "#059669",
    "wait": "#d97706",
    "choice": "#7c3aed",
    "goal": "#db2777",
    "action": "#2563eb",
    "over": "#6b7280",
}
MARGIN, LEAST = 32, 620


class Canvas:
    """The drawing's elements; lines first, so that cards cover them."""

    def __init__(self) -> None:
        self.below: list[str] = []
        self.above: list[str] = []

    def text(self, x: float, y: float, said: str, size: float, ink: str = INK, **more: str) -> None:
        """A line of text; `more` are attributes, with _ for -."""
        extra = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
        self.above.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{ink}"{extra}>{escape(said)}</text>'
        )

    def box(
        self, x: float, y: float, w: float, h: float, fill: str, line: str, radius: float = 10
    ) -> None:
        """A rounded box."""
        self.above.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="{radius}" '
            f'fill="{fill}" stroke="{line}"/>'
        )

    def path(self, d: str, *, arrow: bool = False) -> None:
        """A line below the cards."""
        end = ' marker-end="url(#arrow)"' if arrow else ""
        self.below.append(f'<path d="{d}" fill="none" stroke="{RULE}" stroke-width="1.6"{end}/>')

    def pill(self, x: float, y: float, said: str, ink: str = SOFT) -> None:
        """A word on a line, centred."""
        wide = width(said, 11.5, bold=True) + 16
        self.box(x - wide / 2, y - 10, wide, 20, PAPER, "#d1d5db", 10)
        self.text(x, y + 4, said, 11.5, ink, text_anchor="middle", font_weight="600")


def draw(journey: Journey, counts: Counts | None = None) -> str:
    """The SVG's text, with the counts where given."""
    canvas = Canvas()
    block = layout.build(journey, counted=counts is not None)
    inner = max(
        LEAST, block.left + block.right, 2 * max(block.left, block.right) if block.forks else 0
    )
    wide = inner + 2 * MARGIN
    x = MARGIN + block.left + (inner - block.left - block.right) / 2
    top = _head(canvas, journey, counts, wide)
    first = _entry(canvas, journey, counts, x, top)
    layout.place(block, x, first + GAP)
    canvas.path(f"M{x:.1f},{first:.1f} V{first + GAP - 3:.1f}", arrow=True)
    _block(canvas, block, x, first + GAP, counts)
    bottom = first + GAP + block.height
    if not (block.ends or block.jump):
        canvas.path(f"M{x:.1f},{bottom:.1f} V{bottom + GAP - 3:.1f}", arrow=True)
        canvas.pill(x, bottom + GAP + 8, "over")
        bottom += GAP + 18
    high = bottom + MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high:.0f}" '
            f'viewBox="0 0 {wide:.0f} {high:.0f}" role="img" font-family="{FONT}">',
            f"<title>{escape(journey.journey)}</title>",
            f"<desc>{escape(journey.description)}</desc>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="{RULE}"/></marker></defs>',
            f'<rect width="{wide:.0f}" height="{high:.0f}" fill="{PAPER}"/>',
            *canvas.below,
            *canvas.above,
            "</svg>\n",
        ]
    )


def _head(canvas: Canvas, journey: Journey, counts: Counts | None, wide: float) -> float:
    """Name, description, goals and exits; returns where the drawing begins."""
    room, y = wide - 2 * MARGIN, MARGIN + 20.0
    canvas.text(MARGIN, y, journey.journey, 22, font_weight="700")
    for line in wrap(journey.description, room, 13.5):
        y += 20
        canvas.text(MARGIN, y, line, 13.5, SOFT)
    y += 10
    for goal in journey.goals:
        reached = f" · {counts.goals.get(goal.name, 0):,} achieved" if counts else ""
        then = "over" if goal.then == "end" else f"goes on at {goal.then}"
        said = f"{goal.name}{reached}: {words.condition(goal.when)} → {then}"
        y = _note(canvas, y, "goal", said, room)
    if leaves := words.exits(journey):
        left = f"{counts.status.get('exited', 0):,} left · " if counts else ""
        y = _note(canvas, y, "over", f"{left}leaves when {leaves}", room)
    return y + 16


def _note(canvas: Canvas, y: float, kind: str, said: str, room: float) -> float:
    """A goal or an exit as a line with a coloured word in front."""
    word = "GOAL" if kind == "goal" else "EXIT"
    canvas.box(MARGIN, y + 5, 46, 18, STRONG[kind], STRONG[kind], 9)
    canvas.text(
        MARGIN + 23,
        y + 18,
        word,
        10.5,
        PAPER,
        font_weight="700",
        text_anchor="middle",
        letter_spacing="0.5",
    )
    lines = wrap(said, room - 56, 12.5)
    for number, line in enumerate(lines):
        canvas.text(MARGIN + 56, y + 18.5 + number * LINE, line, 12.5)
    return y + 8 + LINE * max(1, len(lines))


def _entry(canvas: Canvas, journey: Journey, counts: Counts | None, x: float, top: float) -> float:
    """Who enters; returns its bottom."""
    lines = wrap(words.entry(journey), CARD - 2 * PAD, 12.5)
    high = PAD + LABEL + LINE * len(lines) + (FOOT if counts else 0) + PAD / 2
    _card(canvas, x, top, high, "entry")
    at = _label(canvas, x, top, "enters", "entry")
    for line in lines:
        canvas.text(x - CARD / 2 + PAD + 4, at, line, 12.5, INK)
        at += LINE
    if counts:
        inside = counts.status.get("active", 0)
        _foot(canvas, x, top + high, [[("entered", counts.entered), ("inside", inside)]])
    return top + high


def _card(canvas: Canvas, x: float, y: float, high: float, kind: str) -> None:
    canvas.box(x - CARD / 2, y, CARD, high, PAPER, "#d1d5db")
    canvas.above.append(
        f'<path d="M{x - CARD / 2 + 10:.1f},{y:.1f} h-4 a6,6 0 0 0 -6,6 v{high - 12:.1f} a6,6 0 0 0 6,6 h4 z" '
        f'fill="{STRONG[kind]}"/>'
    )


def _label(canvas: Canvas, x: float, y: float, said: str, kind: str) -> float:
    canvas.text(
        x - CARD / 2 + PAD + 4,
        y + PAD + 8,
        said.upper(),
        10.5,
        STRONG[kind],
        font_weight="700",
        letter_spacing="0.6",
    )
    return y + PAD + LABEL + 9


def _foot(canvas: Canvas, x: float, bottom: float, rows: list[Said]) -> None:
    """The counts under a rule: figures bold, words soft; zeros step back."""
    left, right = x - CARD / 2 + PAD + 4, x + CARD / 2 - PAD
    y = bottom - 10 - ROW * (len(rows) - 1)
    canvas.above.append(
        f'<line x1="{left:.1f}" y1="{y - 19:.1f}" x2="{right:.1f}" y2="{y - 19:.1f}" stroke="#e5e7eb"/>'
    )
    for row in rows:
        size = 11.5
        while (
            size > 8 and sum(width(f"{n:,} {w}", size) + size for w, n in row) > right - left + size
        ):
            size -= 0.5
        spans = [
            f'<tspan font-weight="700" fill="{INK if number else RULE}"'
            + (f' dx="{size * 0.8:.1f}"' if place else "")
            + f'>{number:,}</tspan><tspan fill="{SOFT if number else RULE}"> {word}</tspan>'
            for place, (word, number) in enumerate(row)
        ]
        canvas.above.append(
            f'<text x="{left:.1f}" y="{y:.1f}" font-size="{size}">{"".join(spans)}</text>'
        )
        y += ROW


def _step(canvas: Canvas, card: Card, counts: Counts | None) -> None:
    assert card.vertex is not None  # noqa: S101 — only the entry has none, and is drawn apart
    kind = colour(card.vertex.kind)
    _card(canvas, card.x, card.y, card.height, kind)
    at = _label(canvas, card.x, card.y, card.lines[0], kind)
    left = card.x - CARD / 2 + PAD + 4
    canvas.text(left, at + 1, fit(card.id, CARD - 2 * PAD, 14, bold=True), 14, font_weight="700")
    for line in card.lines[1:]:
        at += LINE
        canvas.text(left, at + 2, line, 12.5, SOFT)
    if counts:
        found = counts.steps.get(card.id, StepCounts())
        _foot(canvas, card.x, card.y + card.height, told(card.vertex.kind, found))


def _block(canvas: Canvas, block: Block, x: float, y: float, counts: Counts | None) -> None:
    """Cards of one axis and the lines between them."""
    for number, fork in enumerate(block.forks):
        _step(canvas, fork.card, counts)
        bottom = fork.card.y + fork.height
        if fork.ways:
            _ways(canvas, fork, bottom, counts)
        if number + 1 < len(block.forks):
            start = bottom if fork.ways else fork.card.y + fork.card.height
            canvas.path(f"M{x:.1f},{start:.1f} V{bottom + GAP - 3:.1f}", arrow=True)
        y = bottom
    if block.jump:
        if block.forks:
            canvas.path(f"M{x:.1f},{y:.1f} V{y + GAP - 3:.1f}", arrow=True)
            y += GAP
        canvas.pill(x, y + 10, f"↺ {fit(block.jump, BARE + 60, 11.5)}", STRONG["action"])


def _ways(canvas: Canvas, fork: Fork, bottom: float, counts: Counts | None) -> None:
    """The branches of a card: a line to each under its name, and back together where they go on."""
    card, low = fork.card, fork.card.y + fork.card.height
    bar, start = low + 14, low + layout.FORK
    join = bottom - layout.JOIN / 2
    canvas.path(f"M{card.x:.1f},{low:.1f} V{bar:.1f}")
    for index, way in enumerate(fork.ways):
        at = layout.axis(fork, index)
        _turn(canvas, card.x, at, bar)
        end = start + way.block.height
        has_steps = bool(way.block.forks)
        if has_steps:
            canvas.path(
                f"M{at:.1f},{bar + (8 if at != card.x else 0):.1f} V{start - 3:.1f}", arrow=True
            )
        _block(canvas, way.block, at, start, counts)
        if way.goes_on:
            begin = end if has_steps else bar + (8 if at != card.x else 0)
            if at == card.x:
                canvas.path(f"M{at:.1f},{begin:.1f} V{bottom:.1f}")
            else:
                side = 8 if card.x > at else -8
                canvas.path(
                    f"M{at:.1f},{begin:.1f} V{join - 8:.1f} q0,8 {side},8 H{card.x:.1f} V{bottom:.1f}"
                )
        elif way.block.jump and not has_steps:
            canvas.path(f"M{at:.1f},{bar + 8:.1f} V{start:.1f}")
        number = counts.ways.get((card.id, way.name), 0) if counts else None
        canvas.pill(at, bar + 22, way.name if number is None else f"{way.name} · {number:,}")


def _turn(canvas: Canvas, origin: float, at: float, bar: float) -> None:
    if at != origin:
        side = 8 if at > origin else -8
        canvas.path(f"M{origin:.1f},{bar:.1f} H{at - side:.1f} q{side},0 {side},8")
