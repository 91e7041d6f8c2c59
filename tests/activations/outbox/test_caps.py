"""Caps hold over the union of journeys and campaigns; who gets a place is decided by rank, and losers know why."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.activations.outbox.conftest import AS_OF, DAY, HOUR, Box, rules

ONE_A_DAY = {"at_most": 1, "per": "day"}


def test_three_journeys_firing_at_once_send_one_message(box: Box) -> None:
    """One goes, two losers are on record with the cap that stopped them."""
    box.contact("ada")
    made = [box.propose("ada", source_name=f"j{i}", priority=i) for i in range(3)]

    assert box.arbitrate(rules(caps=[ONE_A_DAY])) == {"cleared": 1, "deferred": 2}
    assert [box.state(m)[0] for m in made] == ["deferred", "deferred", "cleared"]
    assert box.state(made[0])[1] == "cap of 1 email and sms a day: 1 before it"
    assert [d for d, _ in box.decisions()].count("deferred") == 2


@pytest.mark.parametrize(("at_most", "sent"), [(None, 3), (0, 0), (1, 1), (2, 2)])
def test_no_cap_none_and_one_are_three_things(box: Box, at_most: int | None, sent: int) -> None:
    """Null is no cap, 0 lets nothing pass."""
    box.contact("ada")
    for i in range(3):
        box.propose("ada", source_name=f"j{i}")

    assert box.arbitrate(rules(caps=[{"at_most": at_most, "per": "day"}])).get("cleared", 0) == sent


def test_what_was_sent_counts_and_a_repeated_attempt_counts_once(box: Box) -> None:
    """A message is one message however often it is tried, and a campaign's counts for a journey."""
    box.contact("ada")
    sent = box.propose("ada", source="campaign", source_name="sale")
    box.arbitrate(rules(caps=[ONE_A_DAY]))
    for _ in range(3):
        box.hand_over(sent)
    late = box.propose("ada", source_name="cart")

    box.arbitrate(rules(caps=[{"at_most": 2, "per": "day"}]), AS_OF + HOUR)
    assert box.state(late)[0] == "cleared"
    box.arbitrate(rules(caps=[ONE_A_DAY]), AS_OF + HOUR)
    assert box.state(late)[0] == "deferred"


@pytest.mark.parametrize(
    ("said", "goes"),
    [
        ({}, False),
        ({"outcome": "in_doubt"}, False),
        ({"outcome": "rejected"}, True),
        ({"sync": "outbox_email"}, True),  # the outbox counts its own
        ({"channel": "push"}, True),
        ({"mode": "upsert"}, True),
        ({"contact_id": "bo"}, True),
        ({"attempted_at": AS_OF - 2 * DAY}, True),
    ],
    ids=["sent", "in-doubt", "refused", "ours", "channel", "contact", "whose", "earlier"],
)
def test_messages_of_a_sync_count(box: Box, said: dict[str, Any], goes: bool) -> None:
    """What a hand-written message model sent takes a place, by its receipt; once, though it has two."""
    box.contact("ada")
    box.contact("bo")
    made = box.propose("ada")
    receipt = {
        "receipt_id": "r1", "sync": "sync_smtp_invoice", "entity_key_hash": "k", "contact_id": "ada", "mode": "append",
        "channel": "email", "outcome": "delivered", "attempted_at": AS_OF, "received_at": AS_OF, **said,
    }  # fmt: skip
    for again in (receipt, {**receipt, "receipt_id": "r2"}):
        values = [v.replace(tzinfo=None) if isinstance(v, datetime) else v for v in again.values()]
        box.con.execute(
            f"insert into raw_activations.receipts ({', '.join(again)}) values ({', '.join('?' * len(again))})",
            values,
        )

    box.arbitrate(rules(caps=[ONE_A_DAY]))

    assert box.state(made)[0] == ("cleared" if goes else "deferred")
    box.arbitrate(rules(caps=[{"at_most": 2, "per": "day"}]))
    assert box.state(made)[0] == "cleared"


def test_the_day_is_the_contacts_own(box: Box) -> None:
    """Half past eleven at night and half past midnight are two days, where the contact is."""
    box.contact("ada", zone="Europe/Berlin")
    first = box.propose("ada")
    evening = datetime(2026, 6, 30, 21, 30, tzinfo=UTC)
    box.hand_over(first, at=evening)
    second = box.propose("ada", step_id="second")

    box.arbitrate(rules(caps=[ONE_A_DAY]), evening + timedelta(minutes=10))
    assert box.state(second)[0] == "deferred"
    box.arbitrate(rules(caps=[ONE_A_DAY]), evening + HOUR)
    assert box.state(second)[0] == "cleared"


def test_a_better_message_of_the_same_day_is_worth_waiting_for(box: Box) -> None:
    """Planned messages count: what comes later and ranks higher keeps its place, until it is cancelled."""
    box.contact("ada")
    worse = box.propose("ada", source_name="tips")
    better = box.propose("ada", source_name="order", priority=9, due_at="2026-06-30 18:00")
    box.arbitrate(rules(caps=[ONE_A_DAY]))
    assert (box.state(worse)[0], box.state(better)[0]) == ("deferred", "planned")

    box.con.execute(
        "update activations.outbox set state = 'cancelled' where message_id = ?", [better]
    )
    box.arbitrate(rules(caps=[ONE_A_DAY]), AS_OF + HOUR)
    assert box.state(worse)[0] == "cleared"


def test_a_loser_comes_back_or_is_dropped_as_declared(box: Box) -> None:
    """The message's own word counts before the cap's."""
    box.contact("ada")
    box.propose("ada", source_name="first", priority=1)
    patient = box.propose("ada", source_name="second")
    hasty = box.propose("ada", source_name="third", on_cap="drop")
    cap = rules(caps=[ONE_A_DAY])
    box.arbitrate(cap)
    assert (box.state(patient)[0], box.state(hasty)[0]) == ("deferred", "dropped")

    box.arbitrate(cap, AS_OF + DAY)
    assert box.state(hasty)[0] == "dropped"


def test_transactional_messages_neither_wait_nor_count(box: Box) -> None:
    """A receipt does not use up the week's letter."""
    box.contact("ada")
    receipt = box.propose("ada", purpose="transactional", step_id="r")
    letter = box.propose("ada", step_id="l")
    box.arbitrate(rules(caps=[ONE_A_DAY]))

    assert box.state(receipt)[0] == box.state(letter)[0] == "cleared"


def test_rank_is_priority_then_value_then_time_then_id(box: Box) -> None:
    """The whole order, on one contact."""
    box.contact("ada")
    first = box.propose("ada", step_id="a", priority=2)
    second = box.propose("ada", step_id="b", priority=1, value=9.0)
    third = box.propose("ada", step_id="c", priority=1, value=3.0, due_at="2026-06-29 10:00")
    fourth = box.propose("ada", step_id="d", priority=1, value=3.0)
    order = [first, second, third, fourth]

    for number in range(1, 5):
        box.arbitrate(rules(caps=[{"at_most": number, "per": "day"}]))
        cleared = {name for name, state in box.states().items() if state == "cleared"}
        assert cleared == set(order[:number])


def greedy(messages: list[dict[str, Any]], caps: list[dict[str, Any]]) -> set[str]:
    """One after the other, best first: what the rule says in so many words."""
    taken: dict[tuple[int, str], int] = {}
    won = set()
    order = sorted(messages, key=lambda m: (-m["priority"], -m["value"], m["due"], m["id"]))
    for message in order:
        mine = [i for i, cap in enumerate(caps) if message["channel"] in cap["channels"]]
        if all(taken.get((i, message["contact"]), 0) < caps[i]["at_most"] for i in mine):
            won.add(message["id"])
            for i in mine:
                taken[i, message["contact"]] = taken.get((i, message["contact"]), 0) + 1
    return won


@pytest.mark.parametrize("seed", range(12))
def test_the_set_based_way_admits_what_one_by_one_would(box: Box, seed: int) -> None:
    """Several caps at once: whoever one cap keeps out takes no place under another."""
    rng = random.Random(seed)
    contacts = [f"c{i}" for i in range(6)]
    for name in contacts:
        box.contact(name)
    caps = [
        {"at_most": rng.randint(0, 3), "per": "day", "channels": rng.choice([["email"], ["sms"], ["email", "sms"]])}
        for _ in range(3)
    ]  # fmt: skip
    messages = []
    for number in range(60):
        row: dict[str, Any] = {
            "contact": rng.choice(contacts),
            "channel": rng.choice(["email", "sms"]),
            "priority": rng.randint(0, 3),
            "value": float(rng.randint(0, 2)),
            "due": datetime(2026, 6, 30, rng.randint(0, 12)),
        }
        row["id"] = box.propose(
            row["contact"], channel=row["channel"], step_id=str(number), priority=row["priority"],
            value=row["value"], due_at=row["due"],
        )  # fmt: skip
        messages.append(row)

    box.arbitrate(rules(caps=caps))

    cleared = {name for name, state in box.states().items() if state == "cleared"}
    assert cleared == greedy(messages, caps)
