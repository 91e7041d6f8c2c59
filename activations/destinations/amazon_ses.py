"""Amazon SES: one message a row, sent at once; a row waits with us until its time has come.

API v2. Sending: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html (40 MB a message)
Quotas (a rate and a day's count by account): https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
(all read 2026-11).
Sending is not idempotent and a message cannot be looked up; our key travels as the tag `millrace_key` and comes back in
every event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import RefusedError, StopError, ThrottledError
from activations.messages import Mails
from activations.moments import Window
from activations.sigv4 import Signer
from activations.values import MAIL, json_of
from warehouse import clock

WINDOW = Window(soonest=None)
SEND = "/v2/email/outbound-emails"
NOT_IN_A_TAG = re.compile(r"[^A-Za-z0-9_.@-]")  # what the vendor does not take in a tag's value
# The whole account is paused, in the sandbox, or sends from a domain that is not verified.
ACCOUNT = frozenset({"AccountSuspendedException", "SendingPausedException"}) | {
    "MailFromDomainNotVerifiedException",
    "ConfigurationSetDoesNotExistException",
}
DAY_SECONDS = 3_600.0  # the day's quota is over a sliding 24 hours and says no time


class AmazonSes(Mails):
    """Messages with `to`, `subject`, `html` and/or `text`, `send_at` and an `unsubscribe_url`."""

    name = "amazon_ses"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("email", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "subject")}
    needs = (
        "MILLRACE_AMAZON_SES_REGION",
        "MILLRACE_AMAZON_SES_KEY_ID",
        "MILLRACE_AMAZON_SES_SECRET",
        "MILLRACE_AMAZON_SES_FROM",
    )
    limits = Limits("message", max_rows=1, max_bytes=10_000_000)
    rates = (Rate(14, 1.0),)  # what an account gets that has left the sandbox; rate scale for more
    message_columns: ClassVar[Mapping[str, str]] = MAIL
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        region, key_id, self._secret, self._from = (environ[name] for name in self.needs)
        default = f"https://email.{region}.amazonaws.com"
        self.base_url = environ.get("MILLRACE_AMAZON_SES_URL") or default
        self.rate_scale = scale(environ, "MILLRACE_AMAZON_SES_RATE_SCALE")
        self._set = environ.get("MILLRACE_AMAZON_SES_CONFIGURATION_SET") or ""
        self._signer = Signer(key_id, self._secret, region, "ses")

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._secret,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.auth = lambda request: self._signer.sign(request, clock.now())

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v2/email/account"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        parts = {"Html": payload.get("html"), "Text": payload.get("text")}
        body = {name: _text(value) for name, value in parts.items() if value}
        simple: dict[str, Any] = {"Subject": _text(payload["subject"]), "Body": body}
        if url := payload.get("unsubscribe_url"):
            one_click = {"List-Unsubscribe": f"<{url}>"} | {
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"
            }
            simple["Headers"] = [{"Name": n, "Value": v} for n, v in one_click.items()]
        tag = NOT_IN_A_TAG.sub("_", str(payload[self.target.key]))[:256]
        return {
            "FromEmailAddress": str(payload.get("from") or self._from),
            "Destination": {"ToAddresses": [str(payload["to"])]},
            "Content": {"Simple": simple},
            "EmailTags": [{"Name": "millrace_key", "Value": tag}],
            **(
                {"ReplyToAddresses": [str(reply_to)]}
                if (reply_to := payload.get("reply_to"))
                else {}
            ),
            **({"ConfigurationSetName": self._set} if self._set else {}),
        }

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        answer = answers.body(call(Request("POST", SEND, json=self.encoded(row))))
        return Outcome(row.seq, "acked", vendor_id=str(answer["MessageId"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """The kind of error is in a header; the day's quota and the rate are both TooManyRequestsException."""
        kind = response.headers.get("x-amzn-ErrorType", "").partition(":")[0]
        if kind in ("TooManyRequestsException", "LimitExceededException", "ThrottlingException"):
            daily = "daily" in str(json_of(response).get("message", "")).lower()
            raise ThrottledError(DAY_SECONDS / self.rate_scale if daily else None)
        if kind in ACCOUNT:
            raise StopError(f"Amazon SES {kind}: {answers.explain(response)}")
        if kind and response.status_code == 400:
            raise RefusedError(kind, answers.explain(response))
        answers.classify(response)


def _text(value: object) -> dict[str, str]:
    return {"Data": str(value), "Charset": "UTF-8"}
