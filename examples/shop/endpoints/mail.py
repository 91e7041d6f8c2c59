"""A mail server on the loopback: takes every message over SMTP, keeps it as it came, counts copies of the same one."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from examples.shop.endpoints.exchange import Answer, Context
from examples.shop.endpoints.faults import Rule
from examples.shop.endpoints.state import Body, Objects

if TYPE_CHECKING:
    from examples.shop.endpoints.server import Endpoints

NAME = "mail"


def prepare(objects: Objects) -> None:
    """A mail server starts empty."""


def answer(context: Context, path: str) -> Answer:
    """GET /messages/<n> is a message as it came; mail itself comes in by SMTP."""
    is_look = context.request.method == "GET" and path.startswith("/messages/")
    if is_look and (row := context.objects.get("message", path.rpartition("/")[2])):
        return Answer(200, row)
    return Answer(404, {"message": "Mail comes in by SMTP; look at /mail/messages/1"})


def rate_limited(context: Context, path: str, rule: Rule) -> Answer:
    """Nothing to refuse over HTTP."""
    return Answer(429)


def state(objects: Objects) -> Body:
    """Messages by their id: to whom, from whom, what about, how many copies, and a digest of their text."""
    names = ("message_id", "to", "from", "subject", "copies", "text")
    return {"messages": [{name: row[name] for name in names} for row in objects.all("message")]}


class Handler:
    """What the mail server does with a message."""

    def __init__(self, endpoints: Endpoints) -> None:
        self.endpoints = endpoints

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep it, then say so."""
        content = cast(bytes, envelope.content)
        mail = cast(EmailMessage, message_from_bytes(content, policy=policy.default))
        text = mail.get_body(("plain",))
        words = text.get_content() if text else ""
        with self.endpoints.store.transaction() as connection:
            objects = Objects(connection, NAME)
            known = objects.find("message", str(mail["Message-ID"])) or {"id": None, "copies": 0}
            row = {
                "id": known["id"],
                "message_id": str(mail["Message-ID"]),
                "to": list(envelope.rcpt_tos),
                "from": str(mail["From"]),
                "subject": str(mail["Subject"]),
                "text": hashlib.sha256(words.encode()).hexdigest(),
                "copies": known["copies"] + 1,
                "raw": content.decode("utf-8", "replace"),
            }
            objects.put("message", row["message_id"], row)
        return "250 kept"


@contextmanager
def serving(endpoints: Endpoints) -> Iterator[str]:
    """Listen on a free port for the length of the block; yields the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(Handler(endpoints), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
