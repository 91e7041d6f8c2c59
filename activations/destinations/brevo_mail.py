"""Brevo transactional mail: one message a row, handed over to be sent at each recipient's own time.

API v3. Sending and scheduling (72 h): https://developers.brevo.com/reference/sendtransacemail
Calling a scheduled message back: https://developers.brevo.com/reference/deletescheduledemailbyid
Events by tag: https://developers.brevo.com/reference/getemaileventreport-1
Rates (1,000 messages a second, 300 looks at events an hour): https://developers.brevo.com/docs/api-limits
(all read 2026-11). Sending is not idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._brevo import BrevoAccount
from activations.errors import InDoubtError, StopError
from activations.messages import Mails
from activations.moments import Window
from activations.values import MAIL, json_of, sender

WINDOW = Window(
    soonest=timedelta(minutes=5), latest=timedelta(hours=71)
)  # 72 h, and an hour to spare


class BrevoMail(Mails, BrevoAccount):
    """Messages with `to`, `subject`, `html` or `text`, `send_at` and an `unsubscribe_url`."""

    name = "brevo_mail"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("email", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "subject")}
    needs = ("MILLRACE_BREVO_TOKEN", "MILLRACE_BREVO_FROM")
    limits = Limits("message", max_rows=1, max_bytes=10_000_000)  # the vendor states no size
    rates = (Rate(1000, 1.0, "send"), Rate(300, 3_600.0, "look"))
    message_columns: ClassVar[Mapping[str, str]] = MAIL
    window = WINDOW
    can_cancel = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._from = environ["MILLRACE_BREVO_FROM"]

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        key = str(payload[self.target.key])
        headers = {"X-Mailin-custom": key}
        if url := payload.get("unsubscribe_url"):
            headers["List-Unsubscribe"] = f"<{url}>"
            headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        name, address = sender(payload, self._from)
        parts = {"htmlContent": payload.get("html"), "textContent": payload.get("text")}
        mail: dict[str, Any] = {
            "sender": {"email": address, "name": name} if name else {"email": address},
            "to": [{"email": str(payload["to"])}],
            "subject": str(payload["subject"]),
            "headers": headers,
            "tags": [key],
            **{name: str(value) for name, value in parts.items() if value},
        }
        if reply_to := payload.get("reply_to"):
            mail["replyTo"] = {"email": str(reply_to)}
        if moment := WINDOW.moment(payload.get("send_at"), self.now()):
            mail["scheduledAt"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        return mail

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        answer = answers.body(
            call(Request("POST", "/v3/smtp/email", json=self.encoded(row), rate="send"))
        )
        return Outcome(row.seq, "acked", vendor_id=str(answer["messageId"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """Credit that has run out is said with 400, and concerns every message."""
        if response.status_code == 400 and json_of(response).get("code") == "not_enough_credits":
            raise StopError("HTTP 400: the account is out of credit")
        answers.classify(response)

    @override
    def cancel(self, call: Call, row: Row) -> Outcome:
        """Brevo deletes a scheduled message by its id, until it is sent."""
        path = f"/v3/smtp/email/{quote(str(row.vendor_id), safe='')}"
        call(Request("DELETE", path, replayable=True))
        return Outcome(row.seq, "acked", vendor_id=row.vendor_id)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Only a yes counts: events come late, and a scheduled message has none until it goes out."""
        params = {"tags": str(row.payload[self.target.key]), "limit": "1"}
        look = Request("GET", "/v3/smtp/statistics/events", params=params, rate="look")
        for event in answers.body(call(look)).get("events") or []:
            return Outcome(row.seq, "acked", vendor_id=str(event["messageId"]))
        raise InDoubtError("Brevo shows no such message yet")
