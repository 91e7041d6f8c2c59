"""Vonage text messages, sent at once: the vendor schedules none, so a row waits with us until its time has come.

SMS API. Sending: https://developer.vonage.com/en/api/sms (30 requests a second)
Statuses: https://developer.vonage.com/messaging/sms/guides/troubleshooting-sms (both read 2026-11).
HTTP 200 always: each part of a message has a status of its own. Sending is not idempotent and cannot be looked up;
`client-ref` carries our key, so that delivery receipts find the row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import (
    Call,
    Learned,
    Limits,
    Outcome,
    Rate,
    Request,
    Row,
)
from activations.errors import InDoubtError, RefusedError, StopError, ThrottledError
from activations.messages import Messages
from activations.moments import Window
from activations.outbox.segments import measure
from activations.token_account import NamedAccount
from activations.values import TEXT, json_of

WINDOW = Window(soonest=None)
LONGEST_REFERENCE = 100
THROTTLED = frozenset({"1", "10"})  # too fast, too many connections
TROUBLE = frozenset({"5"})
# Credentials, suspended, no credit, not for HTTP, signature, callback, signed and with a secret.
ACCOUNT = frozenset({"4", "8", "9", "11", "14", "23", "32"})
LEARNED: Mapping[str, Learned] = {"7": "opt_out", "33": "hard_bounce"}  # barred, out of use


class Vonage(Messages, NamedAccount):
    """Messages with `to` (E.164), `text` and `send_at`."""

    name = "vonage"
    channel = "sms"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("sms", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "text")}
    needs = ("MILLRACE_VONAGE_KEY", "MILLRACE_VONAGE_TOKEN", "MILLRACE_VONAGE_SENDER")
    user_in, key_in, sender_in = needs
    url_in, vendor_url = "MILLRACE_VONAGE_URL", "https://rest.nexmo.com"
    scale_in = "MILLRACE_VONAGE_RATE_SCALE"
    limits = Limits("message", max_rows=1, max_bytes=20_000)
    rates = (Rate(30, 1.0),)
    message_columns: ClassVar[Mapping[str, str]] = TEXT
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._sender = environ[self.sender_in]

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/account/get-balance"))

    @override
    def encode(self, row: Row) -> list[tuple[str, str]]:
        text = str(row.payload["text"])
        return [
            ("from", self._sender),
            ("to", str(row.payload["to"]).lstrip("+")),
            ("text", text),
            ("type", "unicode" if measure(text).misfits else "text"),
            ("client-ref", str(row.payload[self.target.key])[:LONGEST_REFERENCE]),
        ]

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("to", "text")

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        try:
            answer = answers.body(call(Request("POST", "/sms/json", form=self.encoded(row))))
        except RefusedError as error:
            learned = LEARNED.get(error.code)
            return Outcome(
                row.seq,
                "rejected",
                code=error.code,
                message=error.message,
                permanent=learned is not None,
                learned=learned,
            )
        parts = answer["messages"]
        return Outcome(row.seq, "acked", vendor_id=str(parts[0]["message-id"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """The worst status of the parts; once a part is accepted, the message has been sent."""
        parts = json_of(response).get("messages") if response.status_code == 200 else None
        codes = [str(part.get("status")) for part in parts or []]
        if codes and "0" not in codes:
            code, words = codes[0], str((parts or [{}])[0].get("error-text"))
            if code in THROTTLED:
                raise ThrottledError(1.0)
            if code in TROUBLE:
                raise InDoubtError(f"Vonage {code}: {words}")
            if code in ACCOUNT:
                raise StopError(f"Vonage {code}: {words}")
            raise RefusedError(code, words)
        answers.classify(response)
