"""Klaviyo: profiles too large for it, and events in bulk, which it refuses as a whole when it has one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.activations.conftest import KINDS, Desk, desk_for
from tests.activations.scripted import dies_after, path_of, sent_json, times_out, vanishes

MANY = 40
BULK, ONE = "/api/event-bulk-create-jobs", "/api/events"


def paths(desk: Desk) -> list[str]:
    return [path_of(request) for request in desk.vendor.writes()]


@pytest.fixture
def profiles(tmp_path: Path) -> Desk:
    return desk_for(KINDS["klaviyo"], tmp_path / "home")


@pytest.fixture
def events(tmp_path: Path) -> Desk:
    made = desk_for(KINDS["klaviyo.event"], tmp_path / "home")
    made.fill(made.rows(MANY))
    return made


def test_a_profile_of_more_than_100_kb_is_invalid_in_the_plan(profiles: Desk) -> None:
    """It says why, at every run, and the others go; bytes count, not characters."""
    rows = profiles.rows(4)
    rows[1]["first_name"] = "x" * 100_000
    rows[2]["first_name"] = "ü" * 49_000
    rows[3]["first_name"] = "ü" * 50_001
    profiles.fill(rows)

    dry = profiles.go(dry_run=True)
    result = profiles.go()

    assert dry.plan is not None
    assert result.plan is not None
    assert dry.plan.counts["invalid"] == result.counts["invalid"] == 2
    assert result.counts["delivered"] == 2
    assert {(words, count) for words, _, count in result.plan.invalid} == {
        ("the row takes more than the 100,000 bytes that klaviyo allows", 1)
    }
    assert sorted(profiles.vendor.state()) == ["person0@example.com", "person2@example.com"]
    again = profiles.later()
    assert (again.counts["invalid"], again.counts["unchanged"], again.requests) == (2, 2, 0)


def test_a_profile_that_its_form_makes_too_large_is_rejected_alone(profiles: Desk) -> None:
    """Between the row and its form are some bytes more; the exact size is measured before it goes."""
    rows = profiles.rows(2)
    rows[1]["first_name"] = "x" * (100_000 - 75)
    profiles.fill(rows)

    result = profiles.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (1, 1)
    assert profiles.query("select code from activations.retries") == [("too_large",)]


def test_an_accepted_profile_that_grows_too_large_stays_as_it_was(profiles: Desk) -> None:
    """Its change is invalid; what the vendor has is still what we know."""
    profiles.fill(profiles.rows(2))
    profiles.go()
    rows = profiles.rows(2)
    rows[1]["first_name"] = "x" * 200_000
    profiles.fill(rows)
    profiles.go()
    profiles.fill(profiles.rows(2))

    result = profiles.later()

    assert (result.counts["unchanged"], result.requests) == (2, 0)


@pytest.mark.parametrize("fault", [times_out, vanishes], ids=["taken", "never arrived"])
def test_a_lost_answer_of_events_is_asked_for_one_by_one(events: Desk, fault: object) -> None:
    """In bulk the vendor would refuse them all for being there; alone the first one wins, and nothing doubles."""
    events.vendor.faults = [fault]

    result = events.go()

    assert result.counts["delivered"] == MANY
    assert paths(events) == [BULK, *[ONE] * MANY]
    assert len(events.vendor.state()) == MANY
    assert all(one["note"] == "x" for one in events.vendor.state().values())


def test_events_whose_process_died_arrive_once(events: Desk) -> None:
    """The next run repeats them in bulk, is refused, and goes on one by one."""
    events.vendor.faults = [dies_after]
    with pytest.raises(BaseException, match=r"^$"):
        events.go()

    result = events.later()

    assert result.counts["delivered"] == MANY
    assert paths(events) == [BULK, BULK, *[ONE] * MANY]
    assert len(events.vendor.state()) == MANY


def test_a_bad_event_among_many_is_named_and_the_rest_goes_together(events: Desk) -> None:
    """What the vendor points at is rejected; the others need no requests of their own."""
    events.vendor.bad_keys = {"e7"}

    result = events.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (MANY - 1, 1)
    assert paths(events) == [BULK, BULK]
    sent = sent_json(events.vendor.writes()[-1])["data"]["attributes"]["events-bulk-create"]["data"]
    assert len(sent) == MANY - 1


def test_a_bad_event_among_repeated_ones_fails_alone(events: Desk) -> None:
    """One by one, each has its own answer."""
    events.vendor.faults = [times_out]
    events.vendor.bad_keys = {"e7"}
    events.vendor.keep = lambda sent: (202, {}, None)

    result = events.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (MANY - 1, 1)
    assert len(events.vendor.state()) == MANY - 1
