"""A message's state is the same in whatever order and number of loads its events come, and repeats are no news of it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.models.installation import Installation

EVENTS = (
    "processed", "deferred", "delivered", "open", "open", "click", "bounce", "dropped", "spamreport", "unsubscribe",
)  # fmt: skip
MESSAGES = "int_messages__messages"
COLUMNS = (
    "message_id, message_key, source, channel, recipient_node, campaign, variant, state, failure, sent_at, delivered_at, "
    "failed_at, first_opened_at, first_clicked_at, unsubscribed_at, complained_at, machine_event_count"
)


def sendgrid(message: int, number: int, event: str, second: int, **more: Any) -> dict[str, Any]:
    """One event of SendGrid's webhook; only some of a message's events name its campaign."""
    named = {"campaign": "spring", "message_key": f"spring:{message}"} if number % 2 else {}
    return {
        "sg_event_id": f"e{message}-{number}", "sg_message_id": f"m{message}.filter1", "event": event,
        "email": f"p{message}@mail.example", "timestamp": 1_780_000_000 + 90_000 * message + second,
        "useragent": "Mail/1.0", "url": "https://shop.example/", **named, **more,
    }  # fmt: skip


def all_events(chance: random.Random) -> list[dict[str, Any]]:
    """Events of forty messages, a few of each, at times of their own."""
    return [
        sendgrid(message, number, event, chance.randrange(80_000))
        for message in range(40)
        for number, event in enumerate(chance.sample(EVENTS, chance.randrange(1, 7)))
    ]


def test_order_and_number_of_loads_and_repeats_change_nothing(tmp_path: Path) -> None:
    """In four loads in any order, a third of the events delivered again in each, as in one load."""
    chance = random.Random(7)
    events = all_events(chance)
    once, often = Installation(tmp_path / "once"), Installation(tmp_path / "often")
    once.land("sendgrid.events", events)
    once.build(MESSAGES)
    shuffled = chance.sample(events, len(events))
    delivered: list[dict[str, Any]] = []
    for load in range(4):
        repeated = chance.sample(delivered, len(delivered) // 3)
        often.land("sendgrid.events", shuffled[load::4] + repeated)
        often.build(MESSAGES)
        delivered += shuffled[load::4]

    query = f"select {COLUMNS} from intermediate.{MESSAGES} order by all"
    assert len(once.rows(query)) == 40
    assert often.rows(query) == once.rows(query)
    responses = "select message_event_id, event, occurred_at from intermediate.int_messages__responses order by all"
    assert often.rows(responses) == once.rows(responses)


def batches(home: Installation) -> dict[str, int]:
    """The load that last changed or answered each message."""
    return dict(home.rows("select message_id, batch from intermediate.int_messages__states"))


def test_only_what_is_new_is_news(tmp_path: Path) -> None:
    """A repeat leaves a message as it is; another open makes it news, though its state stays."""
    home = Installation(tmp_path)
    home.land("sendgrid.events", [sendgrid(n, 0, "delivered", 0) for n in range(3)])
    home.build(MESSAGES)
    first = batches(home)
    again = [sendgrid(0, 0, "delivered", 0), sendgrid(1, 0, "delivered", 0, response="250 OK")]
    home.land("sendgrid.events", again)
    home.build(MESSAGES)
    assert batches(home) == first

    home.land("sendgrid.events", [*again, sendgrid(2, 1, "open", 3600)])
    home.build(MESSAGES)
    changed = {name for name, batch in batches(home).items() if batch > first[name]}
    opened = home.rows(
        f"select message_id from intermediate.{MESSAGES} where first_opened_at is not null"
    )
    assert len(changed) == 1 and [(name,) for name in changed] == opened


def postmark(number: int, address: str) -> dict[str, Any]:
    """One delivery that Postmark tells of, of the same message to whatever address."""
    return {
        "RecordType": "Delivery", "ID": number, "MessageID": "m1", "Recipient": address,
        "DeliveredAt": f"2026-06-0{number}T12:00:00Z",
    }  # fmt: skip


def test_everybody_whom_a_message_named_is_known(tmp_path: Path) -> None:
    """Four recipients of one id, told at once or one by one, greater and smaller: all four are somebody."""
    told = [postmark(number, f"{name}@mail.example") for number, name in enumerate("cadb", 1)]
    once, often = Installation(tmp_path / "once"), Installation(tmp_path / "often")
    once.land("postmark.events", told)
    once.build("int_identity__nodes")
    for event in told:
        often.land("postmark.events", [event])
        often.build("int_identity__nodes")

    query = "select node from intermediate.int_identity__nodes order by node"
    assert once.rows(query) == [(f"email:{name}@mail.example",) for name in "abcd"]
    assert often.rows(query) == once.rows(query)
