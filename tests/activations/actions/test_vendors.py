"""A lead that gets hot makes exactly one deal per crossing at every vendor of deals, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.activations.actions.town import TRADES, Town, town
from tests.activations.journeys.world import at
from tests.activations.scripted import (
    Fault,
    Killed,
    answers,
    dies_after,
    dies_before,
    refuses_connection,
    times_out,
    vanishes,
)

ADA, BEN = ("Ada Doe", "7"), ("Ben Doe", "7")
FAULTS: dict[str, Fault] = {
    "answers_503": answers(503),
    "refuses_connection": refuses_connection,
    "takes_it_and_times_out": times_out,
    "vanishes": vanishes,
}
DEATHS: dict[str, Fault] = {"before": dies_before, "after": dies_after}


@pytest.fixture(params=sorted(TRADES))
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """One town per vendor."""
    with town(tmp_path, request.param) as made:
        yield made


def test_each_crossing_makes_one_deal_and_a_signature_moves_it(home: Town) -> None:
    """Hot twice is two deals; staying hot, ticks and hand-overs in between add none."""
    home.happens(at(1), lambda world: world.score("ada", 70))
    home.happens(at(1, "10:00"))
    home.hand_over(at(1, "10:05"))
    first = home.deals
    home.happens(at(2), lambda world: world.score("ada", 90))
    home.happens(at(3), lambda world: world.score("ada", 10))
    home.happens(at(4), lambda world: (world.score("ada", 65), world.score("ben", 65)))
    home.hand_over(at(4, "10:00"))
    second = home.deals
    home.happens(at(5), lambda world: world.event("ben", "signed", at(5, "08:00")))
    home.hand_over(at(5, "10:00"))
    writes = len(home.desk.writes())
    home.hand_over(at(6))

    assert first == [ADA]
    assert second == [ADA, ADA, BEN]
    assert home.deals == [ADA, ADA, ("Ben Doe", "9")]
    assert home.states == ["delivered"] * 4
    assert len(home.desk.writes()) == writes


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_what_failed_is_tried_again_until_there_is_one_deal(home: Town, fault: str) -> None:
    """An error, no connection, a lost answer, a lost request: never none in the end, never two."""
    home.happens(at(1), lambda world: world.score("ada", 70))
    home.desk.faults = [FAULTS[fault]] * 3
    for day in range(8):
        home.hand_over(at(1, "10:00") + timedelta(days=day))

    assert home.deals == [ADA]
    assert home.states == ["delivered"]


@pytest.mark.parametrize("death", sorted(DEATHS))
def test_a_process_that_dies_at_the_request_leaves_one_deal(home: Town, death: str) -> None:
    """Before the vendor had it, or after it took it."""
    home.happens(at(1), lambda world: (world.score("ada", 70), world.score("ben", 70)))
    home.desk.faults = [DEATHS[death]]
    with pytest.raises(Killed):
        home.hand_over(at(1, "10:00"))
    for hours in range(1, 4):
        home.hand_over(at(1, "10:00") + timedelta(hours=6 * hours))

    assert home.deals == [ADA, BEN]
    assert home.states == ["delivered"] * 2
