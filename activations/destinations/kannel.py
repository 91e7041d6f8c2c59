"""Text messages through an HTTP gateway of your own: Kannel's `sendsms`, which others imitate.

Kannel user guide 1.4.5, chapter 6: https://www.kannel.org/download/1.4.5/userguide-1.4.5/userguide.html#AEN4623
(stated 2026-11). It answers 202 with `0: Accepted for delivery` or `3: Queued for later delivery`. Its field `deferred`
depends on the carrier, so rows wait with us instead. A gateway cannot be asked what it has; `dlr-url` ties a delivery
report to its row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar
from urllib.parse import urlencode

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import InDoubtError, StopError, ThrottledError
from activations.moments import Window
from activations.values import TEXT, unfilled

WINDOW = Window(soonest=None)
ACCEPTED = ("0: ", "3: ")
DLR_MASK = "31"  # delivered, failed, buffered, accepted, rejected
TRY_AGAIN = "try again"  # "Temporal failure, try again": it has not taken the message


class Kannel(Connector):
    """Messages with `to` (E.164), `text` and `send_at`. The gateway's own throttling is the only limit."""

    name = "kannel"
    channel = "sms"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("sms", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "text")}
    needs = ("MILLRACE_KANNEL_URL", "MILLRACE_KANNEL_USER", "MILLRACE_KANNEL_PASSWORD")
    limits = Limits("message", max_rows=1, max_bytes=20_000)
    rates = (Rate(100, 1.0),)
    replay_safe = False
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
        return  # the gateway takes credentials as fields

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/cgi-bin/sendsms", params=dict(self._credentials)))

    @property
    def _credentials(self) -> list[tuple[str, str]]:
        return [("username", self._user), ("password", self._password)]

    @override
    def encode(self, row: Row) -> list[tuple[str, str]]:
        text = str(row.payload["text"])
        fields = [("to", str(row.payload["to"])), ("text", text), ("charset", "UTF-8")]
        fields += [] if text.isascii() else [("coding", "2")]
        fields += [("from", self._sender)] if self._sender else []
        if self._report:
            query = urlencode({"message_key": str(row.payload[self.target.key])})
            join = "&" if "?" in self._report else "?"
            fields += [
                ("dlr-mask", DLR_MASK),
                ("dlr-url", f"{self._report}{join}{query}&status=%d"),
            ]
        return fields

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield (
                unfilled(row, "to", "text")
                or WINDOW.refusal(row.seq, row.payload.get("send_at"), self.now())
                or self._send(call, row)
            )

    def _send(self, call: Call, row: Row) -> Outcome:
        form = [*self._credentials, *self.encode(row)]
        response = call(Request("POST", "/cgi-bin/sendsms", form=form))
        if response.status_code != 202 or not response.text.startswith(ACCEPTED):
            raise InDoubtError(f"HTTP {response.status_code} without Kannel's 0: or 3:")
        return Outcome(row.seq, "acked", code=response.text.partition(":")[0])

    @override
    def classify(self, response: requests.Response) -> None:
        """Without text the gateway answers 400 once it knows us, which is all that `check` asks."""
        is_check = response.request is not None and response.request.method == "GET"
        if is_check and response.status_code == 400:
            return
        if response.status_code == 503 and TRY_AGAIN in response.text.lower():
            raise ThrottledError(answers.wait_seconds(response))
        if response.status_code == 403:
            raise StopError("HTTP 403: the gateway does not know this user, or not from here")
        answers.classify(response)
