"""SendGrid mail: one message a row, handed over to be sent at each recipient's own time.

API v3. Sending: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send (20 MB with attachments)
Scheduling (72 h ahead): https://www.twilio.com/docs/sendgrid/for-developers/sending-email/scheduling-parameters
Batches, to cancel a run's scheduled messages: https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends
Looking messages up (an add-on): https://www.twilio.com/docs/sendgrid/for-developers/sending-email/getting-started-email-activity-api
(all stated 2026-11). Sending is not idempotent; our key travels in `custom_args` and comes back in every event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Request, Row
from activations.destinations._sendgrid import SendGridAccount
from activations.errors import InDoubtError
from activations.moments import Window
from activations.values import MAIL, sender, unfilled

KEY = "millrace_key"
WINDOW = Window(
    soonest=timedelta(seconds=60), latest=timedelta(hours=71)
)  # 72 h, and an hour to spare


class SendGridMail(SendGridAccount):
    """Messages with `to`, `subject`, `html` or `text`, `send_at` and an `unsubscribe_url`."""

    name = "sendgrid_mail"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("email", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "subject")}
    needs = ("MILLRACE_SENDGRID_TOKEN", "MILLRACE_SENDGRID_FROM")
    limits = Limits("message", max_rows=1, max_bytes=20_000_000)
    # The vendor publishes no figure; its 429 says how long to wait.
    replay_safe = False
    message_columns: ClassVar[Mapping[str, str]] = MAIL
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._from = environ["MILLRACE_SENDGRID_FROM"]
        self._batch: str | None = None

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/user/scheduled_sends"))

    @override
    def prepare(self, call: Call) -> None:
        if "send_at" in self.target.columns:
            answer = answers.body(call(Request("POST", "/v3/mail/batch", replayable=True)))
            self._batch = str(answer["batch_id"])

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        person: dict[str, Any] = {"to": [{"email": str(payload["to"])}]}
        person["custom_args"] = {KEY: str(payload[self.target.key])}
        name, address = sender(payload, self._from)
        origin = {"email": address, "name": name} if name else {"email": address}
        mail: dict[str, Any] = {"from": origin, "subject": str(payload["subject"])}
        if reply_to := payload.get("reply_to"):
            mail["reply_to"] = {"email": str(reply_to)}
        kinds = (("text/plain", payload.get("text")), ("text/html", payload.get("html")))
        mail["content"] = [{"type": kind, "value": str(v)} for kind, v in kinds if v]
        if moment := WINDOW.moment(payload.get("send_at"), self.now()):
            person["send_at"] = int(moment.timestamp())
            mail |= {"batch_id": self._batch} if self._batch else {}
        if url := payload.get("unsubscribe_url"):
            post = "List-Unsubscribe=One-Click"
            mail["headers"] = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": post}
        return {"personalizations": [person], **mail}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            content = "html" if row.payload.get("html") else "text"
            yield (
                unfilled(row, "to", "subject", content)
                or WINDOW.refusal(row.seq, row.payload.get("send_at"), self.now())
                or self._send(call, row)
            )

    def _send(self, call: Call, row: Row) -> Outcome:
        response = call(Request("POST", "/v3/mail/send", json=self.encoded(row)))
        if response.status_code != 202 or response.content:
            raise InDoubtError(f"HTTP {response.status_code} instead of an empty 202")
        return Outcome(row.seq, "acked", vendor_id=response.headers.get("X-Message-Id"))

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Only a yes counts: a scheduled message shows up when it goes out, so its absence says nothing."""
        query = f"(unique_args['{KEY}']=\"{row.payload[self.target.key]}\")"
        params = {"query": query, "limit": "1"}
        for message in answers.body(call(Request("GET", "/v3/messages", params=params)))[
            "messages"
        ]:
            return Outcome(row.seq, "acked", vendor_id=str(message["msg_id"]))
        raise InDoubtError("SendGrid shows no such message yet")
