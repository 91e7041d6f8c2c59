"""Pauses and publications leave random journeys as the reference has them.

Of those that change nothing it knows nothing; of clocks that stood still and waits that became longer or shorter it does.

While a journey is paused the reference sleeps: what the engine's ticks read in that time must not be lost to it. A new
version that says the same moves nobody, and repeats and drops nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activations.journeys import publish
from activations.journeys.definition import Journey
from activations.journeys.pause import pause, resume
from tests.activations.journeys.test_against_the_reference import (
    EXAMPLES,
    begun,
    differences,
    handed_over,
    happens,
    histories,
    journeys,
)
from tests.activations.journeys.world import START

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
    world, people, reference = begun(journey, QUIET)
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


def edited(value: Any, lengths: Iterator[str]) -> Any:
    """The same definition with other lengths of waits."""
    if isinstance(value, dict):
        return {
            key: next(lengths) if key in ("for", "or_after") else edited(one, lengths)
            for key, one in value.items()
        }
    return [edited(one, lengths) for one in value] if isinstance(value, list) else value


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    journey=journeys(),
    history=histories(),
    delivers=st.lists(st.booleans(), min_size=12, max_size=12),
    # Everybody stands in this wait while the journey is paused and edited, unless the rest is quicker.
    first=st.sampled_from(["12 hours", "2 days", "5 days"]),
    clock=st.sampled_from(["stops", "runs"]),
    naps=st.lists(st.tuples(st.integers(1, 4), st.integers(1, 3)), min_size=1, max_size=2),
    edits=st.dictionaries(
        st.integers(1, 9),
        st.lists(st.sampled_from(["0 hours", "2 hours", "1 day", "3 days"]), min_size=1),
        min_size=1,
        max_size=3,
    ),
)
def test_clocks_that_stand_still_and_waits_that_are_edited_meanwhile_agree(
    journey: Journey,
    history: list[list[tuple[str, str, int]]],
    delivers: list[bool],
    first: str,
    clock: str,
    naps: list[tuple[int, int]],
    edits: dict[int, list[str]],
) -> None:
    """One or two pauses, edits before, within and after them: positions, moves, ends and messages after every tick."""
    written = journey.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    written["pause"] = {"clock": clock}
    written["steps"] = [{"wait": {"id": "first", "for": first}}, *written["steps"]]
    journey = Journey.model_validate(written)
    world, people, reference = begun(journey, QUIET)
    before = moment = slept = START
    wakes = 0
    naps = list(naps)
    starts = 0
    for turn, happened in enumerate(history):
        before, moment = moment, moment + timedelta(hours=[1, 5, 24][turn % 3])
        if turn in edits:
            told = Journey.model_validate(edited(written, cycle(edits[turn])))
            publish.publish(world.con, told, before)
            reference.edit(people, told)
        if wakes and turn == wakes:
            resume(world.con, "j", moment)
            if clock == "stops":
                reference.stand(people, moment - slept)
            wakes = 0
        elif not wakes and naps and turn >= starts + naps[0][0]:
            pause(world.con, "j", before)
            slept, wakes = before, turn + naps.pop(0)[1]
            starts = wakes
        happens(world, people, moment, happened)
        assert world.tick(moment).broken == {}
        if wakes:
            continue
        reference.tick(people, moment.replace(tzinfo=None))
        assert differences(world, reference, people) == [], (
            f"tick {turn} of {yaml.safe_dump(written)}"
        )
        if delivers[turn]:
            world.deliver(moment)
            handed_over(world, reference, moment)
    world.con.close()
