"""Braze messages to one user each, and events that start the user's campaigns there.

REST API. Campaigns: https://www.braze.com/docs/api/endpoints/messaging/send_messages/post_send_triggered_campaigns/
Transactional e-mail: https://www.braze.com/docs/api/endpoints/messaging/send_messages/post_send_transactional_message
Messages without a campaign: https://www.braze.com/docs/api/endpoints/messaging/send_messages/post_send_messages/
Events: https://www.braze.com/docs/api/endpoints/user_data/post_user_track
Limits (250,000 sends an hour; events 3,000 requests in 3 seconds): https://www.braze.com/docs/api/api_limits
(read 2026-11 but for messages without a campaign and events, stated 2026-11). None can be looked up and only the
transactional ones know a key of ours again, so a send without an answer stays in doubt.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._braze import BrazeAccount
from activations.errors import InDoubtError, RefusedError
from activations.messages import Messages
from activations.moments import Window

WINDOW = Window(
    soonest=None
)  # scheduling takes one time for many; a row waits with us until its time has come
NEEDED = {
    "campaign": ("external_id", "campaign_id"),
    "transactional": ("external_id", "campaign_id"),
    "message": ("external_id", "messages"),
    "event": ("external_id", "name", "time"),
}
SEND_ID = re.compile(r"[a-zA-Z0-9_+/=-]+")
OWN = {"external_id", "campaign_id", "messages", "name", "time", "send_at", "app_id"}


class BrazeMessages(Messages, BrazeAccount):
    """Sends by `external_id`; columns that are not the vendor's own are trigger properties, of events properties."""

    name = "braze_messages"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        thing: frozenset({"append"}) for thing in NEEDED
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = NEEDED
    limits = Limits("send", max_rows=1, max_bytes=100_000)
    rates = (Rate(250_000, 3_600.0, "send"), Rate(3_000, 3.0))
    window = WINDOW

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload, thing = row.payload, self.target.object
        user = str(payload["external_id"])
        own = OWN | {self.target.key}
        others = {n: v for n, v in payload.items() if n not in own and v is not None}
        if thing == "event":
            named = {n: str(payload[n]) for n in ("name", "time", "app_id") if payload.get(n)}
            return {"events": [{"external_id": user, **named, "properties": others}]}
        if thing == "message":
            return {"external_user_ids": [user], "messages": _object(payload.get("messages"))}
        if thing == "transactional":
            key = _send_id(str(payload[self.target.key]))
            recipient = {"external_user_id": user}
            return {"external_send_id": key, "trigger_properties": others, "recipient": recipient}
        recipients = [{"external_user_id": user, "trigger_properties": others}]
        return {"campaign_id": str(payload["campaign_id"]), "recipients": recipients}

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return NEEDED[self.target.object]

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        is_event = self.target.object == "event"
        body = self.encoded(row)
        if self.target.object == "message" and not body["messages"]:
            words = "messages is no JSON object with something in it"
            return Outcome(row.seq, "rejected", code="bad_messages", message=words, permanent=True)
        request = Request("POST", self._path(row), json=body, rate="" if is_event else "send")
        answer = answers.body(call(request))
        if answer.get("errors"):
            raise RefusedError("refused", str(answer["errors"]))
        if answer.get("message") != "success" and "dispatch_id" not in answer:
            raise InDoubtError(f"{self.name}: the answer is not 'success'")
        number = answer.get("dispatch_id")
        return Outcome(row.seq, "acked", vendor_id=str(number) if number else None)

    def _path(self, row: Row) -> str:
        thing = self.target.object
        if thing == "transactional":
            campaign = quote(str(row.payload["campaign_id"]), safe="")
            return f"/transactional/v1/campaigns/{campaign}/send"
        paths = {"campaign": "/campaigns/trigger/send", "event": "/users/track"}
        return paths.get(thing, "/messages/send")


def _send_id(key: str) -> str:
    """The key as the vendor takes one: letters, digits and a few signs; another key as Base64 of its own."""
    return key if SEND_ID.fullmatch(key) else base64.urlsafe_b64encode(key.encode()).decode()


def _object(text: object) -> dict[str, Any]:
    """A JSON object, {} where the text is none."""
    try:
        value = json.loads(str(text))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
