"""Mail by SMTP: one message a row, with one-click unsubscription and a Message-ID that never changes.

Protocol: https://www.rfc-editor.org/rfc/rfc5321; one-click: https://www.rfc-editor.org/rfc/rfc8058 (stated 2026-11).
A server cannot be asked whether it has a message: one whose answer was lost is reported as in doubt and never repeated.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime, parseaddr
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import RefusedError
from activations.messages import Mails
from activations.moments import Window
from activations.mta import FROM, TO, MtaAdapter
from activations.values import MAIL, json_of

WINDOW = Window(soonest=None)
# No such mailbox, or one that has moved: https://www.iana.org/assignments/smtp-enhanced-status-codes
NO_MAILBOX = re.compile(r"\b5\.1\.(1|6|10)\b")


class Smtp(Mails):
    """Messages with `to`, `subject`, `html` and/or `text`, `send_at` and an `unsubscribe_url`."""

    name = "smtp"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"message": ("email", "to")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("to", "subject")}
    needs = ("MILLRACE_SMTP_URL", "MILLRACE_SMTP_FROM")
    limits = Limits("message", max_rows=1, max_bytes=10_000_000)  # the usual limit of servers
    rates = (Rate(100, 1.0),)  # servers say 421 when it is too much
    message_columns: ClassVar[Mapping[str, str]] = MAIL
    window = WINDOW

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        url = urlsplit(environ["MILLRACE_SMTP_URL"])
        self.base_url = f"{url.scheme}://{url.hostname}" + (f":{url.port}" if url.port else "")
        self._user = unquote(url.username or "")
        self._from = environ["MILLRACE_SMTP_FROM"]
        self._password = environ.get("MILLRACE_SMTP_PASSWORD") or ""
        self.rate_scale = scale(environ, "MILLRACE_SMTP_RATE_SCALE")

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._password,) if self._password else ()

    @override
    def authorise(self, session: requests.Session) -> None:
        return  # the transport logs in

    @override
    def transport(self) -> BaseAdapter | None:
        return MtaAdapter(self._user, self._password)

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        return {name: value for name, value in row.payload.items() if value is not None}

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        message = self._message(row)
        if message is None:
            words = "an address or header is not valid"
            return Outcome(row.seq, "rejected", code="bad_message", message=words, permanent=True)
        envelope = {FROM: parseaddr(self._sender(row))[1], TO: parseaddr(str(row.payload["to"]))[1]}
        envelope["Content-Type"] = "message/rfc822"
        request = Request("POST", "/", content=message.as_bytes(), headers=envelope)
        try:
            answers.body(call(request))["code"]
        except RefusedError as error:
            return Outcome(
                row.seq,
                "rejected",
                code=error.code,
                message=error.message,
                permanent=error.code.startswith("5"),
                learned="hard_bounce" if NO_MAILBOX.search(error.message) else None,
            )
        return Outcome(row.seq, "acked", vendor_id=str(message["Message-ID"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """A refusal carries the server's own code."""
        if response.status_code == 422 and json_of(response).get("code"):
            raise RefusedError(str(json_of(response)["code"]), answers.explain(response))
        answers.classify(response)

    def _sender(self, row: Row) -> str:
        return str(row.payload.get("from") or self._from)

    def _message(self, row: Row) -> EmailMessage | None:
        """The message, or None where a header cannot be made of the row."""
        payload, message = row.payload, EmailMessage(policy=POLICY)
        origin = self._sender(row)
        domain = parseaddr(origin)[1].rpartition("@")[2]
        name = hashlib.sha256(str(payload[self.target.key]).encode()).hexdigest()[:32]
        try:
            message["From"], message["To"] = origin, str(payload["to"])
            if reply_to := payload.get("reply_to"):
                message["Reply-To"] = str(reply_to)
            message["Subject"] = " ".join(str(payload["subject"]).split())
            message["Date"] = format_datetime(self.now())
            message["Message-ID"] = f"<{name}@{domain}>"
            if url := payload.get("unsubscribe_url"):
                message["List-Unsubscribe"] = f"<{url}>"
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        except (ValueError, IndexError):
            return None
        if "@" not in parseaddr(str(payload["to"]))[1]:
            return None
        if payload.get("text"):
            message.set_content(str(payload["text"]), cte="quoted-printable")
        if payload.get("html"):
            add = message.add_alternative if payload.get("text") else message.set_content
            add(str(payload["html"]), subtype="html", cte="quoted-printable")
        return message
