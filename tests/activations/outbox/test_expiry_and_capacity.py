"""A message is worth sending until its end, and a channel takes so many an hour: what is too late or too much waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from activations.outbox import hold
from tests.activations.outbox.conftest import AS_OF, DAY, HOUR, Box, rules


def test_a_message_expires_at_its_end_whatever_kept_it(box: Box) -> None:
    """Held, deferred or merely waiting: past its end it is over, and says so."""
    box.contact("ada")
    box.contact("ben")
    capped = box.propose("ada", expires_at="2026-06-30 14:00")
    held = box.propose("ben", expires_at="2026-06-30 14:00")
    hold(box.con, f"select '{held}'", "look first", AS_OF)
    none = rules(caps=[{"at_most": 0, "per": "day"}])
    box.arbitrate(none)
    assert (box.state(capped)[0], box.state(held)) == ("deferred", ("planned", "look first"))

    box.arbitrate(none, AS_OF + 2 * HOUR)

    assert box.state(capped) == ("expired", "its time was over at 2026-06-30 14:00")
    assert box.state(held)[0] == "expired"


def test_quiet_hours_beyond_its_end_expire_a_message_at_once(box: Box) -> None:
    """A flash sale that ends tonight is not sent tomorrow."""
    box.contact("ada")
    message = box.propose("ada", due_at="2026-06-30 22:00", expires_at="2026-07-01 00:00")
    box.arbitrate(rules(quiet_hours=[{"from": "21:00", "to": "08:00"}]), AS_OF.replace(hour=22))

    assert box.state(message)[0] == "expired"


def test_what_says_no_end_has_the_workspaces(box: Box) -> None:
    """Counted from its time."""
    box.contact("ada", email=True)
    message = box.propose("ada")
    box.arbitrate(rules(expires_after="2 days", caps=[{"at_most": 0, "per": "day"}]), AS_OF + DAY)
    assert box.state(message)[0] == "deferred"

    box.arbitrate(rules(expires_after="2 days"), AS_OF + 2 * DAY)
    assert box.state(message)[0] == "expired"


def test_a_held_message_stays_and_takes_no_place(box: Box) -> None:
    """Whoever is held competes with nobody."""
    box.contact("ada")
    held = box.propose("ada", priority=9)
    other = box.propose("ada", step_id="b")
    hold(box.con, f"select '{held}'", "look first", AS_OF)
    box.arbitrate(rules(caps=[{"at_most": 1, "per": "day"}]))

    assert (box.state(held)[0], box.state(other)[0]) == ("planned", "cleared")


def test_an_hour_takes_what_it_can_and_the_best_go_first(box: Box) -> None:
    """Ten for four an hour: four now, four in the next hour, two in the one after; by rank."""
    made = []
    for number in range(10):
        box.contact(f"c{number}")
        made.append(box.propose(f"c{number}", priority=-number))
    four = rules(channels={"email": {"destination": "smtp", "capacity_per_hour": 4}})

    assert box.arbitrate(four) == {"cleared": 4, "deferred": 6}
    assert [box.state(m)[0] for m in made[:4]] == ["cleared"] * 4
    hours = [box.send_at(m) for m in made[4:]]
    assert hours == [datetime(2026, 6, 30, 13)] * 4 + [datetime(2026, 6, 30, 14)] * 2
    assert box.state(made[4])[1] == "capacity of the hour: not before 2026-06-30 13:00"


def test_what_was_sent_in_this_hour_uses_its_capacity(box: Box) -> None:
    """Dispatches of the same hour share it."""
    made = []
    for number in range(6):
        box.contact(f"c{number}")
        made.append(box.propose(f"c{number}"))
    box.hand_over(*made[:3], at=AS_OF + timedelta(minutes=5))
    four = rules(channels={"email": {"destination": "smtp", "capacity_per_hour": 4}})

    box.arbitrate(four, AS_OF + timedelta(minutes=20))
    assert list(box.states().values()).count("cleared") == 1
    box.arbitrate(four, AS_OF + HOUR)
    assert list(box.states().values()).count("cleared") == 3
