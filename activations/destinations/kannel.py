"""Text messages through a gateway of your own: Kannel's `sendsms` by POST, so that no text stands in an address.

Kannel user guide 1.4.5, chapter 6: https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html#AEN4623
(stated 2026-11; tried against Kannel 1.4.5). It answers 202 with `0: Accepted for delivery` or `3: Queued for later
delivery`. Its field `deferred` depends on the carrier, so rows wait with us instead. A gateway cannot be asked what it
has; the report URL ties a delivery report to its row. Set `max-messages` for its user: it cuts texts
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import InDoubtError, StopError, ThrottledError
from activations.messages import Messages
from activations.moments import Window
from activations.values import TEXT, unfilled

WINDOW = Window(soonest=None)
ACCEPTED = ("0: ", "3: ")
DLR_MASK = "31"  # delivered, failed, buffered, accepted, rejected
TRY_AGAIN = "try again"  # "Temporal failure, try again": it has not taken the message
NO_RECEIVER = "missing receiver"  # what it says, once it knows us, to a message for nobody
NUMBER = re.compile(r"\+?[0-9]{3,15}")
SEND = "/cgi-bin/sendsms"
PLAIN = {"Content-Type": "text/plain; charset=UTF-8"}


class Kannel(Messages):
    """Messages with `to` (E.164), `text` and `send_at`. The gateway's own throttling is the only limit."""

    name = "kannel"
    channel = "sms"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("sms", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "text")}
    needs = ("MILLRACE_KANNEL_URL", "MILLRACE_KANNEL_USER", "MILLRACE_KANNEL_PASSWORD")
    limits = Limits("message", max_rows=1, max_bytes=20_000)
    rates = (Rate(100, 1.0),)
    message_columns: ClassVar[Mapping[str, str]] = TEXT
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url, self._user, self._password = (environ[name] for name in self.needs)
        self.rate_scale = scale(environ, "MILLRACE_KANNEL_RATE_SCALE")
        self._sender = environ.get("MILLRACE_KANNEL_SENDER") or ""
        self._report = environ.get("MILLRACE_KANNEL_REPORT_URL") or ""

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._password,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["X-Kannel-Username"] = self._user
        session.headers["X-Kannel-Password"] = self._password

    @override
    def check(self, call: Call) -> None:
        call(Request("POST", SEND, content=b"", headers=PLAIN))

    @override
    def encode(self, row: Row) -> dict[str, str]:
        """The text, and the headers that say the rest."""
        text = str(row.payload["text"])
        fields = {"text": text, "X-Kannel-To": str(row.payload["to"])}
        fields |= {} if text.isascii() else {"X-Kannel-Coding": "2"}
        fields |= {"X-Kannel-From": self._sender} if self._sender else {}
        if self._report:
            query = urlencode({"message_key": str(row.payload[self.target.key])})
            join = "&" if "?" in self._report else "?"
            fields["X-Kannel-DLR-Mask"] = DLR_MASK
            known = f"{self._report}{join}{query}".replace("%", "%%")  # %d and the like are its own
            fields["X-Kannel-DLR-Url"] = f"{known}&status=%d"
        return fields

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("to", "text")

    @override
    def refusal(self, row: Row) -> Outcome | None:
        return unfilled(row, *self.needed(row)) or _no_number(row) or super().refusal(row)

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        fields = self.encoded(row)
        body = fields.pop("text").encode()
        response = call(Request("POST", SEND, content=body, headers={**PLAIN, **fields}))
        if response.status_code != 202 or not response.text.startswith(ACCEPTED):
            raise InDoubtError(f"HTTP {response.status_code} without Kannel's 0: or 3:")
        return Outcome(row.seq, "acked", code=response.text.partition(":")[0])

    @override
    def classify(self, response: requests.Response) -> None:
        """It says only in words what it means; `check` sends to nobody, and asks no more than to be known."""
        if response.status_code == 400 and answers.says(response, NO_RECEIVER):
            return
        if response.status_code == 503 and answers.says(response, TRY_AGAIN):
            raise ThrottledError(answers.wait_seconds(response))
        if response.status_code == 403:
            raise StopError("HTTP 403: the gateway does not know this user, or not from here")
        answers.classify(response)


def _no_number(row: Row) -> Outcome | None:
    """The refusal of what is no number; in a header it could say anything."""
    if NUMBER.fullmatch(str(row.payload["to"])):
        return None
    return Outcome(row.seq, "rejected", code="not_a_number", message="to is no E.164 number")
