"""Slack's chat.postMessage and the two lists by which a message is found again: HTTP 200, and "ok" says how it went."""

from __future__ import annotations

from examples.shop.endpoints.exchange import Answer, Context, dispatch, route
from examples.shop.endpoints.faults import Rule
from examples.shop.endpoints.state import Body, Objects

ACCOUNT_KEY = "shop-slack-token"
CHANNELS = ("C0SALES", "C0LEADS")  # in the workspace from the start


def prepare(objects: Objects) -> None:
    """Nothing was said yet."""


def answer(context: Context, path: str) -> Answer:
    """Check the token, then route."""
    if context.request.headers.get("authorization") != f"Bearer {ACCOUNT_KEY}":
        return _failed("invalid_auth")
    return dispatch(ROUTES, context, path) or _failed("unknown_method")


def rate_limited(context: Context, path: str, rule: Rule) -> Answer:
    """429, always with Retry-After, as Slack does."""
    seconds = 1 if rule.retry_after is None else rule.retry_after
    return Answer(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": f"{seconds:g}"})


def state(objects: Objects) -> Body:
    """Messages by channel and text: no time stamp that the order of arrival decides."""
    rows = [{name: one[name] for name in ("channel", "text")} for one in objects.all("message")]
    return {"messages": sorted(rows, key=lambda one: (one["channel"], one["text"]))}


def _failed(code: str) -> Answer:
    return Answer(200, {"ok": False, "error": code})


def _post(context: Context) -> Answer:
    said = context.request.json() or {}
    if said.get("channel") not in CHANNELS:
        return _failed("channel_not_found")
    if not said.get("text"):
        return _failed("no_text")
    number = context.objects.next_id("message")
    stamp = f"{context.received_at.timestamp():.0f}.{int(number):06d}"
    row: Body = {
        "id": number,
        "ts": stamp,
        "channel": said["channel"],
        "text": said["text"],
        "metadata": said.get("metadata"),
    }
    context.objects.put("message", stamp, row)
    return Answer(200, {"ok": True, "channel": said["channel"], "ts": stamp})


def _history(context: Context) -> Answer:
    query = context.request.query
    rows = [
        {name: one[name] for name in ("ts", "text", "metadata")}
        for one in context.objects.all("message")
        if one["channel"] == query.get("channel")
        and float(one["ts"]) >= float(query.get("oldest", 0))
    ]
    rows.sort(key=lambda one: one["ts"], reverse=True)
    return Answer(200, {"ok": True, "messages": rows[:200], "has_more": len(rows) > 200})


def _scheduled(context: Context) -> Answer:
    return Answer(200, {"ok": True, "scheduled_messages": []})


def _test(context: Context) -> Answer:
    return Answer(200, {"ok": True, "team": "The Shop"})


ROUTES = (
    route("POST", "/api/chat.postMessage", _post),
    route("GET", "/api/conversations.history", _history),
    route("GET", "/api/chat.scheduledMessages.list", _scheduled),
    route("GET", "/api/auth.test", _test),
)
