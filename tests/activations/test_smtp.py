"""SMTP against a real mail server on loopback: what arrives, what it refuses, and what nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from socket import socket
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.activations.conftest import KINDS, Desk, desk_for


class Mailbox:
    """Keeps messages; refuses, hurries and hangs up on demand."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.envelopes: list[tuple[str | None, list[str]]] = []
        self.refused: dict[str, str] = {}
        self.busy = 0
        self.hang_up_after_data = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.busy:
            self.busy -= 1
            return "421 4.7.0 too many messages, try later"
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        parsed = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self.messages.append(cast(EmailMessage, parsed))
        self.envelopes.append((envelope.mail_from, envelope.rcpt_tos))
        if self.hang_up_after_data:
            server.transport.close()
        return "250 queued"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def desk_at(port: int, home: Path) -> Desk:
    """A desk whose messages go over the wire."""
    desk = desk_for(KINDS["smtp"], home)
    desk.vendor = None
    desk.environ |= {"MILLRACE_SMTP_URL": f"smtp://127.0.0.1:{port}", "MILLRACE_SMTP_PASSWORD": ""}
    return desk


def test_messages_arrive_as_they_were_meant(mailbox: Any, tmp_path: Path) -> None:
    """Both parts, umlauts, envelope, one-click unsubscription (RFC 8058) and a stable id."""
    box, port = mailbox
    desk = desk_at(port, tmp_path / "home")
    desk.fill(desk.rows(3))

    assert desk.go().counts["delivered"] == 3
    assert desk.later().counts["unchanged"] == 3
    assert len(box.messages) == 3
    assert box.envelopes[0] == ("shop@example.com", ["person0@example.com"])
    first = box.messages[0]
    assert first["Subject"] == "Grüße, your cart 0 is waiting"
    assert first["From"] == "The Shop <shop@example.com>"
    assert first["List-Unsubscribe"] == "<https://shop.example/u/0>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first.get_body(("plain",)).get_content().strip() == "Hello"  # type: ignore[union-attr]
    assert first.get_body(("html",)).get_content().strip() == "<p>Hello</p>"  # type: ignore[union-attr]
    known = desk.query("select vendor_id from activations.acknowledged order by key")
    assert [row[0] for row in known] == [str(m["Message-ID"]) for m in box.messages]


def test_a_mailbox_that_is_full_comes_back_and_one_that_never_was_does_not(
    mailbox: Any, tmp_path: Path
) -> None:
    """4yz is tried again with backoff, 5yz is for ever; the others go."""
    box, port = mailbox
    box.refused = {
        "person0@example.com": "450 4.2.1 mailbox busy",
        "person1@example.com": "550 5.1.1 no such user",
    }
    desk = desk_at(port, tmp_path / "home")
    desk.fill(desk.rows(3))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (1, 2)
    states = desk.query("select code, state from activations.retries order by code")
    assert states == [("450", "waiting"), ("550", "barred")]


def test_421_waits_and_loses_nobody(mailbox: Any, tmp_path: Path) -> None:
    """The server wants less of us: wait, connect again, go on."""
    box, port = mailbox
    box.busy = 2
    desk = desk_at(port, tmp_path / "home")
    desk.fill(desk.rows(2))

    assert desk.go().counts["delivered"] == 2
    assert sum(desk.clock.waits) > 1
    assert len(box.messages) == 2


def test_a_message_whose_answer_was_lost_is_never_sent_again(mailbox: Any, tmp_path: Path) -> None:
    """The server took it and hung up: in doubt, on the list, and nothing else is said about it."""
    box, port = mailbox
    box.hang_up_after_data = True
    desk = desk_at(port, tmp_path / "home")
    desk.fill(desk.rows(1))

    assert desk.go().counts["in_doubt"] == 1
    box.hang_up_after_data = False
    assert desk.later().counts["in_doubt"] == 1
    assert len(box.messages) == 1


def test_a_server_that_is_not_there_defers_everything(tmp_path: Path) -> None:
    """Nothing was sent, so nothing is in doubt."""
    desk = desk_at(1, tmp_path / "home")
    desk.fill(desk.rows(2))

    assert desk.go().counts["deferred"] == 2


def test_a_password_never_leaves_without_tls(mailbox: Any, tmp_path: Path) -> None:
    """The server offers no STARTTLS: the run stops before a word is said about the password."""
    _, port = mailbox
    desk = desk_at(port, tmp_path / "home")
    desk.environ["MILLRACE_SMTP_PASSWORD"] = "smtp-secret"
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["deferred"] == 2
    assert "401" in str(result.reason)
    assert "smtp-secret" not in str(result.reason)


@pytest.mark.parametrize("to", ["nobody", "a@b.example\r\nBcc: all@example.com", "@"])
def test_an_address_that_is_none_is_refused_here(mailbox: Any, to: str, tmp_path: Path) -> None:
    """Also one that tries to bring a header of its own."""
    box, port = mailbox
    desk = desk_at(port, tmp_path / "home")
    desk.fill([{**desk.kind.row(0), "to": to}])

    assert desk.go().counts["rejected"] == 1
    assert box.messages == []
