"""The SQL engine and a small per-contact interpreter, step by step, over random journeys, contacts and event orders."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activations.journeys import publish
from activations.journeys.definition import Journey
from activations.journeys.reference import Event, Person, Reference
from tests.activations.journeys.world import START, World

EVENTS = ("start", "order", "click", "view")
NOW = START.replace(tzinfo=None)

counts = st.sampled_from([None, {"gte": 2}, {"eq": 0}, {"lte": 1}])
leaf = st.one_of(
    st.builds(
        lambda name, since, within, count: {
            "event": name,
            **({"since": since} if since else {}),
            **({"within": within} if within else {}),
            **({"count": count} if count else {}),
        },
        st.sampled_from(EVENTS[1:]),
        st.sampled_from([None, "entry", "arrival"]),
        st.sampled_from([None, "6 hours", "2 days"]),
        counts,
    ),
    st.builds(
        lambda op, value: {"field": "points", op: value},
        st.sampled_from(["gte", "lt", "eq"]),
        st.integers(0, 3),
    ),
)
conditions: st.SearchStrategy[dict[str, Any]] = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=2)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=3,
)
lengths = st.sampled_from(["0 hours", "1 hour", "5 hours", "1 day", "1 day 3 hours"])


@st.composite
def steps(draw: st.DrawFn, depth: int, ids: list[str], least: int = 0) -> list[dict[str, Any]]:
    found = []
    for _ in range(draw(st.integers(least, 3))):
        name = f"s{len(ids)}"
        ids.append(name)
        kinds = (
            ["for", "until", "send", "goal"] + (["if", "split"] if depth else []) + ["end", "go_to"]
        )
        match draw(st.sampled_from(kinds)):
            case "for":
                found.append({"wait": {"id": name, "for": draw(lengths)}})
            case "until":
                cases: Any = draw(conditions)
                names = ["met"]
                if draw(st.booleans()):
                    names = ["one", "two"]
                    cases = [{"id": one, "when": draw(conditions)} for one in names]
                body: dict[str, Any] = {"id": name, "until": cases}
                if draw(st.booleans()):
                    body |= {
                        "or_after": draw(lengths),
                        "grace": draw(st.sampled_from(["0 hours", "2 hours"])),
                    }
                    names.append("timeout")
                step: dict[str, Any] = {"wait": body}
                if depth:
                    step |= {
                        branch: draw(steps(depth - 1, ids))
                        for branch in names
                        if draw(st.booleans())
                    }
                found.append(step)
            case "send":
                found.append(
                    {
                        "send": {
                            "id": name,
                            "channel": "email",
                            "message": name,
                            "wait_for_send": draw(st.booleans()),
                        }
                    }
                )
            case "goal":
                found.append(
                    {
                        "goal": {
                            "id": name,
                            "when": draw(conditions),
                            "scope": draw(st.sampled_from(["anywhere", "below"])),
                            "unmet": draw(st.sampled_from(["wait", "continue", "end"])),
                        }
                    }
                )
            case "if":
                found.append(
                    {
                        "if": {"id": name, "when": draw(conditions)},
                        "then": draw(steps(depth - 1, ids)),
                        "else": draw(steps(depth - 1, ids)),
                    }
                )
            case "split":
                found.append(
                    {
                        "split": {"id": name, "arms": {"x": 50, "y": 30, "z": 20}},
                        "x": draw(steps(depth - 1, ids)),
                        "y": draw(steps(depth - 1, ids)),
                    }
                )
            case "end":
                found.append({"end": {"id": name, "reason": "enough"}})
            case "go_to":
                found.append({"go_to": {"step": draw(st.sampled_from(ids[:-1] or ["s0"]))}})
                ids.pop()
    return found


@st.composite
def journeys(draw: st.DrawFn) -> Journey:
    """Well-formed journeys; loops may be restless, which the daily limit ends."""
    ids: list[str] = []
    # The first step exists whatever is drawn, so that every jump has somewhere to go.
    ids.append("s0")
    first = {"wait": {"id": "s0", "for": draw(lengths)}}
    document: dict[str, Any] = {
        "journey": "j",
        "description": "Random.",
        "owner": "growth",
        "limit_per_day": 15,
        "entry": {
            "trigger": {"event": "start"},
            "reentry": {"policy": draw(st.sampled_from(["once", "after_exit", "always"]))},
        },
        "steps": [first, *draw(steps(2, ids, 1))],
    }
    if draw(st.booleans()):
        document["exit_when"] = draw(conditions)
    for number in range(draw(st.integers(0, 2))):
        # `end`, or a step that certainly is there.
        goal = {
            "name": f"g{number}",
            "when": draw(conditions),
            "scope": draw(st.sampled_from(["anywhere", "below"])),
            "then": draw(st.sampled_from(["end", "s0"])),
        }
        document.setdefault("goals", []).append(goal)
    return Journey.model_validate(yaml.safe_load(yaml.safe_dump(document)))


@st.composite
def histories(draw: st.DrawFn) -> list[list[tuple[str, str, int]]]:
    """Per tick: (contact, event, minutes before the tick that it happened), some of them late."""
    one = st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(EVENTS),
        st.sampled_from([1, 30, 60, 200, 2000]),
    )
    opening = [(name, "start", 1) for name in ("a", "b", "c")]
    rest: list[list[tuple[str, str, int]]] = draw(
        st.lists(st.lists(one, max_size=3), min_size=4, max_size=9)
    )
    return [opening, *rest]


def begun(journey: Journey, *beside: Journey) -> tuple[World, list[Person], Reference]:
    """A world with three contacts and the journeys, at its first tick, and the reference's people."""
    world = World()
    people = [Person(name, {"points": n}, zone="UTC") for n, name in enumerate(["a", "b", "c"])]
    for person in people:
        world.contacts(person.id, points=person.fields["points"])
    for one in (journey, *beside):
        publish.publish(world.con, one, START)
    world.tick(START)
    return world, people, Reference(journey, NOW)


def happens(
    world: World, people: list[Person], moment: datetime, happened: list[tuple[str, str, int]]
) -> None:
    """Events before a tick, told to the world and to the reference's people."""
    for who, name, minutes in happened:
        when = moment - timedelta(minutes=minutes)
        world.event(who, name, when)
        key = world.query("select max(batch) from marts.events")[0][0]
        person = next(one for one in people if one.id == who)
        event = Event(f"e{key}", name, when.replace(tzinfo=None))
        person.events.append(event)
        person.news.append(event)


def handed_over(world: World, reference: Reference, moment: datetime) -> None:
    """What the engine's outbox sent is sent for the reference too."""
    rows = world.query(
        "select e.trigger_key, o.step_id, o.visit from activations.outbox o "
        "join journeys.enrollments e on o.enrollment_id = e.enrollment_id where o.state = 'handed_over'"
    )
    for key, step, visit in rows:
        reference.sent.setdefault((key, step, visit), moment.replace(tzinfo=None))


def differences(world: World, reference: Reference, people: list[Person]) -> list[str]:
    """What the two say differently."""
    positions = {
        (key, step, visit, state, due)
        for key, step, visit, state, due in world.query(
            "select e.trigger_key, n.step_id, p.visit, p.state, p.due_at from journeys.positions p "
            "join journeys.enrollments e using (enrollment_no) join journeys.nodes n on p.node = n.node"
        )
    }
    expected = {
        (stay.key, stay.step, stay.visit, stay.state, stay.due_at)
        for person in people
        for stay in person.stays
        if stay.status == "active"
    }
    moves = sorted(
        world.query(
            "select e.trigger_key, x.step_id, x.visit, x.branch, x.left_at from journeys.history x "
            "join journeys.enrollments e using (enrollment_no)"
        )
    )
    status = dict(world.query("select trigger_key, status from journeys.enrollments"))
    messages = set(
        world.query(
            "select o.contact_id, e.trigger_key, o.step_id, o.visit from activations.outbox o "
            "join journeys.enrollments e on o.enrollment_id = e.enrollment_id"
        )
    )
    told = {stay.key: stay.status for person in people for stay in person.stays}
    wanted = {(who, key, step, visit) for who, key, step, visit in reference.messages}
    return [
        f"{name}: engine {sorted(mine - theirs)}, reference {sorted(theirs - mine)}"
        for name, mine, theirs in (
            ("positions", positions, expected),
            ("moves", set(moves), set(reference.moves)),
            ("status", set(status.items()), set(told.items())),
            ("messages", messages, wanted),
        )
        if mine != theirs
    ] + (["moves are counted differently"] if len(moves) != len(reference.moves) else [])


# A nightly run asks for thousands.
EXAMPLES = int(os.environ.get("MILLRACE_JOURNEY_EXAMPLES") or 25)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    journey=journeys(),
    history=histories(),
    delivers=st.lists(st.booleans(), min_size=12, max_size=12),
)
def test_the_engine_and_the_reference_agree_after_every_tick(
    journey: Journey, history: list[list[tuple[str, str, int]]], delivers: list[bool]
) -> None:
    """Positions with their due times, moves with their times, ends and messages."""
    world, people, reference = begun(journey)
    moment: datetime = START
    for turn, happened in enumerate(history):
        moment = moment + timedelta(hours=[1, 5, 24][turn % 3])
        happens(world, people, moment, happened)
        world.tick(moment)
        reference.tick(people, moment.replace(tzinfo=None))
        assert differences(world, reference, people) == [], (
            f"tick {turn} of {yaml.safe_dump(journey.model_dump(mode='json', by_alias=True, exclude_defaults=True))}"
        )
        if delivers[turn]:
            world.deliver(moment)
            handed_over(world, reference, moment)
    world.con.close()
