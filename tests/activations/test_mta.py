"""SMTP through a real mail server (Exim): what lies in the mailbox is what was meant; refusals are understood."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.activations.conftest import Desk
from tests.activations.exim import Server, server
from tests.activations.test_smtp import desk_at

LONG = "Grüße aus Köln – " + "ein Korb wartet, " * 60


@pytest.fixture
def exim() -> Iterator[Server]:
    with server() as made:
        yield made


def rows(desk: Desk, *people: str, **more: str) -> list[dict[str, object]]:
    """A message to each of the people."""
    made = desk.rows(len(people))
    return [{**row, "to": to, **more} for row, to in zip(made, people, strict=True)]


def test_the_mailbox_holds_what_was_meant(exim: Server, tmp_path: Path) -> None:
    """Subject beyond ASCII, both parts with long lines and dots, one-click unsubscription, envelope and id."""
    desk = desk_at(exim.port, tmp_path / "home")
    text = f"{LONG}\n.\n..two dots\nFrom here on"
    people = ["ada@example.com", "bo@example.com"]
    desk.fill(rows(desk, *people, text=text, html=f"<p>{LONG}</p>"))

    assert desk.go().counts["delivered"] == 2

    first, second = exim.messages(2)
    assert [str(m["Envelope-to"]) for m in (first, second)] == people
    assert first["Return-path"] == "<shop@example.com>"
    assert first["From"] == "The Shop <shop@example.com>"
    assert first["Subject"] == "Grüße, your cart 0 is waiting"
    assert first["List-Unsubscribe"] == "<https://shop.example/u/0>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert first.get_content_type() == "multipart/alternative"
    plain, html = first.get_body(("plain",)), first.get_body(("html",))
    assert plain is not None and plain.get_content().splitlines() == text.splitlines()
    assert html is not None and html.get_content().strip() == f"<p>{LONG}</p>"
    # As it lies there no line is longer than RFC 5322 allows, whatever the text's were.
    assert all(len(line) <= 998 for line in bytes(first).splitlines())
    known = desk.query("select vendor_id from activations.acknowledged order by key")
    assert {row[0] for row in known} == {str(m["Message-ID"]) for m in (first, second)}
    assert desk.later().counts["unchanged"] == 2


def test_its_refusals_are_told_apart(exim: Server, tmp_path: Path) -> None:
    """No such user closes the address; a full mailbox and a relay that is denied do not; the rest goes."""
    desk = desk_at(exim.port, tmp_path / "home")
    people = ("nobody@example.com", "full@example.com", "away@elsewhere.example", "cy@example.com")
    desk.fill(rows(desk, *people))

    result = desk.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (1, 3)
    codes = desk.query(
        "select code, message from raw_activations.receipts where outcome = 'rejected' order by code, message"
    )
    assert [code for code, _ in codes] == ["451", "550", "550"]
    assert "mailbox is full" in codes[0][1]
    assert desk.query("select address, status from raw_activations.opt_outs") == [
        ("nobody@example.com", "hard_bounce")
    ]
    assert {row[0] for row in desk.query("select state from activations.retries")} == {
        "waiting",
        "barred",
    }


def test_a_server_that_is_gone_loses_nothing(exim: Server, tmp_path: Path) -> None:
    """While nothing listens the messages wait; they go when it is back."""
    desk = desk_at(exim.port, tmp_path / "home")
    there = desk.environ["MILLRACE_SMTP_URL"]
    desk.fill(rows(desk, "dot@example.com"))
    desk.environ["MILLRACE_SMTP_URL"] = "smtp://127.0.0.1:1"

    assert desk.go().counts["deferred"] == 1
    desk.environ["MILLRACE_SMTP_URL"] = there
    assert desk.later().counts["delivered"] == 1

    assert len(exim.messages(1)) == 1
