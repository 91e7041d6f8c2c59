"""Webhook bodies written for the tests in each vendor's format, and what each event must become.

A case is the event as the vendor words it, and the canonical columns that follow from it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

Payload = dict[str, Any]
Case = tuple[Payload, dict[str, Any]]
# fmt: off
AT = 1_780_308_000  # 2026-06-01 10:00:00 UTC
WHO = "ann@buyer.example"
WHO_HASH = hashlib.md5(WHO.encode(), usedforsecurity=False).hexdigest()
OURS = {"message_key": "k-1", "campaign": "spring", "variant": "b"}


def moment(number: int) -> int:
    """A second of its own for each case."""
    return AT + number


def iso(number: int) -> str:
    """The same as ISO 8601."""
    return datetime.fromtimestamp(AT + number, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def mailgun() -> list[Case]:
    """The `event-data` of Mailgun's bodies; the last six are old posts."""
    hard = {"event": "bounced", "bounce_class": "hard", "smtp_code": "550"}
    click = {"url": "https://shop.example/a", "ip": "192.0.2.7"}
    kinds: list[Case] = [
        ({"event": "accepted"}, {"event": "queued"}),
        ({"event": "rejected", "reject": {"reason": "Sandbox"}}, {"event": "rejected", "reject_reason": "other", "reason": "Sandbox"}),
        ({"event": "delivered", "delivery-status": {"code": 250}}, {"event": "delivered", "smtp_code": "250"}),
        ({"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": {"code": 550}}, hard),
        ({"event": "failed", "severity": "temporary", "reason": "generic"}, {"event": "deferred", "bounce_class": None}),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-bounce", "delivery-status": {"code": 605}}, {"event": "rejected", "reject_reason": "suppressed_bounce", "bounce_class": None}),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-complaint"}, {"event": "rejected", "reject_reason": "suppressed_complaint"}),
        ({"event": "failed", "severity": "permanent", "reason": "suppress-unsubscribe"}, {"event": "rejected", "reject_reason": "suppressed_unsubscribe"}),
        ({"event": "opened", "client-info": {"user-agent": "Mail/1", "bot": ""}}, {"event": "opened", "user_agent": "Mail/1", "machine_flag": None, "is_machine_by_vendor": False}),
        ({"event": "opened", "client-info": {"bot": "apple"}}, {"event": "opened", "machine_flag": "bot=apple", "is_machine_by_vendor": True}),
        ({"event": "clicked", **click}, {"event": "clicked", **click}),
        ({"event": "unsubscribed"}, {"event": "unsubscribed"}),
        ({"event": "complained"}, {"event": "complained"}),
        ({"event": "stored"}, {"event": "inbound", "recipient": None}),
        ({"event": "something new"}, {"event": "unknown"}),
    ]
    common = {
        "recipient": WHO.upper(),
        "message": {"headers": {"message-id": "m-1@shop.example"}},
        "user-variables": OURS,
        "tags": ["ignored"],
    }
    cases = [
        (
            {"id": f"ev-{n}", "timestamp": moment(n) + 0.25, **common, **payload},
            {**OURS, **expected},
        )
        for n, (payload, expected) in enumerate(kinds)
    ]
    old = {"recipient": WHO, "Message-Id": "<m-2@shop.example>", "message_key": "k-2", "signature": "ab12", "token": "t"}
    # Which of these name their message, and how, differs: in a field, in small letters, or among the headers only.
    bare = {"recipient": WHO, "signature": "ab12", "token": "t"}
    headers = json.dumps([["Received", "by mx"], ["Message-Id", "<m-4@shop.example>"], ["Subject", "Hi"]])
    cases += [
        ({**bare, "event": "opened", "message-id": "m-3@shop.example", "timestamp": str(moment(92))}, {"event": "opened", "message_id": f"mailgun:m-3@shop.example:{WHO_HASH}"}),
        ({**bare, "event": "bounced", "message-headers": headers, "code": "550", "timestamp": str(moment(93))}, {"event": "bounced", "message_id": f"mailgun:m-4@shop.example:{WHO_HASH}"}),
        ({**bare, "event": "complained", "timestamp": str(moment(94))}, {"event": "complained", "message_id": f"mailgun:contact:{WHO_HASH}"}),
        ({**bare, "event": "unsubscribed", "timestamp": str(moment(95))}, {"event": "unsubscribed", "message_id": f"mailgun:contact:{WHO_HASH}"}),
    ]
    cases += [
        ({**old, "event": "dropped", "code": "607", "timestamp": str(moment(90))}, {"event": "rejected", "reject_reason": "suppressed_complaint", "message_key": "k-2"}),
        ({**old, "event": "bounced", "code": "550", "timestamp": str(moment(91))}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "550"}),
    ]
    return cases


def brevo() -> list[Case]:
    """Brevo: milliseconds or seconds, what we wrote as JSON or as it is."""
    kinds: list[Case] = [
        ({"event": "request"}, {"event": "queued"}),
        ({"event": "delivered"}, {"event": "delivered"}),
        ({"event": "deferred", "reason": "452 4.2.2 full"}, {"event": "deferred", "smtp_code": "4.2.2"}),
        ({"event": "hard_bounce", "reason": "550 no such user"}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "550"}),
        ({"event": "soft_bounce"}, {"event": "bounced", "bounce_class": "soft"}),
        ({"event": "invalid_email"}, {"event": "bounced", "bounce_class": "hard"}),
        ({"event": "blocked"}, {"event": "rejected", "reject_reason": "blocked"}),
        ({"event": "error"}, {"event": "failed"}),
        ({"event": "opened"}, {"event": "opened", "machine_flag": None}),
        ({"event": "unique_opened"}, {"event": "opened", "machine_flag": None}),
        ({"event": "proxy_open"}, {"event": "opened", "machine_flag": "proxy_open"}),
        ({"event": "unique_proxy_open"}, {"event": "opened", "machine_flag": "unique_proxy_open"}),
        ({"event": "click", "link": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"event": "unsubscribe"}, {"event": "unsubscribed"}),
        ({"event": "spam"}, {"event": "complained"}),
        ({"event": "complaint"}, {"event": "complained"}),
        ({"event": "list_addition"}, {"event": "resubscribed", "reason": "by_sender"}),
        ({"event": "contact_updated"}, {"event": "unknown"}),
    ]
    cases = [
        (
            {"email": WHO, "message-id": "<m-1@x>", "ts_epoch": moment(n) * 1000, "ts": 1, "X-Mailin-custom": json.dumps(OURS), **payload},
            {**OURS, **expected},
        )
        for n, (payload, expected) in enumerate(kinds)
    ]
    bare = {"email": WHO, "message-id": "<m-2@x>", "event": "delivered"}
    return [
        *cases,
        ({**bare, "ts_epoch": moment(40), "X-Mailin-custom": "k-9", "tag": '["welcome"]'}, {"message_key": "k-9", "campaign": "welcome"}),
        ({**bare, "s_epoch": moment(41), "tags": ["hello"]}, {"campaign": "hello", "message_key": None}),
        ({"email": WHO, "event": "unsubscribe", "ts_epoch": moment(42) * 1000}, {"event": "unsubscribed"}),
    ]


def mailjet() -> list[Case]:
    """Mailjet: ids beyond what a double holds."""
    kinds: list[Case] = [
        ({"event": "sent", "smtp_reply": "sent (250 2.0.0 OK)"}, {"event": "delivered", "smtp_code": "2.0.0"}),
        ({"event": "open", "agent": "Mail/1", "ip": "192.0.2.7"}, {"event": "opened", "user_agent": "Mail/1", "ip": "192.0.2.7"}),
        ({"event": "click", "url": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"event": "bounce", "hard_bounce": True, "error": "user unknown"}, {"event": "bounced", "bounce_class": "hard", "reason": "user unknown"}),
        ({"event": "bounce", "hard_bounce": False, "error": "mailbox full"}, {"event": "bounced", "bounce_class": "soft"}),
        ({"event": "bounce", "hard_bounce": False, "error": "greylisted"}, {"event": "deferred", "bounce_class": None}),
        ({"event": "bounce", "hard_bounce": True, "error": "greylisted"}, {"event": "bounced", "bounce_class": "hard"}),
        ({"event": "blocked", "error": "preblocked"}, {"event": "rejected", "reject_reason": "invalid"}),
        ({"event": "blocked", "error": "typofix"}, {"event": "rejected", "reject_reason": "invalid"}),
        ({"event": "blocked", "error": "duplicate in campaign"}, {"event": "rejected", "reject_reason": "duplicate"}),
        ({"event": "blocked", "error": "spam reporter"}, {"event": "rejected", "reject_reason": "suppressed_complaint"}),
        ({"event": "blocked", "error": "sender blocked"}, {"event": "rejected", "reject_reason": "other"}),
        ({"event": "spam", "source": "JMRPP"}, {"event": "complained"}),
        ({"event": "unsub", "mj_list_id": 1}, {"event": "unsubscribed"}),
        ({"event": "parseapi"}, {"event": "unknown"}),
    ]
    common = {"MessageID": 12345678901234567, "email": WHO, "CustomID": "k-1", "Payload": json.dumps({"variant": "b"}), "customcampaign": "spring"}
    return [
        ({"time": moment(n), **common, **payload}, {**OURS, "message_id": "mailjet:12345678901234567", **expected})
        for n, (payload, expected) in enumerate(kinds)
    ]


def sparkpost() -> list[Case]:
    """SparkPost: what stands inside `msys`."""
    kinds: list[Case] = [
        ({"type": "injection"}, {"event": "queued"}),
        ({"type": "delivery"}, {"event": "delivered"}),
        ({"type": "delay", "bounce_class": "21"}, {"event": "deferred", "bounce_class": None}),
        ({"type": "out_of_band", "bounce_class": "10"}, {"event": "bounced", "bounce_class": "hard"}),
        ({"type": "policy_rejection"}, {"event": "rejected", "reject_reason": "blocked"}),
        ({"type": "generation_rejection"}, {"event": "rejected", "reject_reason": "other"}),
        ({"type": "generation_failure"}, {"event": "failed"}),
        ({"type": "open", "user_agent": "Mail/1", "ip_address": "192.0.2.7"}, {"event": "opened", "user_agent": "Mail/1", "ip": "192.0.2.7", "machine_flag": None}),
        ({"type": "open", "user_agent_parsed": {"is_prefetched": True}}, {"event": "opened", "machine_flag": "is_prefetched"}),
        ({"type": "open", "user_agent_parsed": {"is_proxy": True}}, {"event": "opened", "machine_flag": "is_proxy"}),
        ({"type": "amp_open"}, {"event": "opened"}),
        ({"type": "initial_open"}, {"event": "unknown"}),
        ({"type": "amp_initial_open"}, {"event": "unknown"}),
        ({"type": "click", "target_link_url": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"type": "amp_click"}, {"event": "clicked"}),
        ({"type": "spam_complaint"}, {"event": "complained"}),
        ({"type": "list_unsubscribe"}, {"event": "unsubscribed"}),
        ({"type": "link_unsubscribe"}, {"event": "unsubscribed"}),
        ({"type": "relay_message"}, {"event": "inbound", "recipient": None}),
        ({"type": "ab_test_completed"}, {"event": "unknown"}),
    ]
    classes = {
        "hard": (10, 30),
        "soft": (20, 21, 22, 23, 24, 40, 70),
        "block": (25, 50, 51, 52, 53, 54),
        "unknown": (1,),
    }
    kinds += [
        ({"type": "bounce", "bounce_class": str(number), "raw_reason": "550 5.1.1 no"}, {"event": "bounced", "bounce_class": name, "smtp_code": "5.1.1"})
        for name, numbers in classes.items()
        for number in numbers
    ]
    kinds += [
        ({"type": "bounce", "bounce_class": number}, {"event": event, "bounce_class": None})
        for number, event in (
            ("90", "unsubscribed"),
            ("80", "resubscribed"),
            ("60", "auto_replied"),
            ("100", "auto_replied"),
        )
    ]
    common = {"message_id": "m-1", "transmission_id": "t-1", "rcpt_to": WHO, "raw_rcpt_to": "Ann@Buyer.example", "rcpt_meta": OURS}
    return [
        (
            {"event_id": str(n) if n % 2 else n, "timestamp": str(moment(n)) if n % 2 else iso(n), **common, **payload},
            {**OURS, "message_id": "sparkpost:m-1", **expected},
        )
        for n, (payload, expected) in enumerate(kinds)
    ]


def mandrill() -> list[Case]:
    """Mandrill: the elements of `mandrill_events`."""
    kinds: list[Case] = [
        ({"event": "send"}, {"event": "sent"}),
        ({"event": "deferral"}, {"event": "deferred"}),
        ({"event": "hard_bounce"}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "5.1.1"}),
        ({"event": "soft_bounce"}, {"event": "bounced", "bounce_class": "soft"}),
        ({"event": "open", "user_agent": "Mail/1", "ip": "192.0.2.7"}, {"event": "opened", "user_agent": "Mail/1", "ip": "192.0.2.7"}),
        ({"event": "click", "url": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"event": "spam"}, {"event": "complained"}),
        ({"event": "unsub"}, {"event": "unsubscribed"}),
        ({"event": "reject", "reject": {"reason": "unsub"}}, {"event": "rejected", "reject_reason": "suppressed_unsubscribe"}),
        ({"event": "reject"}, {"event": "rejected", "reject_reason": "other"}),
        ({"event": "inbound"}, {"event": "inbound", "recipient": None}),
        ({"event": "news"}, {"event": "unknown"}),
    ]
    message = {"email": WHO, "metadata": OURS, "tags": ["t"], "diag": "smtp;550 5.1.1 gone"}
    return [
        ({"_id": "m-1", "ts": moment(n), "msg": message, **payload}, {**OURS, "message_id": "mandrill:m-1", **expected})
        for n, (payload, expected) in enumerate(kinds)
    ]


def resend() -> list[Case]:
    """Resend: the delivery's own id comes in a header, which the collector puts beside the body."""
    click = {"link": "https://shop.example/a", "ipAddress": "192.0.2.7", "userAgent": "Mail/1"}
    kinds: list[tuple[str, Payload, dict[str, Any]]] = [
        ("sent", {}, {"event": "sent"}),
        ("delivered", {}, {"event": "delivered"}),
        ("delivery_delayed", {}, {"event": "deferred"}),
        ("complained", {}, {"event": "complained"}),
        ("bounced", {"bounce": {"message": "550 5.1.1 gone"}}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "5.1.1"}),
        ("bounced", {"bounce": {"message": "full", "type": "Transient"}}, {"event": "bounced", "bounce_class": "soft"}),
        ("bounced", {"bounce": {"message": "Resend has suppressed sending to it"}}, {"event": "rejected", "reject_reason": "suppressed_bounce", "bounce_class": None}),
        ("opened", {}, {"event": "opened"}),
        ("clicked", {"click": click}, {"event": "clicked", "url": click["link"], "ip": click["ipAddress"], "user_agent": "Mail/1"}),
        ("failed", {"failed": {"reason": "quota"}}, {"event": "failed", "reason": "quota"}),
        ("suppressed", {}, {"event": "rejected", "reject_reason": "other"}),
        ("received", {}, {"event": "inbound", "recipient": None}),
        ("dreamt", {}, {"event": "unknown"}),
    ]
    contact = {"id": "c-1", "audience_id": "a-1", "email": WHO}
    contacts: list[Case] = [
        ({"type": "contact.updated", "created_at": iso(80), "svix-id": "msg_80", "data": {**contact, "unsubscribed": True}}, {"event": "unsubscribed", "recipient": WHO, "message_id": f"resend:contact:{WHO_HASH}"}),
    ]
    return contacts + [
        (
            {
                "type": f"email.{kind}",
                "created_at": iso(n),
                "svix-id": f"msg_{n}",
                "data": {"created_at": "2020-01-01T00:00:00Z", "email_id": "m-1", "to": [f"Ann <{WHO}>"], "tags": OURS, **data},
            },
            {**OURS, "message_id": "resend:m-1", **expected},
        )
        for n, (kind, data, expected) in enumerate(kinds)
    ]


def sendgrid() -> list[Case]:
    """SendGrid: our arguments stand at the top level."""
    kinds: list[Case] = [
        ({"event": "processed"}, {"event": "queued"}),
        ({"event": "deferred"}, {"event": "deferred"}),
        ({"event": "delivered", "response": "250 2.0.0 ok"}, {"event": "delivered", "smtp_code": "2.0.0"}),
        ({"event": "dropped", "reason": "Invalid"}, {"event": "rejected", "reject_reason": "invalid"}),
        ({"event": "dropped", "reason": "Bounced Address"}, {"event": "rejected", "reject_reason": "suppressed_bounce"}),
        ({"event": "dropped", "reason": "Unsubscribed Address"}, {"event": "rejected", "reject_reason": "suppressed_unsubscribe"}),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, {"event": "rejected", "reject_reason": "suppressed_complaint"}),
        ({"event": "bounce", "type": "bounce", "status": "5.1.1"}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "5.1.1"}),
        ({"event": "bounce", "type": "blocked"}, {"event": "bounced", "bounce_class": "block"}),
        ({"event": "open", "sg_machine_open": True}, {"event": "opened", "machine_flag": "sg_machine_open"}),
        ({"event": "open", "sg_machine_open": False, "ip": "192.0.2.7"}, {"event": "opened", "machine_flag": None, "ip": "192.0.2.7"}),
        ({"event": "click", "url": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"event": "spamreport"}, {"event": "complained"}),
        ({"event": "unsubscribe"}, {"event": "unsubscribed"}),
        ({"event": "group_unsubscribe", "asm_group_id": 1}, {"event": "unsubscribed"}),
        ({"event": "group_resubscribe", "asm_group_id": 1}, {"event": "resubscribed"}),
        ({"event": "account_status_change"}, {"event": "unknown"}),
    ]
    return [
        ({"email": WHO, "timestamp": moment(n), "sg_event_id": f"e-{n}", "sg_message_id": "m-1.f.0", **OURS, **payload}, {**OURS, "message_id": f"sendgrid:m-1:{WHO_HASH[:12]}", **expected})
        for n, (payload, expected) in enumerate(kinds)
    ]


def postmark() -> list[Case]:
    """Postmark: one object each, the time under a name of its own."""
    types = {
        "HardBounce": {"event": "bounced", "bounce_class": "hard", "smtp_code": "5.1.1"},
        "SoftBounce": {"event": "bounced", "bounce_class": "soft"},
        "Transient": {"event": "deferred", "bounce_class": None},
        "DnsError": {"event": "deferred"},
        "OpenRelayTest": {"event": "deferred"},
        "AutoResponder": {"event": "auto_replied", "bounce_class": None},
        "AddressChange": {"event": "auto_replied"},
        "ChallengeVerification": {"event": "auto_replied"},
        "SpamNotification": {"event": "complained"},
        "SpamComplaint": {"event": "complained"},
        "BadEmailAddress": {"event": "rejected", "reject_reason": "invalid"},
        "Blocked": {"event": "rejected", "reject_reason": "blocked"},
        "ManuallyDeactivated": {"event": "rejected", "reject_reason": "blocked"},
        "DMARCPolicy": {"event": "rejected", "reject_reason": "blocked"},
        "Unsubscribe": {"event": "unsubscribed"},
        "Subscribe": {"event": "resubscribed"},
        "SMTPApiError": {"event": "failed"},
        "TemplateRenderingFailed": {"event": "failed"},
        "Unknown": {"event": "bounced", "bounce_class": "unknown"},
    }
    cases: list[Case] = [
        ({"RecordType": "Bounce", "ID": 900 + n, "Type": kind, "Email": WHO, "BouncedAt": iso(n), "Details": "smtp;550 5.1.1 x"}, expected)
        for n, (kind, expected) in enumerate(types.items())
    ]
    change = {"RecordType": "SubscriptionChange", "Recipient": WHO}
    cases += [
        ({"RecordType": "Delivery", "Recipient": WHO, "DeliveredAt": "2026-06-01T06:01:00.1234567-04:00"}, {"event": "delivered"}),
        ({"RecordType": "Open", "Recipient": WHO, "ReceivedAt": iso(61), "UserAgent": "Mail/1", "Geo": {"IP": "192.0.2.7"}}, {"event": "opened", "user_agent": "Mail/1", "ip": "192.0.2.7"}),
        ({"RecordType": "Click", "Recipient": WHO, "ReceivedAt": iso(62), "OriginalLink": "https://shop.example/a"}, {"event": "clicked", "url": "https://shop.example/a"}),
        ({"RecordType": "SpamComplaint", "ID": 800, "Type": "SpamComplaint", "Email": WHO, "BouncedAt": iso(63)}, {"event": "complained"}),
        ({**change, "SuppressSending": False, "Origin": "Recipient", "ChangedAt": iso(64)}, {"event": "resubscribed"}),
        ({**change, "SuppressSending": False, "Origin": "Admin", "ChangedAt": iso(65)}, {"event": "resubscribed", "reason": "by_sender"}),
        ({**change, "SuppressSending": True, "SuppressionReason": "ManualSuppression", "ChangedAt": iso(66)}, {"event": "unsubscribed"}),
        ({**change, "SuppressSending": True, "SuppressionReason": "HardBounce", "ChangedAt": iso(67)}, {"event": "unknown"}),
        ({**change, "SuppressSending": True, "SuppressionReason": "SpamComplaint", "ChangedAt": iso(68)}, {"event": "unknown"}),
    ]
    return [({"MessageID": "m-1", "Metadata": OURS, **payload}, {**OURS, **expected}) for payload, expected in cases]


def amazon_ses() -> list[Case]:
    """Amazon SES: the inner events of messages to one recipient."""
    opened = {"userAgent": "Mail/1", "ipAddress": "192.0.2.7"}
    kinds: list[tuple[str, Payload, dict[str, Any]]] = [
        ("Send", {"send": {}}, {"event": "sent"}),
        ("Delivery", {"delivery": {"recipients": [WHO], "smtpResponse": "250 2.6.0 ok"}}, {"event": "delivered", "smtp_code": "2.6.0"}),
        ("Bounce", {"bounce": {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": WHO, "status": "5.1.1", "diagnosticCode": "smtp; 550"}]}}, {"event": "bounced", "bounce_class": "hard", "smtp_code": "5.1.1", "reason": "smtp; 550"}),
        ("Bounce", {"bounce": {"bounceType": "Transient", "feedbackId": "2", "bouncedRecipients": [{"emailAddress": WHO}]}}, {"event": "bounced", "bounce_class": "soft"}),
        ("Bounce", {"bounce": {"bounceType": "Undetermined", "feedbackId": "3", "bouncedRecipients": [{"emailAddress": WHO}]}}, {"event": "bounced", "bounce_class": "unknown"}),
        ("Complaint", {"complaint": {"complainedRecipients": [{"emailAddress": WHO}], "complaintFeedbackType": "abuse"}}, {"event": "complained", "reason": "abuse"}),
        ("Complaint", {"complaint": {"complainedRecipients": [{"emailAddress": WHO}], "complaintFeedbackType": "not-spam", "feedbackId": "7"}}, {"event": "unknown"}),
        ("Reject", {"reject": {"reason": "Bad content"}}, {"event": "rejected", "reject_reason": "other", "reason": "Bad content"}),
        ("Open", {"open": opened}, {"event": "opened", "user_agent": "Mail/1", "ip": "192.0.2.7"}),
        ("Click", {"click": {**opened, "link": "https://shop.example/a"}}, {"event": "clicked", "url": "https://shop.example/a", "user_agent": "Mail/1"}),
        ("Rendering Failure", {"failure": {"errorMessage": "no name"}}, {"event": "failed", "reason": "no name"}),
        ("DeliveryDelay", {"deliveryDelay": {"delayType": "MailboxFull", "delayedRecipients": [{"emailAddress": WHO, "status": "4.2.2"}]}}, {"event": "deferred", "smtp_code": "4.2.2", "reason": "MailboxFull"}),
        ("Subscription", {"subscription": {"newTopicPreferences": {"unsubscribeAll": True}}}, {"event": "unsubscribed"}),
        ("Subscription", {"subscription": {"newTopicPreferences": {"unsubscribeAll": False, "topicSubscriptionStatus": [{"topicName": "news", "subscriptionStatus": "OptIn"}]}}}, {"event": "resubscribed", "reason": "by_recipient"}),
        ("Received", {"receipt": {}}, {"event": "inbound", "recipient": None}),
        ("Novelty", {}, {"event": "unknown"}),
    ]
    cases: list[Case] = []
    for n, (kind, payload, expected) in enumerate(kinds):
        inner = {
            name: {"timestamp": iso(n), **part} if name not in ("send", "reject", "failure") else part
            for name, part in payload.items()
        }
        tags = {name: [value] for name, value in OURS.items()}
        mail = {"messageId": "m-1", "timestamp": iso(n), "destination": [WHO], "tags": tags}
        # Identity notifications use the other word.
        word = "notificationType" if n % 2 else "eventType"
        cases.append(({word: kind, "mail": mail, **inner}, {**OURS, "message_id": "ses:m-1", **expected}))
    return cases


def landing_table(source: str) -> str:
    """The raw table that a vendor's posts land in."""
    return "message_status" if source in ("twilio", "vonage") else "events"


def as_posted(source: str, events: list[Payload]) -> list[Any]:
    """The bodies that a vendor would post for these events."""
    match source:
        case "mailgun":
            return [event if "token" in event else {"signature": {"token": "t"}, "event-data": event} for event in events]
        case "sparkpost":
            wrapped = [{"msys": {"message_event" if n % 2 else "track_event": event}} for n, event in enumerate(events)]
            return [wrapped, [{"msys": {}}]]
        case "mandrill":
            sync = {"type": "blacklist", "action": "add", "reject": {"email": "x@y.example"}, "ts": AT}
            return [{"mandrill_events": json.dumps([*events, sync])}]
        case "amazon_ses":
            envelopes = [
                {"Type": "Notification", "MessageId": f"sns-{n}", "TopicArn": "arn:x", "Timestamp": iso(n), "Message": json.dumps(event)}
                for n, event in enumerate(events)
            ]
            welcome = {"Type": "SubscriptionConfirmation", "MessageId": "sns-0", "Token": "t", "Message": "You have chosen to subscribe"}
            tried = {
                "Type": "Notification", "MessageId": "sns-tried", "TopicArn": "arn:x", "Timestamp": iso(0),
                "Message": "Successfully validated SNS topic for Amazon SES event publishing.",
            }  # fmt: skip
            return [*envelopes, welcome, tried]
        case "sendgrid" | "brevo" | "mailjet":
            return [events]
        case _:
            return list(events)


def vonage() -> list[Case]:
    """Vonage: receipts of messages of ours, and messages to us; the number without its +."""
    number = {"recipient": "+15551230009", "recipient_node": "phone:+15551230009", "channel": "sms"}
    ours = {"message_key": "spring:k-1", "campaign": "spring"}
    receipts: list[Case] = [
        ({"status": "accepted", "err-code": "0"}, {"event": "sent", "reason": None}),
        ({"status": "buffered", "err-code": "0"}, {"event": "deferred"}),
        ({"status": "delivered", "err-code": "0"}, {"event": "delivered", "reason": None}),
        ({"status": "expired", "err-code": "2"}, {"event": "failed", "bounce_class": None, "reason": "2"}),
        ({"status": "failed", "err-code": "3"}, {"event": "bounced", "bounce_class": "hard"}),
        ({"status": "rejected", "err-code": "4"}, {"event": "bounced", "bounce_class": "hard", "reject_reason": None}),
        ({"status": "failed", "err-code": "9"}, {"event": "rejected", "reject_reason": "suppressed_unsubscribe"}),
        ({"status": "rejected", "err-code": "6"}, {"event": "rejected", "reject_reason": "blocked"}),
        ({"status": "rejected", "err-code": "11"}, {"event": "rejected", "reject_reason": "other"}),
        ({"status": "unknown", "err-code": "1"}, {"event": "unknown"}),
    ]
    replies: list[Case] = [
        ({"text": " stop "}, {"event": "unsubscribed"}),
        ({"text": "please stop by"}, {"event": "inbound", "reason": None}),
        ({"text": "Start"}, {"event": "resubscribed", "reason": "by_recipient"}),
        ({"text": "help"}, {"event": "inbound", "reason": "help"}),
    ]
    told = {"msisdn": "15551230009", "to": "Shop", "client-ref": "spring:k-1", "price": "0.0333", "scts": "2606011000"}
    heard = {"msisdn": "15551230009", "to": "15550000000", "type": "text", "keyword": "X"}

    def at(number: int) -> str:
        return iso(number)[:19].replace("T", " ")

    cases = [
        ({"messageId": f"V{n}", "message-timestamp": at(n), **told, **payload}, {**number, **ours, "message_id": f"vonage:V{n}", **expected})
        for n, (payload, expected) in enumerate(receipts)
    ]
    return cases + [
        ({"messageId": f"I{n}", "message-timestamp": at(n), **heard, **payload}, {**number, "message_key": None, "message_id": f"vonage:I{n}", **expected})
        for n, (payload, expected) in enumerate(replies, 20)
    ]


CASES = {
    "vonage": vonage(),
    "mailgun": mailgun(),
    "brevo": brevo(),
    "mailjet": mailjet(),
    "sparkpost": sparkpost(),
    "mandrill": mandrill(),
    "resend": resend(),
    "sendgrid": sendgrid(),
    "postmark": postmark(),
    "amazon_ses": amazon_ses(),
}
# Rows that hold no event of a message: a ping, a change of the vendor's lists, a confirmation.
WITHOUT_EVENT = {"sparkpost": 1, "mandrill": 1, "amazon_ses": 2}
BROKEN: dict[str, list[Payload]] = {
    "vonage": [{"messageId": "V1", "status": "delivered"}, {"msisdn": "4930111", "status": "delivered"}],
    "mailgun": [{"event-data": {"event": "opened", "timestamp": "yesterday"}}, {"signature": {}}],
    "brevo": [{"event": "opened", "ts_epoch": "noon"}, {"email": WHO}],
    "mailjet": [{"event": "open", "time": "noon"}, {"time": AT}],
    "sparkpost": [{"hello": 1}],
    "mandrill": [{"mandrill_events": '[{"event": "open", "ts": "noon"}]'}, {"mandrill_events": "x"}],
    "resend": [{"type": "email.sent", "created_at": "noon", "data": {}}, {"type": "email.sent"}],
    "sendgrid": [{"event": "open", "email": WHO}, {"event": "open", "sg_event_id": "z", "timestamp": "x"}],
    "postmark": [{"RecordType": "Open"}, {"MessageID": "m"}],
    "amazon_ses": [{"eventType": "Open"}, {"Message": "no event"}],
}
