"""Salesforce, Klaviyo, Iterable and Twilio as Fivetran lands them, from rows to canonical models."""

from __future__ import annotations

import pytest

from tests.models.installation import Installation


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Rows of every source, loaded and built."""
    home = Installation(tmp_path_factory.mktemp("fivetran"))
    day = "2026-01-0{} 00:00:00"
    home.land(
        "fivetran_salesforce.contact",
        [
            {
                "id": "003A",
                "email": "Old@example.com",
                "_fivetran_start": day.format(1),
                "_fivetran_active": False,
            },
            {
                "id": "003A",
                "email": "New@example.com",
                "_fivetran_start": day.format(2),
                "_fivetran_active": True,
            },
            {
                "id": "003B",
                "email": "b@example.com",
                "_fivetran_start": day.format(1),
                "_fivetran_active": False,
            },
        ],
    )
    home.land(
        "fivetran_salesforce.lead", [{"id": "00QA", "email": "l@example.com", "is_deleted": True}]
    )
    home.land("fivetran_klaviyo.person", [{"id": "k1", "email": "k@example.com"}])
    home.land(
        "fivetran_iterable.user_history", [{"email": "I@example.com", "updated_at": day.format(1)}]
    )
    sms = {"id": "SM1", "to": "15550000001", "from": "15550000009", "direction": "outbound-api"}
    home.land(
        "fivetran_twilio.message",
        [
            {**sms, "status": "sent", "updated_at": day.format(1)},
            {**sms, "status": "delivered", "updated_at": day.format(2)},
            {"id": "SM2", "from": "15550000001", "direction": "inbound", "status": "received",
             "body": " stop ", "updated_at": day.format(3)},
        ],
    )  # fmt: skip
    home.build("int_contacts__records", "int_messages__delivered")
    return home


def test_contacts_meet(installed: Installation) -> None:
    """The newest version holds; what is in the bin or no longer active is marked as deleted."""
    rows = installed.rows(
        "select record_node, email, is_deleted from intermediate.int_contacts__records order by 1"
    )

    assert rows == [
        ("iterable:i@example.com", "i@example.com", False),
        ("klaviyo:k1", "k@example.com", False),
        ("salesforce:003A", "new@example.com", False),
        ("salesforce:003B", "b@example.com", True),
        ("salesforce:00QA", "l@example.com", True),
    ]


def test_messages_of_twilio_meet(installed: Installation) -> None:
    """Every status that was seen is an event; STOP is a refusal of its sender."""
    rows = installed.rows(
        "select message_event_id, event, recipient from intermediate.int_messages__delivered order by 1"
    )

    assert rows == [
        ("twilio:SM1:delivered", "delivered", "+15550000001"),
        ("twilio:SM1:sent", "sent", "+15550000001"),
        ("twilio:SM2:received", "unsubscribed", "+15550000001"),
    ]
