"""Semantic 7: already true passes at once; missing and past go where the file says."""

from __future__ import annotations

import pytest

from activations.journeys.errors import JourneyError
from tests.activations.journeys.world import World, at, define


def test_a_condition_that_is_true_on_arrival_passes_in_the_same_tick(world: World) -> None:
    """Nobody waits for what has happened."""
    world.contacts("a", points=9)
    world.publish(
        "steps: [{wait: {id: w, until: {field: points, gte: 5}}}, {wait: {id: x, for: 1 day}}]"
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))

    assert world.path("a") == ["w:met"]


@pytest.mark.parametrize(
    ("missing", "past", "expected"),
    [
        ("continue", "exit", {"none": "rest", "yesterday": None, "tomorrow": "w"}),
        ("exit", "continue", {"none": None, "yesterday": "rest", "tomorrow": "w"}),
        ("wait", "continue", {"none": "w", "yesterday": "rest", "tomorrow": "w"}),
    ],
)
def test_missing_past_and_coming_dates_land_in_three_places(
    world: World, missing: str, past: str, expected: dict[str, str | None]
) -> None:
    """Three contacts: no date, yesterday, tomorrow."""
    world.contacts("none")
    world.contacts("yesterday", renews_on="2026-03-01")
    world.contacts("tomorrow", renews_on="2026-03-03")
    world.publish(
        f"steps: [{{wait: {{id: w, until: {{date: renews_on, on_missing: {missing}, on_past: {past}}}}}}}, {{wait: {{id: rest, for: 9 days}}}}]"
    )
    world.tick(at(0))
    for name in expected:
        world.event(name, "start", at(0, "10:00"))
    world.tick(at(0, "11:00"))
    assert {name: world.where(name) for name in expected} == expected
    world.tick(at(1, "09:00"))
    assert world.where("tomorrow") == "rest"
    assert world.left("tomorrow", "w") == [at(1, "09:00")]


def test_a_wait_for_a_date_says_what_missing_and_past_mean() -> None:
    """No silent default."""
    with pytest.raises(JourneyError, match="on_missing"):
        define("steps: [{wait: {id: w, until: {date: renews_on, on_past: exit}}}]")


def test_a_date_that_cannot_be_read_is_quarantined(world: World) -> None:
    """It is neither missing nor past."""
    world.contacts("a", renews_on="soon")
    world.contacts("b", renews_on="2026-03-01")
    world.publish(
        "steps: [{wait: {id: w, until: {date: renews_on, on_missing: exit, on_past: continue}}}, {wait: {id: rest, for: 9 days}}]"
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.event("b", "start", at(0, "10:00"))
    world.tick(at(0, "11:00"))

    assert (world.where("a"), world.where("b")) == ("w", "rest")
    assert world.query("select reason from journeys.quarantine") == [
        ("renews_on is no date: soon",)
    ]


@pytest.mark.parametrize(("inside", "day"), [("0 minutes", 1), ("1 hour", 0)])
def test_a_clock_time_that_is_half_an_hour_ago(world: World, inside: str, day: int) -> None:
    """13:00 reached at 13:30: tomorrow, or at once when that is declared."""
    world.contacts("a")
    world.publish(f"steps: [{{wait: {{id: w, until: {{time: '13:00', inside: {inside}}}}}}}]")
    world.tick(at(0))
    world.event("a", "start", at(0, "13:30"))
    world.tick(at(0, "13:30"))
    world.tick(at(1, "13:00"))

    assert world.left("a", "w") == [at(0, "13:30") if day == 0 else at(1, "13:00")]
