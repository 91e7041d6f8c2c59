"""SendGrid mail: one message a row, handed over to be sent at each recipient's own time.

API v3. Sending: https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send (20 MB with attachments)
Scheduling (72 h ahead): https://www.twilio.com/docs/sendgrid/for-developers/sending-email/scheduling-parameters
A batch of its own, by which a message is called back: https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends
(until 10 minutes before its time; 10 batches at most may be cancelled and not yet past)
Looking messages up (an add-on): https://www.twilio.com/docs/sendgrid/for-developers/sending-email/getting-started-email-activity-api
(all stated 2026-11). Sending is not idempotent; our key travels in `custom_args` and comes back in every event.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Request, Row
from activations.destinations._sendgrid import SendGridAccount
from activations.errors import InDoubtError, RefusedError, StopError
from activations.messages import Mails
from activations.moments import Window
from activations.values import MAIL, sender

KEY = "millrace_key"
WINDOW = Window(
    soonest=timedelta(seconds=60), latest=timedelta(hours=71)
)  # 72 h, and an hour to spare
CANCELLED_UNTIL = timedelta(minutes=10)  # before its time; later SendGrid promises nothing
APART = "|"  # between SendGrid's id of the message and that of its batch, in `vendor_id`


class SendGridMail(Mails, SendGridAccount):
    """Messages with `to`, `subject`, `html` or `text`, `send_at` and an `unsubscribe_url`."""

    name = "sendgrid_mail"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("email", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "subject")}
    needs = ("MILLRACE_SENDGRID_TOKEN", "MILLRACE_SENDGRID_FROM")
    limits = Limits("message", max_rows=1, max_bytes=20_000_000)
    # The vendor publishes no figure; its 429 says how long to wait.
    message_columns: ClassVar[Mapping[str, str]] = MAIL
    window = WINDOW
    can_cancel = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._from = environ["MILLRACE_SENDGRID_FROM"]
        self._may_batch = True

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/user/scheduled_sends"))

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
        if url := payload.get("unsubscribe_url"):
            post = "List-Unsubscribe=One-Click"
            mail["headers"] = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": post}
        return {"personalizations": [person], **mail}

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        mail = self.encoded(row)
        batch = self._batch(call, mail["personalizations"][0].get("send_at"))
        response = call(
            Request(
                "POST", "/v3/mail/send", json={**mail, **({"batch_id": batch} if batch else {})}
            )
        )
        if response.status_code != 202 or response.content:
            raise InDoubtError(f"HTTP {response.status_code} instead of an empty 202")
        found = response.headers.get("X-Message-Id")
        return Outcome(
            row.seq, "acked", vendor_id=f"{found or ''}{APART}{batch}" if batch else found
        )

    def _batch(self, call: Call, send_at: int | None) -> str | None:
        """A batch for one message that can still be called back; none where the key may not make them."""
        if send_at is None or not self._may_batch or self._is_near(send_at):
            return None
        try:
            answer = answers.body(call(Request("POST", "/v3/mail/batch", replayable=True)))
        except (RefusedError, StopError):  # were the key wrong altogether, sending would say so
            self._may_batch = False
            return None
        except InDoubtError:  # nothing was sent yet: without a batch rather than in doubt
            return None
        return str(answer["batch_id"])

    def _is_near(self, send_at: float) -> bool:
        return send_at - self.now().timestamp() <= CANCELLED_UNTIL.total_seconds()

    @override
    def cancel(self, call: Call, row: Row) -> Outcome:
        """Cancel the message's batch. Whoever asks late asks all the same, and is not told that it worked."""
        _, _, batch = str(row.vendor_id).partition(APART)
        if not batch:
            message = "handed over too near its time, or by a key that may not make batches"
            return Outcome(row.seq, "rejected", message=message)
        body = {"batch_id": batch, "status": "cancel"}
        try:
            call(Request("POST", "/v3/user/scheduled_sends", json=body, replayable=True))
        except RefusedError as error:
            if not self._is_cancelled(call, batch):
                return Outcome(row.seq, "rejected", code=error.code, message=error.message)
        moment = WINDOW.moment(row.payload.get("send_at"), self.now())
        if moment is None or self._is_near(moment.timestamp()):
            message = "asked less than 10 minutes before its time, when SendGrid promises nothing"
            return Outcome(row.seq, "rejected", message=message)
        return Outcome(row.seq, "acked", vendor_id=row.vendor_id)

    def _is_cancelled(self, call: Call, batch: str) -> bool:
        """Whether it was cancelled before: SendGrid refuses to do it twice."""
        look = Request("GET", f"/v3/user/scheduled_sends/{quote(batch, safe='')}")
        try:
            found = answers.items(call(look))
        except RefusedError:
            return False
        return any(one.get("batch_id") == batch and one.get("status") == "cancel" for one in found)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Only a yes counts: a scheduled message shows up when it goes out, so its absence says nothing."""
        query = f"(unique_args['{KEY}']=\"{row.payload[self.target.key]}\")"
        params = {"query": query, "limit": "1"}
        for message in answers.body(call(Request("GET", "/v3/messages", params=params)))[
            "messages"
        ]:
            return Outcome(row.seq, "acked", vendor_id=str(message["msg_id"]).partition(".")[0])
        raise InDoubtError("SendGrid shows no such message yet")
