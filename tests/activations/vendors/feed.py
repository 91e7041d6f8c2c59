"""A store of decisions in memory, by their opaque names; it knows the key, and so whose they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import Answer, Kind, Vendor, sent_json
from warehouse import decisions

KEY = "feed-secret-" + "0" * 32


def visitor(number: int) -> str:
    return f"7c0e5e2a-1f4b-4c58-9d3e-{number:012d}"


@dataclass
class Feed(Vendor):
    """Decisions by name."""

    held: dict[Any, Any] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        names = {
            decisions.opaque(KEY, kind, visitor(number)): visitor(number)
            for number in range(200)
            for kind in (decisions.CONTACT, decisions.ANONYMOUS)
        }
        return {names[name]: document for name, document in self.held.items()}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 200, {}, {"message": "there"}
        sent = sent_json(request)
        assert 0 < len(sent["decisions"]) <= 500
        for one in sent["decisions"]:
            if "decision" in one:
                self.held[one["name"]] = one["decision"]
            else:
                self.held.pop(one["name"], None)
        return 200, {}, {"written": len(sent["decisions"])}


@dataclass
class Page(Feed):
    """Messages by their keys, each in the slot of its source."""

    def state(self) -> dict[str, Any]:
        names = {decisions.opaque(KEY, decisions.CONTACT, f"C{number}") for number in range(200)}
        assert {name for name, _ in self.held} <= names
        return {document["message_key"]: document for document in self.held.values()}

    def handle(self, request: requests.PreparedRequest) -> Answer:
        if request.method == "GET":
            return 200, {}, {"message": "there"}
        sent = sent_json(request)
        for one in sent["decisions"]:
            assert one["slot"] == "message_autumn"
            self.held[one["name"], one["slot"]] = one["decision"]
        return 200, {}, {"written": len(sent["decisions"]), "dropped": 0}


KINDS = (
    Kind(
        destination="feed",
        object="anonymous",
        key="visitor_id",
        mode="upsert",
        columns={"visitor_id": "varchar", "headline": "varchar", "score": "bigint"},
        vendor=Feed,
        sample=lambda number: {
            "visitor_id": visitor(number),
            "headline": f"Hello {number}",
            "score": number,
        },
        changing="score",
        environ={"MILLRACE_FEED_KEY": KEY},
        secrets=("MILLRACE_FEED_KEY",),
        long="headline",
        longest=1_000,
        private=("visitor_id",),
        alike=("contact",),
        refuses_rows=False,
    ),
    Kind(
        destination="feed",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "to": "varchar",
            "source": "varchar",
            "text": "varchar",
            "expires_at": "timestamp",
        },
        vendor=Page,
        sample=lambda number: {
            "message_key": f"message:{number}",
            "to": f"C{number}",
            "source": "autumn",
            "text": f"Hello {number}",
            "expires_at": "2026-07-02 09:00:00" if number % 2 else None,
        },
        changing="text",
        environ={"MILLRACE_FEED_KEY": KEY},
        secrets=("MILLRACE_FEED_KEY",),
        long="text",
        longest=1_000,
        private=("text",),
        refuses_rows=False,
    ),
)
