"""Pauses and publications that change nothing leave random journeys as the reference has them, who knows of neither.

While a journey is paused the reference sleeps: what the engine's ticks read in that time must not be lost to it. A new
version that says the same moves nobody, and repeats and drops nothing.
"""

from __future__ import annotations

from datetime import timedelta

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activations.journeys import publish
from activations.journeys.definition import Journey
from activations.journeys.pause import pause, resume
from activations.journeys.reference import Person, Reference
from tests.activations.journeys.test_against_the_reference import (
    EXAMPLES,
    NOW,
    differences,
    handed_over,
    happens,
    histories,
    journeys,
)
from tests.activations.journeys.world import START, World

QUIET = Journey.model_validate(
    {
        "journey": "beside",
        "description": "Keeps ticking.",
        "owner": "growth",
        "entry": {"trigger": {"event": "never"}},
        "steps": [{"wait": {"id": "w", "for": "1 day"}}],
    }
)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    journey=journeys(),
    history=histories(),
    delivers=st.lists(st.booleans(), min_size=12, max_size=12),
    sleeps=st.integers(1, 5),
    asleep=st.integers(0, 3),
    edits=st.sets(st.integers(0, 9), max_size=2),
)
def test_pauses_and_new_versions_that_say_the_same_change_nothing(
    journey: Journey,
    history: list[list[tuple[str, str, int]]],
    delivers: list[bool],
    sleeps: int,
    asleep: int,
    edits: set[int],
) -> None:
    """Positions with their due times, moves with their times, ends and messages, after every tick that is awake."""
    world = World()
    people = [Person(name, {"points": n}, zone="UTC") for n, name in enumerate(["a", "b", "c"])]
    for person in people:
        world.contacts(person.id, points=person.fields["points"])
    publish.publish(world.con, journey, START)
    publish.publish(world.con, QUIET, START)
    reference = Reference(journey, NOW)
    world.tick(START)
    before = moment = START
    for turn, happened in enumerate(history):
        before, moment = moment, moment + timedelta(hours=[1, 5, 24][turn % 3])
        if asleep and turn == sleeps:
            pause(world.con, "j", before)
        if asleep and turn == sleeps + asleep:
            resume(world.con, "j", moment)
        if turn in edits:
            told = journey.model_copy(update={"description": f"Told anew {turn}."})
            publish.publish(world.con, told, before)
        happens(world, people, moment, happened)
        assert world.tick(moment).broken == {}
        if asleep and sleeps <= turn < sleeps + asleep:
            continue
        reference.tick(people, moment.replace(tzinfo=None))
        written = journey.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        assert differences(world, reference, people) == [], (
            f"tick {turn} of {yaml.safe_dump(written)}"
        )
        if delivers[turn]:
            world.deliver(moment)
            handed_over(world, reference, moment)
    world.con.close()
