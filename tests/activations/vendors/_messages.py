"""What stand-ins for senders of messages share: what is sent, and that nobody gets two."""

from __future__ import annotations

from typing import Any

from tests.activations.scripted import Kind

KEYS = {"destination", "vendor", "environ", "secrets", "throttles"}


def once(messages: list[Any], to: Any) -> dict[str, Any]:
    """Messages by recipient; the test fails when somebody got two."""
    found = {to(one): one for one in messages}
    assert len(found) == len(messages), "sent twice"
    return found


def number_of(message: dict[str, str]) -> str:
    """A text message's recipient in E.164, however the vendor writes it."""
    return "+" + message["to"].lstrip("+")


def text_message(**own: Any) -> Kind:
    """A kind of text messages; `own` is what a vendor has of its own."""
    return Kind(
        **{
            "object": "message",
            "key": "message_key",
            "mode": "append",
            "columns": {"message_key": "varchar", "to": "varchar", "text": "varchar"},
            "sample": lambda number: {
                "message_key": f"welcome:{number}",
                "to": f"+1415555{number:04d}",
                "text": f"Your cart {number} is waiting",
            },
            "changing": "text",
            "identity": "to",
            "long": "text",
            "private": ("to", "text"),
            "knows_absence": False,
            **own,
        }
    )


def mail(*columns: str, subject: str = "Your cart {number} is waiting", **own: Any) -> Kind:
    """A kind of e-mails with `to`, `subject`, `html`, an `unsubscribe_url`, and more columns that hold a greeting."""
    names = ("message_key", "to", "subject", *columns, "html", "unsubscribe_url")
    return Kind(
        **{
            "object": "message",
            "key": "message_key",
            "mode": "append",
            "columns": dict.fromkeys(names, "varchar"),
            "sample": lambda number: {
                "message_key": f"welcome:{number}",
                "to": f"person{number}@example.com",
                "subject": subject.format(number=number),
                **dict.fromkeys(columns, "Hello"),
                "html": "<p>Hello</p>",
                "unsubscribe_url": f"https://shop.example/u/{number}",
            },
            "changing": "html",
            "identity": "to",
            "long": "html",
            "private": ("to", "subject"),
            "knows_absence": False,
            **own,
        }
    )
