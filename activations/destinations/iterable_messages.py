"""Iterable campaigns sent to one person: e-mail and text messages, each at a time of its own.

API. E-mail: https://api.iterable.com/api/docs#email_target, text: https://api.iterable.com/api/docs#SMS_target
Schedules a message (`sendAt`, UTC) up to 365 days ahead; 500 requests a second (all stated 2026-11).
With `allowRepeatMarketingSends` false a campaign reaches a person once, however often it is asked for.
What went out can be looked up (3 a second): https://api.iterable.com/api/docs#users_getSentMessages
A person whom the vendor has erased is never taken again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._iterable import IterableAccount
from activations.errors import InDoubtError, RefusedError
from activations.messages import Messages
from activations.moments import Window

WINDOW = Window(soonest=timedelta(0), latest=timedelta(days=365))
SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
OWN = ("email", "campaign_id", "send_at")
PATHS = {"email": "/api/email/target", "sms": "/api/sms/target"}
# Codes after which this person can never be written to by this account.
NEVER = frozenset({"ForgottenUserError", "InvalidEmailAddressError"})


class IterableMessages(Messages, IterableAccount):
    """Messages with `email`, `campaign_id` and `send_at`; other columns are data fields of the template."""

    name = "iterable_messages"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        thing: frozenset({"append"}) for thing in PATHS
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = dict.fromkeys(
        PATHS, ("email", "campaign_id")
    )
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"email": ("email", "email")}
    limits = Limits("message", max_rows=1, max_bytes=100_000)
    rates = (Rate(500, 1.0), Rate(3, 1.0, "look"))
    window = WINDOW

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        own = {*OWN, self.target.key}
        fields = {n: v for n, v in payload.items() if n not in own and v is not None}
        message: dict[str, Any] = {
            "campaignId": int(payload["campaign_id"]),
            "recipientEmail": str(payload["email"]),
            "allowRepeatMarketingSends": False,
            "dataFields": fields,
            "metadata": {"millrace_key": str(payload[self.target.key])},
        }
        if moment := WINDOW.moment(payload.get("send_at"), self.now()):
            message["sendAt"] = moment.strftime("%Y-%m-%d %H:%M:%S")
        return message

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("email", "campaign_id")

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        try:
            request = Request("POST", PATHS[self.target.object], json=self.encoded(row))
            code = str(answers.body(call(request)).get("code"))
        except RefusedError as error:
            never = error.code in NEVER
            return Outcome(
                row.seq,
                "rejected",
                code=error.code,
                message=error.message,
                permanent=never,
                learned="opt_out" if error.code == "ForgottenUserError" else None,
            )
        if code != "Success":
            raise InDoubtError(f"HTTP 200 with {code} instead of Success")
        return Outcome(row.seq, "acked", code=code)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Only a yes counts: a scheduled message is not listed until it goes out."""
        params = {
            "email": str(row.payload["email"]),
            "campaignIds": str(int(row.payload["campaign_id"])),
            "startDateTime": (attempted_at - SKEW).strftime("%Y-%m-%d %H:%M:%S +00:00"),
            "limit": "1",
        }
        look = Request("GET", "/api/users/getSentMessages", params=params, rate="look")
        for message in answers.body(call(look))["messages"]:
            return Outcome(row.seq, "acked", vendor_id=str(message["messageId"]))
        raise InDoubtError("Iterable shows no such message yet")
