"""Lint on data: each kind of finding appears where it is planted, with its line, and goes away once it is mended."""

from __future__ import annotations

import textwrap

import pytest

from activations.journeys.lint import ENOUGH, lint
from activations.journeys.load import parse
from tests.activations.journeys.test_diagram import STEPS
from tests.activations.journeys.world import World, at

TEXT = textwrap.dedent("""\
    journey: j
    description: A test.
    owner: growth
    entry:
      trigger: {event: start, where: {value_cents: {gte: 100}}}
    exit_when: {any: [{segment: seg_blocked}, {not: {event: view, within: 7 days}}]}
    goals:
      - {name: bought, when: {event: order, since: entry}}
    steps:
      - send: {id: hello, channel: sms, message: hello, purpose: news, variables: {name: first_name}}
      - wait: {id: long, for: 8 days}
      - if: {id: big, when: {field: points, gte: 1000}}
        then:
          - end: {id: done}
""")
ALL = [
    ("6", "the segment `seg_blocked` is empty now"),
    ("8", "the goal `bought` (order since entry) held for nobody in 90 days; nobody can reach it"),
    ("12", "`then` of `big` (points ≥ 1000) held for nobody in 90 days"),
    (
        "10",
        "nobody consents to `news` by sms, so every `hello` is skipped; there is consent to: marketing",
    ),
    ("10", "`first_name` is empty for 50% of all contacts (2 of 4)"),
    ("11", "`long` waits 8 days, but `exit_when` takes whoever is inactive for 7 days"),
]


def findings(world: World, text: str = TEXT) -> list[tuple[str, str]]:
    """Line and words of each finding."""
    journey, source = parse(text, "j.yml")
    told = [source.tell(one) for one in lint(world.con, world.catalog, journey, at(100))]
    return [(line.split(":")[1], line.split(": ", 1)[1]) for line in told]


@pytest.fixture
def sick(world: World) -> World:
    """Everything is wrong that can be."""
    world.contacts("c1", "c2", points=1)
    world.contacts("c3", "c4", first_name=None)
    world.event("c1", "start", at(5), value_cents=50)
    world.event("c1", "start", at(90), value_cents=50)
    world.event("c1", "order", at(5))
    for purpose, allowed in (("marketing", True), ("news", False)):
        world.con.execute(
            "insert into marts.dim_contact_permissions (contact_id, channel, purpose, is_allowed) "
            "values ('c1', 'sms', ?, ?)",
            [purpose, allowed],
        )
    return world


def test_every_kind_of_finding_has_its_line_and_what_to_do(sick: World) -> None:
    """An event 95 days old counts for nothing; a refused consent is none."""
    found = findings(sick)

    assert found[0] == (
        "5",
        "the trigger (start (value_cents ≥ 100)) matched nobody in 90 days: nobody enters; "
        "check its name and properties",
    )
    assert [line for line, _ in found[1:]] == [line for line, _ in ALL]
    for (_, said), (_, wanted) in zip(found[1:], ALL, strict=True):
        assert said.startswith(wanted)


def test_what_is_mended_is_found_no_more(sick: World) -> None:
    """Each repair takes away its own finding, until none is left."""
    sick.event("c2", "start", at(95), value_cents=500)
    sick.event("c2", "order", at(96))
    sick.event("c2", "view", at(96))
    sick.joins("c4", "seg_blocked", at(50))
    sick.set("c2", points=2000)
    sick.set("c3", first_name="Cara")
    sick.set("c4", first_name="Dora")
    sick.con.execute("update marts.dim_contact_permissions set is_allowed = true")

    assert findings(sick, TEXT.replace("8 days", "6 days")) == []
    sick.leaves("c4", "seg_blocked", at(60))
    assert [line for line, _ in findings(sick)] == ["6", "11"]


def test_a_way_that_nobody_takes_is_told_once_enough_stood_before_it(world: World) -> None:
    """With too few passages nothing is said; with enough, the line of the condition is named."""
    journey = world.publish(STEPS)
    names = [f"c{i}" for i in range(ENOUGH)]
    world.contacts(*names, points=1)
    text = (
        "journey: j\ndescription: d\nowner: o\nentry: {trigger: {event: start}}"
        + textwrap.dedent(STEPS)
    )
    assert parse(text, "j.yml")[0].steps == journey.steps

    def told() -> list[str]:
        return [said for _, said in findings(world, text) if "took the way" in said]

    for name in names[1:]:
        world.event(name, "start", at(11))
    world.tick(at(12))
    world.deliver(at(12))
    world.tick(at(13))
    world.tick(at(15))
    assert told() == []
    world.event(names[0], "start", at(15))
    world.tick(at(16))
    world.deliver(at(16))
    world.tick(at(17))
    world.tick(at(19))
    assert told() == [
        f"of {ENOUGH} at `look` in 90 days nobody took the way `met`: what stands on it is unreachable as things are",
    ]
