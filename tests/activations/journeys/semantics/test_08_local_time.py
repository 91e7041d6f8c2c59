"""Semantic 8: weekday and clock are the contact's, with the offset of the very instant."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.activations.journeys.world import World


def when(zone: str | None, until: str, start: datetime, journey_zone: str = "") -> datetime:
    """When a contact in `zone` who arrives at `start` goes on."""
    world = World()
    world.contacts("a", timezone=zone)
    world.publish(
        f"{journey_zone}\nsteps: [{{wait: {{id: w, {until}}}}}]", start.replace(hour=0, minute=0)
    )
    world.tick(start.replace(hour=0, minute=0))
    world.event("a", "start", start)
    world.tick(start)
    return world.due("a")


@pytest.mark.parametrize(
    ("zone", "until", "start", "expected"),
    [
        # Regression: another engine tests the weekday of the instant in UTC, and fires on Tuesday and on Sunday.
        ("Asia/Tokyo", "until: {weekday: monday, time: '08:00'}", datetime(2026, 3, 4, 9), datetime(2026, 3, 8, 23)),
        ("America/Los_Angeles", "until: {weekday: monday, time: '20:00'}", datetime(2026, 3, 4, 9), datetime(2026, 3, 10, 3)),
        # 02:30 does not exist on 8 March in New York: an hour forward, 03:30 there.
        ("America/New_York", "until: {time: '02:30'}", datetime(2026, 3, 8, 6), datetime(2026, 3, 8, 7, 30)),
        # 01:30 exists twice on 1 November: once is enough.
        ("America/New_York", "until: {time: '01:30'}", datetime(2026, 11, 1, 4), datetime(2026, 11, 1, 6, 30)),
        # Regression: another engine takes the offset of now, and is an hour off across the change.
        ("America/New_York", "until: {weekday: sunday, time: '09:00'}", datetime(2026, 3, 7, 15), datetime(2026, 3, 8, 13)),
        ("America/New_York", "for: 1 day", datetime(2026, 3, 7, 15), datetime(2026, 3, 8, 14)),
        ("America/New_York", "for: 24 hours", datetime(2026, 3, 7, 15), datetime(2026, 3, 8, 15)),
        ("Europe/Berlin", "for: 1 month", datetime(2026, 3, 15, 9), datetime(2026, 4, 15, 8)),
    ],
)  # fmt: skip
def test_the_contacts_clock(zone: str, until: str, start: datetime, expected: datetime) -> None:
    """Weekdays, gaps, overlaps, and days that have 23 hours."""
    assert when(zone, until, start.replace(tzinfo=UTC)) == expected.replace(tzinfo=UTC)


def test_an_overlap_fires_once() -> None:
    """After 01:30 came, the next one is tomorrow's, though the clock shows 01:30 again."""
    world = World()
    world.contacts("a", timezone="America/New_York")
    world.publish(
        "steps: [{wait: {id: w, until: {time: '01:30'}}}, {wait: {id: x, until: {time: '01:30', inside: 0 hours}}}]"
    )
    start = datetime(2026, 11, 1, 4, tzinfo=UTC)
    world.tick(start)
    world.event("a", "start", start.replace(minute=1))
    world.tick(start.replace(minute=2))
    for hour in range(5, 9):
        world.tick(start.replace(hour=hour, minute=30))

    assert len(world.left("a", "w")) == 1


@pytest.mark.parametrize(
    ("zone", "journey", "expected"),
    [
        ("Asia/Tokyo", "Europe/Berlin", 0),
        (None, "Europe/Berlin", 8),
        ("Mars/Olympus", "Europe/Berlin", 8),
        (None, None, 9),
    ],
)
def test_the_chain_of_zones(zone: str | None, journey: str | None, expected: int) -> None:
    """The contact's, else the journey's, else UTC; a zone that does not exist is none."""
    start = datetime(2026, 2, 4, 1, tzinfo=UTC)
    head = f"zone: {journey}" if journey else ""
    found = when(zone, "until: {time: '09:00', inside: 1 minute}", start, head)

    assert found.hour == expected
