"""A stand-in for Slack: HTTP 200 whatever happens, and a history with metadata."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests

from tests.activations.scripted import (
    Answer,
    Kind,
    Throttle,
    Vendor,
    path_of,
    query_of,
    sent_json,
)


@dataclass
class Slack(Vendor):
    """Messages, never deduplicated."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def state(self) -> dict[str, Any]:
        found = {message["text"]: message for message in self.messages}
        assert len(found) == len(self.messages), "sent twice"
        return found

    def handle(self, request: requests.PreparedRequest) -> Answer:
        assert request.headers["Authorization"] == "Bearer slack-secret"
        match request.method, path_of(request):
            case "GET", "/api/auth.test":
                return 200, {}, {"ok": True, "team_id": "T1"}
            case "GET", "/api/conversations.history":
                assert query_of(request)["channel"] == "C1"
                found = [one for one in self.messages if "post_at" not in one]
                return 200, {}, {"ok": True, "messages": found, "has_more": False}
            case "GET", "/api/chat.scheduledMessages.list":
                found = [{"id": one["ts"], **one} for one in self.messages if "post_at" in one]
                return 200, {}, {"ok": True, "scheduled_messages": found}
            case "POST", "/api/chat.postMessage" | "/api/chat.scheduleMessage":
                sent = sent_json(request)
                if sent["text"] in self.bad_keys:
                    return 200, {}, {"ok": False, "error": "msg_blocked"}
                message = {**sent, "ts": f"1782864000.{len(self.messages):06d}"}
                self.messages.append(message)
                name = "scheduled_message_id" if "post_at" in sent else "ts"
                return 200, {}, {"ok": True, name: message["ts"]}
        return 200, {}, {"ok": False, "error": "unknown_method"}


KINDS = (
    Kind(
        destination="slack",
        object="message",
        key="message_key",
        mode="append",
        columns={
            "message_key": "varchar",
            "channel": "varchar",
            "text": "varchar",
            "post_at": "timestamp",
        },
        vendor=Slack,
        sample=lambda number: {
            "message_key": f"deal:{number}",
            "channel": "C1",
            "text": f"Deal {number} of person{number}@example.com was won",
            "post_at": "2026-07-01 09:00:00" if number % 2 else None,
        },
        changing="post_at",
        environ={"MILLRACE_SLACK_TOKEN": "slack-secret"},
        secrets=("MILLRACE_SLACK_TOKEN",),
        identity="text",
        long="text",
        private=("text",),
        times=("post_at",),
        throttles=(
            Throttle(429, 3, {"Retry-After": "3"}, {"ok": False, "error": "ratelimited"}),
            Throttle(200, 4, {"Retry-After": "4"}, {"ok": False, "error": "ratelimited"}),
        ),
    ),
)
