"""Why Twilio refuses a message: numbers, sender, text, scheduling window, opt-out, in its codes."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from examples.shop.endpoints.exchange import Answer, Context

SOONEST_SECONDS = 300
LATEST_SECONDS = 35 * 86_400
LONGEST_BODY = 1_600
E164 = re.compile(r"\+[1-9]\d{1,14}")
SERVICE = re.compile(r"MG[0-9a-f]{32}")


def problem(status: int, code: int, message: str) -> Answer:
    """An error as Twilio writes it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    return Answer(status, {"code": code, "message": message, "more_info": more, "status": status})


def schedule_flaw(form: dict[str, str], now: datetime) -> Answer | None:
    """Scheduling wants ScheduleType, SendAt within the window, and a Messaging Service."""
    kind, send_at = form.get("ScheduleType"), form.get("SendAt")
    if kind is None and send_at is None:
        return None
    if kind != "fixed":
        return problem(400, 35126, "The ScheduleType value provided is not supported")
    if not send_at:
        return problem(400, 35111, "SendAt timestamp is missing")
    if "MessagingServiceSid" not in form:
        return problem(400, 35118, "MessagingServiceSid is required to schedule a message")
    try:
        moment = datetime.fromisoformat(send_at)
    except ValueError:
        return problem(400, 35115, "SendAt must look like 2026-06-30T12:00:00Z")
    seconds = (moment - now).total_seconds() if moment.tzinfo else -1.0
    if not SOONEST_SECONDS <= seconds <= LATEST_SECONDS:
        return problem(400, 35114, "SendAt time must be between 300 seconds and 35 days from now")
    return None


def flaw_of(context: Context, form: dict[str, str]) -> Answer | None:
    """The first reason to refuse a message."""
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        return problem(400, 21604, "A 'To' phone number is required.")
    if not E164.fullmatch(to) or context.is_planted_bad(form):
        return problem(400, 21211, f"Invalid 'To' Phone Number: {to[:4]}XXXX")
    if "From" not in form and "MessagingServiceSid" not in form:
        return problem(400, 21603, "A 'From' phone number is required.")
    if not SERVICE.fullmatch(form.get("MessagingServiceSid", "MG" + "0" * 32)):
        return problem(400, 21705, "The Messaging Service Sid is invalid")
    if not body and "MediaUrl" not in form and "ContentSid" not in form:
        return problem(400, 21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        return problem(400, 21617, "The concatenated message body exceeds 1600 characters")
    callback = form.get("StatusCallback")
    if callback is not None and urlsplit(callback).scheme not in ("http", "https"):
        return problem(400, 21609, "The StatusCallback URL is not a valid URL")
    if flaw := schedule_flaw(form, context.now):
        return flaw
    if context.objects.find("opt_out", to):
        return problem(400, 21610, "Attempt to send to unsubscribed recipient")
    return None
