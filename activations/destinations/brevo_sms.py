"""Brevo text messages, sent at once: the vendor schedules none, so a row waits with us until its time has come.

API v3. Sending: https://developers.brevo.com/reference/sendtransacsms
Events by tag: https://developers.brevo.com/reference/getsmsevents
Rates (150 messages a second, 100 looks at events an hour): https://developers.brevo.com/docs/api-limits
(all read 2026-11). Sending is not idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._brevo import BrevoAccount
from activations.errors import InDoubtError, StopError
from activations.messages import Messages
from activations.moments import Window
from activations.values import TEXT, json_of

WINDOW = Window(soonest=None)


class BrevoSms(Messages, BrevoAccount):
    """Messages with `to` (E.164), `text`, `send_at` and `type` (marketing unless said otherwise)."""

    name = "brevo_sms"
    channel = "sms"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("sms", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "text")}
    needs = ("MILLRACE_BREVO_TOKEN", "MILLRACE_BREVO_SMS_SENDER")
    limits = Limits("message", max_rows=1, max_bytes=20_000)
    rates = (Rate(150, 1.0, "send"), Rate(100, 3_600.0, "look"))
    message_columns: ClassVar[Mapping[str, str]] = TEXT
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._sender = environ["MILLRACE_BREVO_SMS_SENDER"]

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        return {
            "sender": self._sender,
            "recipient": str(payload["to"]).lstrip("+"),
            "content": str(payload["text"]),
            "type": str(payload.get("type") or "marketing"),
            "tag": str(payload[self.target.key]),
        }

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("to", "text")

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        request = Request("POST", "/v3/transactionalSMS/sms", json=self.encoded(row), rate="send")
        answer = answers.body(call(request))
        return Outcome(row.seq, "acked", vendor_id=str(answer["messageId"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """Credit that has run out is said with 400 or 402, and concerns every message."""
        if response.status_code == 400 and json_of(response).get("code") == "not_enough_credits":
            raise StopError("HTTP 400: the account is out of credit")
        answers.classify(response)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Only a yes counts: events come late."""
        params = {"tags": str(row.payload[self.target.key]), "limit": "1"}
        look = Request("GET", "/v3/transactionalSMS/statistics/events", params=params, rate="look")
        for event in answers.body(call(look)).get("events") or []:
            return Outcome(row.seq, "acked", vendor_id=str(event["messageId"]))
        raise InDoubtError("Brevo shows no such message yet")
