"""Twilio text messages, handed over to be sent at each recipient's own time.

Sending: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message-resource
Scheduling (300 s to 35 days): https://www.twilio.com/docs/messaging/features/message-scheduling
Creating a message is not idempotent: https://www.twilio.com/docs/api/errors/20500 (all read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

import requests
from typing_extensions import override

from activations import answers
from activations.connector import (
    Bill,
    Call,
    Learned,
    Limits,
    Outcome,
    Rate,
    Request,
    Row,
)
from activations.errors import RefusedError, StopError
from activations.moments import Window
from activations.token_account import NamedAccount

SOONEST = timedelta(seconds=360)  # the vendor's floor is 300 s; a minute for clocks and queues
LATEST = timedelta(days=35)
LATE = timedelta(hours=1)  # a message this much past its time is stale: refused, not moved
SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
LIST_PAGE = 1000
# Vendor codes after which this message can never be sent: opted out, not a number, not a mobile, unreachable region.
NEVER = frozenset({"21610", "21211", "21614", "21408"})
# What some of them say of the number itself: its owner replied STOP; no such number, or none that takes texts.
LEARNED: Mapping[str, Learned] = {
    "21610": "opt_out",
    "21211": "hard_bounce",
    "21614": "hard_bounce",
}
# Refusals that hold for every message: not authorised, suspended, no such account, service without senders.
WHOLE_ACCOUNT = frozenset({"20003", "20005", "20404", "21703", "35118"})


class Twilio(NamedAccount):
    """Scheduled messages of one account. A send that got no answer is looked up, never repeated blindly."""

    name = "twilio"
    channel = "sms"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("sms", "To")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("To", "Body")}
    needs = (
        "MILLRACE_TWILIO_ACCOUNT_SID",
        "MILLRACE_TWILIO_AUTH_TOKEN",
        "MILLRACE_TWILIO_MESSAGING_SERVICE_SID",
    )
    user_in, key_in, service_in = needs
    url_in, vendor_url = "MILLRACE_TWILIO_URL", "https://api.twilio.com"
    scale_in = "MILLRACE_TWILIO_RATE_SCALE"
    limits = Limits("message", max_rows=1, max_bytes=20_000)
    # The vendor states no rate for the API itself. It limits how many requests of an account are open at once without
    # saying how many; what is above is 429 and was not done (https://www.twilio.com/docs/api/errors/20429, 2026-11).
    rates = (Rate(100, 1.0),)
    parallel = 10
    # Each segment is billed, and a long text has several: what is counted here is the least.
    bill = Bill(
        "message segments",
        "row",
        "https://www.twilio.com/docs/glossary/what-sms-character-limit (2026-11)",
    )
    replay_safe = False
    message_columns: ClassVar[Mapping[str, str]] = {"to": "To", "text": "Body", "send_at": "SendAt"}
    window = Window(soonest=SOONEST, latest=LATEST)
    can_cancel = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._service = environ[self.service_in]
        self._callback = environ.get("MILLRACE_TWILIO_STATUS_CALLBACK")

    @property
    @override
    def account(self) -> str:
        return f"{super().account}:{self._user}"

    @property
    def _messages(self) -> str:
        return f"/2010-04-01/Accounts/{self._user}/Messages.json"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", self._messages, params={"PageSize": "1"}))

    @override
    def encode(self, row: Row) -> list[tuple[str, str]]:
        fields = [
            ("To", str(row.payload["To"])),
            ("MessagingServiceSid", self._service),
            ("Body", str(row.payload["Body"])),
        ]
        if moment := _moment(row.payload.get("SendAt")):
            moment = max(moment, self.now() + SOONEST)
            fields += [("ScheduleType", "fixed"), ("SendAt", moment.strftime("%Y-%m-%dT%H:%M:%SZ"))]
        if self._callback:
            query = urlencode({"message_key": str(row.payload[self.target.key])})
            fields.append(("StatusCallback", f"{self._callback}?{query}"))
        return fields

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield self._unsendable(row) or self._send(call, row)

    def _unsendable(self, row: Row) -> Outcome | None:
        missing = [name for name in ("To", "Body") if not row.payload.get(name)]
        if missing:
            return Outcome(row.seq, "rejected", code="missing", message=f"{missing[0]} is empty")
        text = row.payload.get("SendAt")
        moment = _moment(text)
        if moment is None:
            bad = Outcome(
                row.seq, "rejected", code="bad_time", message="SendAt is no ISO 8601 time"
            )
            return bad if text else None
        ahead = moment - self.now()
        if ahead < -LATE:
            message = f"SendAt is more than {LATE.total_seconds() / 3600:.0f} h past; a stale message is not sent"
            return Outcome(row.seq, "rejected", code="stale", message=message, permanent=True)
        if ahead > LATEST:
            message = f"SendAt is more than {LATEST.days} days ahead; handed over when it is nearer"
            return Outcome(row.seq, "deferred", code="too_early", message=message)
        return None

    def _send(self, call: Call, row: Row) -> Outcome:
        try:
            answer = answers.body(call(Request("POST", self._messages, form=self.encoded(row))))
        except RefusedError as error:
            return Outcome(
                row.seq,
                "rejected",
                code=error.code,
                message=error.message,
                permanent=error.code in NEVER,
                learned=LEARNED.get(error.code),
            )
        return Outcome(
            row.seq, "acked", vendor_id=str(answer["sid"]), code=str(answer.get("status"))
        )

    @override
    def classify(self, response: requests.Response) -> None:
        """A 4xx of this vendor has a code of its own in the body; some of them concern the whole account."""
        code = str(_json(response).get("code", "")) if response.status_code >= 400 else ""
        if code in WHOLE_ACCOUNT:
            raise StopError(
                f"HTTP {response.status_code}, Twilio {code}: {answers.explain(response)}"
            )
        if response.status_code in (400, 403, 404) and code:
            raise RefusedError(code, answers.explain(response))
        answers.classify(response)

    @override
    def cancel(self, call: Call, row: Row) -> Outcome:
        """Twilio lets go of a scheduled message until it is sent; asking twice does no harm."""
        path = f"/2010-04-01/Accounts/{self._user}/Messages/{row.vendor_id}.json"
        answer = answers.body(
            call(Request("POST", path, form=[("Status", "canceled")], replayable=True))
        )
        if str(answer.get("status")) == "canceled":
            return Outcome(row.seq, "acked", vendor_id=row.vendor_id)
        return Outcome(row.seq, "rejected", message=f"Twilio says {answer.get('status')}")

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for a message to the same number with the same text, made no earlier than the attempt."""
        params = {"To": str(row.payload["To"]), "PageSize": str(LIST_PAGE)}
        for message in answers.body(call(Request("GET", self._messages, params=params)))[
            "messages"
        ]:
            made = message.get("date_created")
            if made and parsedate_to_datetime(made) < attempted_at - SKEW:
                continue
            if message.get("body") == row.payload["Body"]:
                return Outcome(
                    row.seq, "acked", vendor_id=str(message["sid"]), code=str(message.get("status"))
                )
        return None


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _json(response: requests.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
