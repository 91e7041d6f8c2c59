"""What is computed by contact follows orders and messages whose news name nobody, or somebody else than before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.models.installation import Installation

MODELS = ("int_contacts__timeline", "int_contacts__engagement", "int_contacts__value")


def call(number: int, name: str, user: str | None, **properties: Any) -> dict[str, Any]:
    """A Segment call about the one order."""
    return {
        "type": "track", "messageId": f"e{number}", "event": name, "userId": user,
        "anonymousId": None if user else "nobody", "timestamp": f"2026-06-0{number}T10:00:00Z",
        "properties": {"order_id": "o1", "revenue": 50, "total": 20, **properties},
    }  # fmt: skip


def mail(number: int, event: str, address: str) -> dict[str, Any]:
    """A Postmark event of the one message: its id is of one recipient, by whatever address."""
    return {
        "RecordType": event, "ID": number, "MessageID": "m1", "Recipient": address,
        "DeliveredAt" if event == "Delivery" else "ReceivedAt": f"2026-06-0{number}T12:00:00Z",
    }  # fmt: skip


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Installation]:
    """The same rows, built in two runs and built at once."""
    found: list[Installation] = []
    for name, runs in (("twice", 2), ("once", 1)):
        home = Installation(Path(tmp_path_factory.mktemp(name)))
        home.land("segment.events", [call(1, "Order Completed", "u1")])
        home.land("postmark.events", [mail(1, "Delivery", "a@mail.example")])
        if runs == 2:
            home.build(*MODELS)
        home.land("segment.events", [call(2, "Order Refunded", None)])
        home.land("postmark.events", [mail(2, "Delivery", "b@mail.example")])
        home.build(*MODELS)
        found.append(home)
    return found[0], found[1]


TIMELINE = (
    "select contact_id, kind, title, detail from intermediate.int_contacts__timeline order by all"
)


def test_a_refund_that_names_nobody_reaches_the_contact(
    both: tuple[Installation, Installation],
) -> None:
    """The order's own contact sees it on their timeline."""
    twice, _ = both
    (order,) = [row for row in twice.rows(TIMELINE) if row[1] == "order"]

    assert order[3].endswith(", refunded")


def test_a_message_that_moves_leaves_nothing_behind(
    both: tuple[Installation, Installation],
) -> None:
    """A later event names another recipient: the message is theirs, on one timeline, and counted once."""
    twice, once = both
    counted = "select count(*), sum(message_count) from intermediate.int_contacts__engagement"

    assert len([row for row in twice.rows(TIMELINE) if row[1] == "message"]) == 1
    assert twice.rows(TIMELINE) == once.rows(TIMELINE)
    assert twice.rows(counted) == once.rows(counted) == [(1, 1)]


def test_whoever_a_message_was_to_before_stays_known(
    both: tuple[Installation, Installation],
) -> None:
    """Both addresses are somebody's, in whatever number of loads they were named."""
    query = (
        "select node from intermediate.int_identity__nodes where node like 'email:%' order by all"
    )

    for home in both:
        assert home.rows(query) == [("email:a@mail.example",), ("email:b@mail.example",)]
