"""Pictures of journeys: every step is on them, nothing overlaps, and the figures are those of the journal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from activations.journeys.definition import Journey
from activations.journeys.diagram import layout, mermaid, svg, words
from activations.journeys.diagram.counts import count
from activations.journeys.diagram.layout import CARD, PAD, Block, Card
from activations.journeys.diagram.text import width, wrap
from activations.journeys.graph import Graph
from tests.activations.journeys.world import World, at, define

STEPS = """
    goals:
      - {name: bought, when: {event: order, since: entry}}
    exit_when: {segment: seg_blocked}
    steps:
      - send: {id: hello, channel: email, message: hello}
      - wait: {id: look, until: {event: view, since: arrival}, or_after: 1 day}
        timeout:
          - send: {id: help, channel: email, message: help}
      - if: {id: big, when: {field: points, gte: 5}}
        then:
          - end: {id: done, reason: "a \\"big\\" one <now>"}
      - wait: {id: week, for: 7 days}
"""


def cards(block: Block) -> list[Card]:
    """Every box of a drawing."""
    found = []
    for fork in block.forks:
        found.append(fork.card)
        for way in fork.ways:
            found += cards(way.block)
    return found


@st.composite
def bodies(draw: Any, depth: int = 3) -> list[dict[str, Any]]:
    """Steps nested at random, with ids that are unique."""
    numbers = draw(st.shared(st.builds(lambda: iter(range(10_000))), key="ids"))
    text = st.text("abcdefgh _M≥", min_size=1, max_size=60)
    found: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(0 if depth < 3 else 1, 3))):
        name = f"s{next(numbers)}"
        kind = draw(st.sampled_from(["send", "wait", "if", "split", "end", "go_to"]))
        inner = bodies(depth - 1) if depth else st.just([])
        if kind == "send":
            found.append({"send": {"id": name, "channel": "email", "message": draw(text)}})
        elif kind == "wait":
            found.append({"wait": {"id": name, "until": {"event": draw(text)}, "or_after": "1 day"},
                          "met": draw(inner), "timeout": draw(inner)})  # fmt: skip
        elif kind == "if":
            ways = [
                {"id": f"{name}{i}", "when": {"tag": draw(text)}, "steps": draw(inner)}
                for i in range(2)
            ]
            found.append({"if": {"id": name}, "branches": ways, "else": draw(inner)})
        elif kind == "split":
            found.append(
                {
                    "split": {"id": name, "arms": {"a": 1, "b": 2}},
                    "a": draw(inner),
                    "b": draw(inner),
                }
            )
        elif kind == "end":
            found.append({"end": {"id": name}})
        else:
            found.append({"go_to": {"step": "first"}})
    return found


@settings(max_examples=40, deadline=None)
@given(bodies())
def test_cards_never_overlap_and_stay_inside_the_picture(body: list[dict[str, Any]]) -> None:
    """However a journey is nested: two boxes share no point, and the whole fits the drawing's size."""
    journey = Journey.model_validate(
        {
            "journey": "j",
            "description": "d",
            "owner": "o",
            "entry": {"trigger": {"manual": True}},
            "steps": [{"wait": {"id": "first", "for": "1 day"}}, *body],
        }
    )
    block = layout.build(journey, counted=True)
    layout.place(block, 0, 0)
    boxes = [(c.x - CARD / 2, c.y, c.x + CARD / 2, c.y + c.height) for c in cards(block)]

    for index, one in enumerate(boxes):
        assert -block.left <= one[0] and one[2] <= block.right
        assert one[3] <= block.height
        for other in boxes[index + 1 :]:
            apart = (
                one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
            )
            assert apart
    root = ElementTree.fromstring(svg.draw(journey))
    wide, high = float(root.get("width", 0)), float(root.get("height", 0))
    for element in root.iter("{http://www.w3.org/2000/svg}rect"):
        left, top = float(element.get("x", 0)), float(element.get("y", 0))
        assert left >= 0 and left + float(element.get("width", 0)) <= wide
        assert top >= 0 and top + float(element.get("height", 0)) <= high


@settings(deadline=None)
@given(st.text(max_size=300))
def test_wrapped_lines_fit(text: str) -> None:
    """No line is wider than the room of a card, and nothing is lost before the … ."""
    lines = wrap(text, CARD - 2 * PAD, 12.5)

    assert all(width(line, 12.5) <= CARD - 2 * PAD for line in lines)
    if len(lines) < 5:
        assert "".join(lines).replace(" ", "") == "".join(text.split())


def test_every_step_and_way_is_drawn() -> None:
    """Both pictures name every step; Mermaid has an arrow for every way."""
    journey = define(STEPS)
    graph = Graph(journey)
    said = "".join(ElementTree.fromstring(svg.draw(journey)).itertext())
    chart = mermaid.draw(journey)

    for vertex in graph.ordered():
        assert vertex.id in said
        assert f"step_{vertex.id}" in chart
    assert 'step_look -->|"timeout"| step_help' in chart
    assert 'step_big -->|"then"| step_done' in chart
    assert "#quot;big#quot; one #lt;now#gt;" in chart
    assert "bought: order since entry → over" in said
    assert words.exits(journey) == "in seg_blocked"


def test_counts_are_those_of_the_journal(world: World) -> None:
    """Five enter: one buys, one is skipped, two looked; each figure on the picture is the journal's."""
    journey = world.publish(STEPS)
    world.contacts("c1", "c2", "c3", "c4", "c5", points=1)
    world.set("c5", points=9)
    for name in ("c1", "c2", "c3", "c4", "c5"):
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "11:00"))
    world.con.execute(
        "update activations.outbox set state = 'skipped', reason = 'bounced', state_at = timestamp '2026-03-02 11:30' "
        "where contact_id = 'c4'"
    )
    world.deliver(at(0, "12:00"))
    world.tick(at(0, "13:00"))
    world.event("c1", "view", at(0, "14:00"))
    world.event("c2", "order", at(0, "14:30"))
    world.event("c5", "view", at(0, "15:00"))
    world.tick(at(0, "16:00"))

    found = count(world.con, "j")

    assert found.entered == 5
    assert found.goals == {"bought": 1}
    hello, look, big = (found.steps[name] for name in ("hello", "look", "big"))
    assert (hello.here, hello.passed, hello.sent, hello.unsent) == (0, 5, 4, 1)
    assert (look.here, look.passed, look.left) == (2, 2, 1)
    assert found.ways["look", "met"] == 2
    assert (big.passed, found.ways["big", "then"], found.steps["week"].here) == (2, 1, 1)
    chart = mermaid.draw(journey, found)
    assert "4 sent · 1 not sent" in chart
    assert "2 here · 2 passed · 1 left" in chart
    drawn = "".join(ElementTree.fromstring(svg.draw(journey, found)).itertext())
    assert re.search(r"hello\s*message hello\s*0 here\s*5 passed\s*4 sent\s*1 not sent", drawn)
    world.live(at(1, "17:00"), at(1, "19:00"), timedelta(hours=1))
    assert count(world.con, "j").ways["look", "timeout"] == 2
