"""A lead that gets hot makes exactly one deal per crossing at every vendor of deals, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

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


MOVER = """
    journey: mover
    entry: {trigger: {event: signed}, reentry: {policy: always}}
    steps:
      - deal: {id: closed, pipeline: sales, stage: won, move: true}
"""
BY_HAND = {"title": "By hand", "stage": "1", "stage_id": 1, "value": 7, "custom_fields": {}}
RECORDS: dict[str, Callable[[Any], object]] = {
    "activecampaign_crm": lambda crm: crm.records.append({**BY_HAND, "id": "41"}),
    "pipedrive": lambda crm: crm.records.update({41: dict(BY_HAND)}),
}


@pytest.mark.parametrize("fault", ["none", *sorted(FAULTS)])
@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_deal_that_people_made_is_moved_by_the_vendors_id(
    tmp_path: Path, name: str, fault: str
) -> None:
    """Its stage and nothing else, through any fault; again after people moved it back; none is made."""
    with town(tmp_path, name) as home:
        RECORDS[name](home.desk)
        system = name.partition("_")[0]
        home.happens(
            at(1),
            lambda world: (
                world.publish(MOVER, at(1)),
                world.query(
                    "insert into marts.dim_deals by name select ? as deal_id, 'ada' as contact_id, "
                    "'open' as status, ? as source_system, 'Sales' as pipeline, "
                    "timestamp '2026-01-01' as created_at returning 1",
                    f"{system}:41",
                    system,
                ),
            ),
        )
        home.happens(at(2), lambda world: world.event("ada", "signed", at(2, "08:00")))
        home.desk.faults = [FAULTS[fault]] * 2 if fault != "none" else []
        for hours in range(0, 49, 12):
            home.hand_over(at(2) + timedelta(hours=hours))
        first = home.deals
        RECORDS[name](home.desk)
        if name == "activecampaign_crm":
            del home.desk.records[0]  # type: ignore[attr-defined]
        home.happens(at(5), lambda world: world.event("ada", "signed", at(5, "08:00")))
        home.hand_over(at(5))

        assert first == home.deals == [("By hand", "9")]
        assert home.states == ["delivered"] * 2
        assert all(one.method in ("PUT", "PATCH") for one in home.desk.writes())
