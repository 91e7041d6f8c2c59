"""Every touch of every contact in one table: it adds up to the receipts, the messages, the tasks and what was withheld."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.models.installation import Installation
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.manifest import load_manifest

DAY = "2026-01-01T00:00:00Z"
AT = datetime(2026, 6, 10, 12)


def receipt(
    number: int, who: str | None, outcome: str = "delivered", **more: Any
) -> dict[str, Any]:
    usual = {
        "receipt_id": f"r{number}", "sync": "sync_x", "run_id": "run1", "entity_key_hash": f"k{number}",
        "contact_id": who, "operation": "create", "outcome": outcome, "attempted_at": AT, "received_at": AT,
        "destination": "sendgrid_mail", "object": "message", "mode": "append", "channel": "email", "batch": 1,
    }  # fmt: skip
    return usual | more


RECEIPTS = [
    receipt(1, "ada", vendor_id="m1"),
    receipt(2, "bo", "rejected", code="550", message="no such mailbox"),
    # In doubt at first, found at the vendor later: one touch.
    receipt(3, "cy", "in_doubt", entity_key_hash="k3"),
    receipt(4, "cy", vendor_id="m4", entity_key_hash="k3", code="found"),
    receipt(5, "ada", destination="hubspot", object="deal", mode="upsert", channel="crm", vendor_id="7"),
    receipt(6, "ada", destination="activecampaign_crm", object="task", channel="crm", vendor_id="55"),
    receipt(7, "ada", destination="feed", object="contact", mode="upsert", channel="onsite"),
    receipt(8, None, destination="slack", object="message", channel="notify"),
    receipt(9, "cy", sync="outbox_sms", destination="twilio", channel="sms", vendor_id="SM9"),
]  # fmt: skip


def intended(number: int, state: str, reason: str | None, **more: Any) -> dict[str, Any]:
    usual = {
        "message_id": f"o{number}", "source": "journey", "source_name": "welcome", "contact_id": "cy",
        "channel": "email", "state": state, "reason": reason, "due_at": AT, "planned_at": AT, "state_at": AT,
    }  # fmt: skip
    return usual | more


OUTBOX = [
    intended(1, "planned", "waits for its time", send_at=datetime(2026, 6, 11, 8)),
    intended(2, "deferred", "the vendor asked", held_at=AT),
    intended(3, "skipped", "no consent to marketing"),
    intended(4, "rejected", "line 3: 'x' is undefined"),
    intended(5, "cancelled", "sold out", channel="onsite"),
    # These have receipts, which tell of them.
    intended(6, "handed_over", "to smtp", destination="smtp"),
    intended(7, "rejected", "550", destination="smtp"),
    intended(8, "cancelled", "called back at the vendor", channel="sms", destination="twilio", vendor_id="SM9"),
]  # fmt: skip


def mail(number: int, message: str, event: str, address: str) -> dict[str, Any]:
    return {
        "sg_event_id": f"g{number}", "sg_message_id": f"{message}.filter", "event": event,
        "email": address, "timestamp": 1781000000 + number, "campaign": "spring",
    }  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    made = Installation(Path(tmp_path_factory.mktemp("touches")))
    made.land(
        "shop.contacts",
        [
            {"contact_id": n, "email": f"{n}@mail.example", "created_at": DAY, "updated_at": DAY}
            for n in ("ada", "bo", "cy")
        ],
    )
    made.land(
        "sendgrid.events",
        [
            mail(1, "m1", "processed", "ada@mail.example"),
            mail(2, "m1", "delivered", "ada@mail.example"),
            # Sent by a campaign of the vendor's own.
            mail(3, "other", "delivered", "bo@mail.example"),
        ],
    )
    made.land(
        "crm.tasks",
        [
            {"task_id": "t1", "contact_id": "bo", "type": "call", "created_at": DAY},
        ],
    )
    with connect(made.settings) as con:
        ensure(con, contracts(load_manifest(made.settings)))
        for row in RECEIPTS:
            marks = ", ".join(f"? as {name}" for name in row)
            con.execute(
                f"insert into raw_activations.receipts by name select {marks}", list(row.values())
            )
        for row in OUTBOX:
            marks = ", ".join(f"? as {name}" for name in row)
            con.execute(
                f"insert into activations.outbox by name select {marks}", list(row.values())
            )
        con.execute(
            "insert into raw_activations.withheld by name select 'w0' as withheld_id, 'outbox_email' as sync, "
            "'suppressed' as state, 'no consent to marketing' as reason, 'cy' as contact_id"
        )
        con.execute(
            "insert into raw_activations.withheld by name select 'w1' as withheld_id, 'sync_x' as sync, "
            "'twilio' as destination, 'message' as object, 'append' as mode, 'sms' as channel, 'cy' as contact_id, "
            "'suppressed' as state, 'opt_out' as reason, timestamp '2026-06-10' as withheld_at"
        )  # fmt: skip
    made.build("fct_touches")
    return made


def test_every_receipt_message_task_and_withheld_row_is_one_touch(home: Installation) -> None:
    """Counted from the sources by themselves: nothing twice, nothing missing."""
    sources = home.rows(
        "select (select count(distinct (run_id, entity_key_hash)) from raw_activations.receipts), "
        "(select count(distinct split_part(sg_message_id, '.', 1)) from raw_sendgrid.events), "
        "(select count(*) from raw_crm.tasks), (select count(*) from raw_activations.withheld), (select count(*) from activations.outbox)"
    )
    ((receipts, messages, tasks, withheld, intended),) = sources
    told_by_receipts, told_by_the_outbox = 3, 1
    sent_by_us = 1

    kinds = dict(
        home.rows("select split_part(touch_id, ':', 1), count(*) from marts.fct_touches group by 1")
    )

    assert kinds == {
        "receipt": receipts, "message": messages - sent_by_us, "task": tasks,
        "withheld": withheld - told_by_the_outbox, "outbox": intended - told_by_receipts,
    }  # fmt: skip
    assert receipts == 8
    ((missing,),) = home.rows(
        "select count(*) from raw_activations.receipts as r where outcome <> 'in_doubt' "
        "and receipt_id not in (select receipt_id from marts.fct_touches where receipt_id is not null)"
    )
    assert missing == 0


def test_a_contact_is_told_what_was_sent_where_and_what_came_of_it(home: Installation) -> None:
    """The vendor's events complete the receipt of the same message."""
    told = "select kind, channel, destination, campaign, state, vendor_id from marts.fct_touches where contact_id = ? order by all"

    assert home.rows(told, ["ada"]) == [
        ("deal", "crm", "hubspot", "sync_x", "delivered", "7"),
        ("decision", "onsite", "feed", "sync_x", "delivered", None),
        ("message", "email", "sendgrid_mail", "spring", "delivered", "m1"),
        ("task", "crm", "activecampaign_crm", "sync_x", "delivered", "55"),
    ]
    ((delivered_at,),) = home.rows(
        "select delivered_at from marts.fct_touches where vendor_id = 'm1'"
    )
    assert delivered_at is not None
    assert home.rows(told, ["bo"]) == [
        ("message", "email", "sendgrid", "spring", "delivered", None),
        ("message", "email", "sendgrid_mail", "sync_x", "rejected", None),
        ("task", "crm", "crm", None, "open", "t1"),
    ]


def test_what_was_withheld_says_why(home: Installation) -> None:
    """And what was refused, in the vendor's words."""
    why = "select contact_id, state, reason from marts.fct_touches where reason is not null and kind = 'message' order by all"

    assert home.rows(why) == [
        ("bo", "rejected", "no such mailbox"),
        ("cy", "cancelled", "called back at the vendor"),
        ("cy", "held", "the vendor asked"),
        ("cy", "planned", "waits for its time"),
        ("cy", "rejected", "line 3: 'x' is undefined"),
        ("cy", "skipped", "no consent to marketing"),
        ("cy", "suppressed", "opt_out"),
    ]


def test_what_is_still_to_come_stands_at_its_time(home: Installation) -> None:
    """Before there is any receipt, with the campaign or journey that wants it."""
    ahead = (
        "select occurred_at, kind, channel, campaign, sync, destination, receipt_id from marts.fct_touches "
        "where state in ('planned', 'cancelled') and vendor_id is null order by all"
    )

    assert home.rows(ahead) == [
        (AT, "decision", "onsite", "welcome", "outbox_onsite", None, None),
        (datetime(2026, 6, 11, 8), "message", "email", "welcome", "outbox_email", None, None),
    ]
