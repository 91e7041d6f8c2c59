"""Quiet hours hold by the receiver's clock: what falls into them goes when they end, and is judged again then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.activations.outbox.conftest import AS_OF, HOUR, Box, rules

NIGHT = [{"from": "21:00", "to": "08:00"}]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "goes"),
    [
        ("2026-06-30 21:10", "Europe/Berlin", "2026-07-01 06:00"),  # 23:10 there
        ("2026-06-30 03:00", "Europe/Berlin", "2026-06-30 06:00"),  # 05:00, past midnight
        ("2026-06-30 12:00", "Asia/Tokyo", "2026-06-30 23:00"),  # 21:00 sharp is quiet
        ("2026-06-30 03:30", "America/Los_Angeles", "2026-06-30 03:30"),  # 20:30 is not
        ("2026-06-30 15:00", "America/Los_Angeles", "2026-06-30 15:00"),  # 08:00 sharp is not
        ("2026-10-24 20:00", "Europe/Berlin", "2026-10-25 07:00"),  # the clocks go back that night
        ("2026-03-28 21:00", "Europe/Berlin", "2026-03-29 06:00"),  # and forward in this one
    ],
)
def test_what_falls_into_quiet_hours_waits_for_their_end(
    box: Box, now: str, zone: str, goes: str
) -> None:
    """The offset is that of the moment it is sent at."""
    box.contact("ada", zone=zone)
    message = box.propose("ada", due_at=now)
    box.arbitrate(rules(quiet_hours=NIGHT), utc(now))

    assert box.send_at(message) == utc(goes).replace(tzinfo=None)
    assert box.state(message)[0] == ("cleared" if goes == now else "planned")


def test_an_end_that_the_clocks_skip_moves_forward(box: Box) -> None:
    """02:30 does not exist that night: quiet hours end at 03:30 summer time."""
    box.contact("ada", zone="Europe/Berlin")
    message = box.propose("ada", due_at="2026-03-29 00:00")
    box.arbitrate(rules(quiet_hours=[{"from": "00:30", "to": "02:30"}]), utc("2026-03-29 00:00"))

    assert box.send_at(message) == datetime(2026, 3, 29, 1, 30)


@pytest.mark.parametrize(
    ("own", "said", "goes"),
    [
        ("Asia/Tokyo", "Europe/Berlin", "2026-06-30 23:00"),
        (None, "Asia/Tokyo", "2026-06-30 23:00"),
        ("Nowhere/At_All", "Asia/Tokyo", "2026-06-30 23:00"),
        (None, None, "2026-06-30 12:00"),
    ],
)
def test_the_zone_is_the_contacts_else_the_journeys_else_the_workspaces(
    box: Box, own: str | None, said: str | None, goes: str
) -> None:
    """A zone that does not exist is passed over, and stops nobody else."""
    box.contact("ada", zone=own)
    message = box.propose("ada", zone=said, due_at="2026-06-30 12:00")
    box.arbitrate(rules(quiet_hours=NIGHT, zone="Europe/Berlin"), AS_OF)

    assert box.send_at(message) == utc(goes).replace(tzinfo=None)


def test_a_delayed_message_is_judged_again_when_it_may_go(box: Box) -> None:
    """Whoever left at night gets nothing in the morning."""
    box.contact("ada", zone="Europe/Berlin")
    message = box.propose("ada", due_at="2026-06-30 21:10")
    night = rules(quiet_hours=NIGHT)
    box.arbitrate(night, utc("2026-06-30 21:10"))
    assert box.state(message) == ("planned", "quiet hours: not before 2026-07-01 06:00")

    box.suppress("ada", "opt_out")
    box.arbitrate(night, utc("2026-07-01 06:00"))

    assert box.state(message) == ("skipped", "opt_out")


def test_a_transactional_message_knows_no_quiet_hours(box: Box) -> None:
    """Somebody waits for it."""
    box.contact("ada")
    message = box.propose("ada", purpose="transactional", due_at="2026-06-30 23:00")
    box.arbitrate(rules(quiet_hours=NIGHT), utc("2026-06-30 23:00"))

    assert box.state(message)[0] == "cleared"


def test_windows_hold_for_their_channels_and_may_follow_each_other(box: Box) -> None:
    """The end of one window may lie in another."""
    box.contact("ada")
    both: list[dict[str, Any]] = [
        {"from": "08:00", "to": "10:00", "channels": ["sms"]},
        {"from": "21:00", "to": "08:00", "channels": ["sms", "email"]},
    ]
    text = box.propose("ada", channel="sms", due_at="2026-06-30 22:00")
    mail = box.propose("ada", due_at="2026-06-30 22:00", step_id="mail")
    box.arbitrate(rules(quiet_hours=both), utc("2026-06-30 22:00"))

    assert box.send_at(text) == datetime(2026, 7, 1, 10)
    assert box.send_at(mail) == datetime(2026, 7, 1, 8)


def test_a_vendor_that_schedules_gets_a_message_shortly_before_its_time(box: Box) -> None:
    """Late, so that it can be cancelled until then; a mail server gets it at its time."""
    box.contact("ada")
    due = (AS_OF + HOUR).replace(tzinfo=None)
    text = box.propose("ada", channel="sms", due_at=due)
    mail = box.propose("ada", due_at=due, step_id="mail")

    box.arbitrate(rules(), AS_OF + 0.5 * HOUR)
    assert (box.state(text)[0], box.state(mail)[0]) == ("planned", "planned")
    box.arbitrate(rules(), AS_OF + 0.75 * HOUR)
    assert (box.state(text)[0], box.state(mail)[0]) == ("cleared", "planned")
    assert box.send_at(text) == due
    box.arbitrate(rules(), AS_OF + HOUR)
    assert box.state(mail)[0] == "cleared"
