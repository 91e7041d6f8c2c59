"""Slack messages to channels, now or at a time of their own.

Web API. Posting: https://docs.slack.dev/reference/methods/chat.postMessage, scheduling (120 days):
https://docs.slack.dev/reference/methods/chat.scheduleMessage
Finding one again by its metadata: https://docs.slack.dev/reference/methods/conversations.history
Limits (1 a second and channel): https://docs.slack.dev/apis/web-api/rate-limits (all read 2026-11).
Failures come with HTTP 200 and `"ok": false`. Posting is not idempotent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, Takes
from activations.errors import InDoubtError, RefusedError, StopError, ThrottledError
from activations.messages import Messages
from activations.moments import Window
from activations.token_account import TokenAccount
from activations.values import json_of

EVENT = "millrace_message"
WINDOW = Window(soonest=timedelta(minutes=2), latest=timedelta(days=119))
SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
ACCOUNT = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked"}) | {
    "token_expired",
    "missing_scope",
    "no_permission",
    "ekm_access_denied",
    "team_access_not_granted",
}
# More than 30 messages for one channel in 5 minutes.
FULL = frozenset({"restricted_too_many"})
TROUBLE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class Slack(Messages, TokenAccount):
    """Messages with `channel` (an id), `text`, and `post_at`."""

    name = "slack"
    channel = "notify"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"message": frozenset({"append"})}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"message": ("channel", "text")}
    takes: ClassVar[Mapping[str, Takes]] = {
        "notify": Takes(
            "message", "append", "key", {"to": "channel", "text": "text"}, needs=("to", "text")
        )
    }
    key_in = "MILLRACE_SLACK_TOKEN"
    needs = (key_in,)
    url_in = "MILLRACE_SLACK_URL"
    scale_in = "MILLRACE_SLACK_RATE_SCALE"
    vendor_url = "https://slack.com"
    limits = Limits("message", max_rows=1, max_bytes=40_000)
    rates = (Rate(1, 1.0),)
    window = WINDOW
    time_column = "post_at"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/api/auth.test"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        message = {"channel": str(payload["channel"]), "text": str(payload["text"])}
        if moment := WINDOW.moment(payload.get("post_at"), self.now()):
            return {**message, "post_at": int(moment.timestamp())}
        key = str(payload[self.target.key])
        return {**message, "metadata": {"event_type": EVENT, "event_payload": {"key": key}}}

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("channel", "text")

    @override
    def hand_over(self, call: Call, row: Row) -> Outcome:
        body = self.encoded(row)
        method = "scheduleMessage" if "post_at" in body else "postMessage"
        try:
            answer = answers.body(call(Request("POST", f"/api/chat.{method}", json=body)))
        except RefusedError as error:
            if error.code not in FULL:
                raise
            words = "the channel has all the messages that it takes for that time"
            return Outcome(row.seq, "deferred", code=error.code, message=words)
        return Outcome(
            row.seq, "acked", vendor_id=str(answer.get("scheduled_message_id") or answer["ts"])
        )

    @override
    def classify(self, response: requests.Response) -> None:
        """What an error means is in the body, whatever the status says."""
        answer = json_of(response)
        if response.status_code == 200 and answer.get("ok") is False:
            code = str(answer.get("error"))
            if code in ("ratelimited", "rate_limited"):
                raise ThrottledError(answers.wait_seconds(response))
            if code in ACCOUNT:
                raise StopError(f"Slack: {code}; check the token and its scopes")
            if code in TROUBLE:
                raise InDoubtError(f"Slack: {code}")
            raise RefusedError(code, f"Slack: {code}")
        answers.classify(response)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for our key in the channel's latest messages, and for the text among the scheduled ones."""
        channel, key = str(row.payload["channel"]), str(row.payload[self.target.key])
        look = {"channel": channel, "limit": "200"}
        waiting = answers.body(
            call(Request("GET", "/api/chat.scheduledMessages.list", params=look))
        )
        for message in waiting.get("scheduled_messages") or []:
            if message.get("text") == row.payload["text"]:
                return Outcome(row.seq, "acked", vendor_id=str(message["id"]))
        since = str((attempted_at - SKEW).timestamp())
        look |= {"oldest": since, "include_all_metadata": "true"}
        history = answers.body(call(Request("GET", "/api/conversations.history", params=look)))
        for message in history["messages"]:
            metadata = message.get("metadata") or {}
            if (metadata.get("event_payload") or {}).get("key") == key:
                return Outcome(row.seq, "acked", vendor_id=str(message["ts"]))
        if history.get("has_more"):
            raise InDoubtError("more messages came since than one page shows")
        return None
