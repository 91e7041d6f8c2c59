"""Rows of three vendors of e-mail as Fivetran lands them: what comes first, and what comes with a later load."""

from __future__ import annotations

import json
from typing import Any

Rows = dict[str, list[dict[str, Any]]]


def at(day: int, clock: str = "10:00:00") -> str:
    """A moment in January 2026."""
    return f"2026-01-{day:02} {clock}"


def member(key: str, status: str, day: int, **more: Any) -> dict[str, Any]:
    """A member of Mailchimp's audience `l1`."""
    return {"id": key, "list_id": "l1", "email_address": f"{key}@mc.example", "status": status,
            "last_changed": at(day), "_fivetran_synced": at(day, "20:00:00"), **more}  # fmt: skip


def act(key: str, action: str, day: int, **more: Any) -> dict[str, Any]:
    """What a recipient of Mailchimp's campaign did."""
    return {"campaign_id": "c1", "list_id": "l1", "member_id": key, "action": action,
            "timestamp": at(day), "_fivetran_synced": at(20), **more}  # fmt: skip


def klaviyo(
    key: str, metric: str | None, day: int, person: str = "p1", **more: Any
) -> dict[str, Any]:
    """An event of Klaviyo."""
    return {"id": key, "type": metric, "person_id": person, "datetime": at(day), **more}


def iterable(key: str, name: str, day: int, user: str | None = "u1", **more: Any) -> dict[str, Any]:
    """An event of Iterable."""
    return {
        "_fivetran_id": key,
        "event_name": name,
        "_fivetran_user_id": user,
        "created_at": at(day),
        **more,
    }


MAILCHIMP: Rows = {
    "fivetran_mailchimp.member": [
        *(member(status, status, 1) for status in ("subscribed", "pending", "archived", "transactional", "cleaned")),
        member("bounced", "subscribed", 1),
        # Left, and was put back on the list by an import.
        member("left", "unsubscribed", 2),
        member("left", "subscribed", 3, timestamp_opt=at(3)),
        member("gone", "unsubscribed", 2, _fivetran_deleted=True),
    ],
    "fivetran_mailchimp.list": [{"id": "l1", "name": "Readers"}],
    "fivetran_mailchimp.campaign": [{"id": "c1", "list_id": "l1", "title": "January", "send_time": at(4)}],
    "fivetran_mailchimp.campaign_recipient": [
        {"campaign_id": "c1", "list_id": "l1", "member_id": key, "_fivetran_synced": at(20)}
        for key in ("subscribed", "bounced", "late")
    ],
    "fivetran_mailchimp.campaign_recipient_activity": [
        act("subscribed", "open", 5, ip="192.0.2.1"),
        # The same again from a later sync; and another link in the same second.
        act("subscribed", "open", 5, ip="192.0.2.1", _fivetran_synced=at(21)),
        act("subscribed", "click", 5, url="https://example.com/a"),
        act("subscribed", "click", 5, url="https://example.com/b"),
        act("bounced", "bounce", 5, bounce_type="hard"),
    ],
    "fivetran_mailchimp.automation": [{"id": "a1", "list_id": "l1", "title": "Welcome"}],
    "fivetran_mailchimp.automation_email": [{"id": "ae1", "automation_id": "a1"}],
    "fivetran_mailchimp.automation_recipient": [
        {"automation_email_id": "ae1", "list_id": "l1", "member_id": "subscribed", "_fivetran_synced": at(6)}
    ],
    "fivetran_mailchimp.automation_recipient_activity": [
        {"automation_email_id": "ae1", "list_id": "l1", "member_id": "subscribed", "action": "open", "timestamp": at(7)}
    ],
    "fivetran_mailchimp.unsubscribe": [
        {"campaign_id": "ae1", "list_id": "l1", "member_id": "subscribed", "timestamp": at(8)},
        {"campaign_id": "c1", "list_id": "l1", "member_id": "late", "timestamp": at(8), "reason": "SPAM: not asked for"},
    ],
    "fivetran_mailchimp.segment": [{"id": "s1", "list_id": "l1", "name": "VIP "}],
    "fivetran_mailchimp.segment_member": [
        {"segment_id": "s1", "list_id": "l1", "member_id": "subscribed", "_fivetran_synced": at(9)},
        {"segment_id": "s1", "list_id": "l1", "member_id": "pending", "_fivetran_synced": at(9)},
        {"segment_id": "s1", "list_id": "l1", "member_id": "pending", "_fivetran_synced": at(10), "_fivetran_deleted": True},
    ],
}  # fmt: skip

KLAVIYO: Rows = {
    "fivetran_klaviyo.person": [
        {"id": "p1", "email": "p1@kl.example", "phone_number": "+15550000001", "updated": at(1), "custom_consent": '["email"]',
         "custom_consent_method": "Klaviyo Form", "custom_consent_timestamp": "2026-01-01T09:00:00Z"},
        {"id": "p2", "email": "p2@kl.example", "updated": at(9), "subscriptions_email_marketing_consent": "UNSUBSCRIBED",
         "subscriptions_email_marketing_timestamp": at(2)},
        {"id": "p3", "email": "p3@kl.example", "updated": at(1), "custom_accepts_marketing": "false"},
        {"id": "p4", "email": "p4@kl.example", "updated": at(1),
         "subscriptions_email_marketing_suppression": json.dumps([{"reason": "HARD_BOUNCE", "timestamp": at(3)}])},
        {"id": "p5", "email": "p5@kl.example", "updated": at(1), "subscriptions_email_marketing_consent": "NEVER_SUBSCRIBED"},
    ],
    "fivetran_klaviyo.campaign": [{"id": "C", "name": "Spring"}],
    "fivetran_klaviyo.flow": [{"id": "F", "name": "Cart"}],
    "fivetran_klaviyo.metric": [{"id": "M", "name": "Clicked SMS"}],
    "fivetran_klaviyo.event": [
        klaviyo("e01", "Received Email", 1, campaign_id="C"),
        klaviyo("e02", "Opened Email", 2, campaign_id="C", property_machine_open=True),
        klaviyo("e03", "Opened Email", 3, campaign_id="C"),
        klaviyo("e04", "Clicked Email", 3, campaign_id="C", property_url="https://example.com/a"),
        klaviyo("e05", "Bounced Email", 3, "p5", campaign_id="C", property_bounce_type="Soft"),
        klaviyo("e06", "Dropped Email", 3, "p4", campaign_id="C"),
        klaviyo("e07", "Marked Email as Spam", 3, "p3", campaign_id="C"),
        klaviyo("e08", "Received SMS", 4, flow_id="F", flow_message_id="FM"),
        klaviyo("e09", None, 5, metric_id="M", flow_id="F", flow_message_id="FM"),
        klaviyo("e10", "Sent SMS", 6, property_message_body="Stop", property_from_number="+15550000001"),
        klaviyo("e11", "Subscribed to List", 7, "p2", property_method="Manual Import"),
        klaviyo("e12", "Subscribed to Back in Stock", 7, "p5"),
        klaviyo("e13", "Unsubscribed", 8, "unknown"),
        klaviyo("e14", "Received Email", 8, campaign_id="C", _fivetran_deleted=True),
        klaviyo("o1", "Placed Order", 9, property_value="$1,258.54", property_event_id="O1", property_currency_code="usd"),
        klaviyo("o2", "Ordered Product", 9, property_value="1258.54", property_event_id="O1_1"),
        klaviyo("o3", "Refunded Order", 10, property_value="100", property_event_id="O1"),
        klaviyo("o4", "Placed Order", 9, "p5", property_value="20", property_event_id="O2"),
        klaviyo("o5", "Cancelled Order", 10, "p5", property_value="20", property_event_id="O2"),
        klaviyo("o6", "Placed Order", 9, property_value="55", property_event_id="O3"),
        klaviyo("o7", "Refunded Order", 10, property_value="10", property_event_id="O3"),
        klaviyo("s1", "Viewed Product", 9, property_product_id="P", property_price="5"),
        klaviyo("s2", "Active on Site", 9, property_page="https://example.com/"),
        klaviyo("s3", "Started Checkout", 9),
        klaviyo("s4", "Added to Cart", 9),
    ],
    # An order that the shop tells itself, earlier and in more detail; both tell the refund.
    "segment.events": [
        {"type": "track", "messageId": f"shop-{name}", "event": f"Order {name}", "userId": "u", "timestamp": f"2026-01-09T09:00:0{second}Z",
         "properties": {"order_id": "O3", "currency": "USD", **values}}
        for second, (name, values) in enumerate(
            [("Completed", {"revenue": 50, "shipping": 5}), ("Refunded", {"total": 10})]
        )
    ],
    "fivetran_klaviyo.list": [{"id": "L", "name": "News"}],
    "fivetran_klaviyo.list_person": [{"list_id": "L", "person_id": "p5"}],
}  # fmt: skip

ITERABLE: Rows = {
    "fivetran_iterable.user_history": [
        {"_fivetran_id": "u1", "email": "old@it.example", "phone_number": "+15550000002", "updated_at": at(1), "email_list_ids": "[7,8]"},
        {"_fivetran_id": "u1", "email": "new@it.example", "phone_number": "+15550000002", "updated_at": at(2), "email_list_ids": "[7]"},
        {"email": "early@it.example", "updated_at": at(1)},
    ],
    "fivetran_iterable.campaign_history": [{"id": "C", "name": "Old name", "updated_at": at(1)}, {"id": "C", "name": "Summer", "updated_at": at(2)}],
    "fivetran_iterable.channel": [
        {"id": "1", "channel_type": "Marketing", "message_medium": "Email"},
        {"id": "2", "channel_type": "Transactional", "message_medium": "Email"},
        {"id": "3", "channel_type": "Marketing", "message_medium": "SMS"},
        {"id": "4", "channel_type": "Marketing", "message_medium": "Push"},
    ],
    "fivetran_iterable.message_type": [{"id": "11", "name": "Offers", "channel_id": "1"}],
    "fivetran_iterable.user_unsubscribed_channel": [
        # Written again by every sync: the first is what we know of the time.
        {"_fivetran_id": "u1", "channel_id": "3", "_fivetran_synced": at(3)},
        {"_fivetran_id": "u1", "channel_id": "3", "_fivetran_synced": at(9)},
        {"_fivetran_id": "u1", "channel_id": "4", "_fivetran_synced": at(3)},
        {"_fivetran_id": "u1", "channel_id": "2", "_fivetran_synced": at(3)},
        {"_fivetran_id": "u2", "channel_id": "99", "_fivetran_synced": at(3)},
    ],
    "fivetran_iterable.event": [
        iterable("e1", "emailSend", 1, campaign_id="C", message_id="m1"),
        iterable("e2", "emailOpen", 2, campaign_id="C", message_id="m1"),
        iterable("e3", "emailClick", 2, campaign_id="C", message_id="m1", is_bot="true"),
        iterable("e4", "emailBounce", 3, None, email="bounce@it.example", message_id="m2", recipient_state="HardBounce"),
        iterable("e5", "emailUnSubscribe", 4, campaign_id="C", message_id="m1", unsub_source="EmailLink"),
        iterable("e6", "emailComplaint", 4, None, email="angry@it.example", message_id="m5"),
        iterable("e7", "pushSend", 4, campaign_id="C", message_id="m3"),
        iterable("e8", "emailSendSkip", 4, campaign_id="C", message_id="m4"),
        iterable("e9", "smsReceived", 5),
        iterable("f1", "emailSubscribe", 5, additional_properties=json.dumps({"signupSource": "Import"})),
        iterable("f2", "emailSubscribe", 6, None, email="early@it.example", additional_properties=json.dumps({"signupSource": "WebForm"})),
        iterable("f3", "purchase", 6),
    ],
    "fivetran_iterable.event_extension": [
        {"_fivetran_id": "e2", "proxy_source": "Apple"},
        {"_fivetran_id": "e3", "url": "https://example.com/a"},
        {"_fivetran_id": "e8", "reason": "DuplicateMarketingMessage"},
        {"_fivetran_id": "e9", "sms_message": "stop", "from_phone_number": "+15550000002"},
    ],
    "fivetran_iterable.list": [{"id": "7", "name": "News"}],
    "fivetran_iterable.list_user": [{"list_id": "9", "_fivetran_id": "early@it.example-9", "_fivetran_synced": at(3)}],
}  # fmt: skip

# As older connections and other warehouses write them: a mark at the head, spaces, capitals, a lost underscore.
FILES = {
    "fivetran_klaviyo.event": (
        "ID,PERSON_ID,TYPE,DATETIME,PROPERTYVALUE,PROPERTYEVENT_ID,PROPERTYCURRENCY_CODE\n"
        "o9,p1,Placed Order,2026-01-11 10:00:00.000 +0000,12.5,O9,EUR\n"
    ),
    "fivetran_iterable.user_unsubscribed_message_type_history": (
        "\ufeffemail, message_type_id ,updated_at,_fivetran_synced\n"
        "early@it.example,11,2026-01-02 10:00:00,2026-01-05 10:00:00\n"
        "nobody@it.example,99,2026-01-02 10:00:00,2026-01-05 10:00:00\n"
    ),
}

# Whom the first load spoke of without knowing the address.
LATER: Rows = {
    "fivetran_mailchimp.member": [member("late", "archived", 9)],
    "fivetran_klaviyo.person": [{"id": "unknown", "email": "known@kl.example", "updated": at(12)}],
    "fivetran_iterable.user_history": [
        {
            "_fivetran_id": "u2",
            "email": "u2@it.example",
            "phone_number": "+15550000003",
            "updated_at": at(12),
        }
    ],
}
