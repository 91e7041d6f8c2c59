"""Twilio's Messages resource: every POST makes a message (never idempotent), list, cancel."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC
from email.utils import format_datetime
from urllib.parse import urlencode

from examples.shop.endpoints.exchange import Answer, Context, dispatch, route, whole_number
from examples.shop.endpoints.faults import Rule
from examples.shop.endpoints.message_rules import flaw_of, problem
from examples.shop.endpoints.state import Body, Objects

ACCOUNT = "AC" + "0" * 32
ACCOUNT_KEY = "shop-twilio-token"
MESSAGES = r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages"


def prepare(objects: Objects) -> None:
    """An account starts empty."""


def answer(context: Context, path: str) -> Answer:
    """Check Basic authentication and the account in the path, then route."""
    expected = base64.b64encode(f"{ACCOUNT}:{ACCOUNT_KEY}".encode()).decode()
    if context.request.headers.get("authorization") != f"Basic {expected}":
        return problem(401, 20003, "Authenticate")
    if f"/Accounts/{ACCOUNT}/" not in path:
        return problem(404, 20404, f"The requested resource {path} was not found")
    return dispatch(ROUTES, context, path) or problem(404, 20404, f"{path} was not found")


def rate_limited(context: Context, path: str, rule: Rule) -> Answer:
    """429 with error 20429, and Retry-After only when the rule says so."""
    refused = problem(429, 20429, "Too Many Requests")
    seconds = rule.retry_after
    return (
        refused if seconds is None else Answer(429, refused.body, {"Retry-After": f"{seconds:g}"})
    )


def state(objects: Objects) -> Body:
    """Messages ordered by recipient, text and time: no id that arrival order decides."""
    names = ("to", "body", "send_at", "status", "status_callback")
    messages = [{name: one[name] for name in names} for one in objects.all("message")]
    messages.sort(key=lambda one: [str(one[name]) for name in names])
    return {"messages": messages, "opt_outs": [one["number"] for one in objects.all("opt_out")]}


def _shown(row: Body) -> Body:
    uri = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{row['id']}"
    hidden = ("id", "number", "send_at", "status_callback", "created")
    kept = {name: value for name, value in row.items() if name not in hidden}
    media = {"media": f"{uri}/Media.json"}
    return {**kept, "sid": row["id"], "uri": f"{uri}.json", "subresource_uris": media}


def _create(context: Context, account: str) -> Answer:
    form = context.request.form()
    if flaw := flaw_of(context, form):
        return flaw
    number = context.objects.next_id("number")
    moment = format_datetime(context.received_at.astimezone(UTC))
    body, service = form.get("Body", ""), form.get("MessagingServiceSid")
    is_gsm = body.isascii()
    status = "scheduled" if "SendAt" in form else "accepted" if service else "queued"
    one, many = (160, 153) if is_gsm else (70, 67)
    row: Body = {
        "id": "SM" + hashlib.sha256(number.encode()).hexdigest()[:32],
        "number": int(number),
        "account_sid": account,
        "api_version": "2010-04-01",
        "body": body,
        "created": context.received_at.isoformat(),
        "date_created": moment,
        "date_sent": None,
        "date_updated": moment,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": form.get("From"),
        "messaging_service_sid": service,
        "num_media": "0",
        "num_segments": str(1 if len(body) <= one else -(-len(body) // many)),
        "price": None,
        "price_unit": "USD",
        "send_at": form.get("SendAt"),
        "status": status,
        "status_callback": form.get("StatusCallback"),
        "to": form["To"],
    }
    # The key starts with the recipient, so that listing by To reads only that recipient's messages.
    return Answer(201, _shown(context.objects.put("message", _key(row), row)))


def _key(row: Body) -> str:
    return f"{row['to']} {row['number']:012d}"


def _list(context: Context, account: str) -> Answer:
    """Newest first; a message that was not sent yet is filtered by its creation date."""
    query = context.request.query
    to = query.get("To")
    rows = context.objects.all("message", f"{to} " if to else "")
    rows.sort(key=lambda one: -one["number"])
    sender = query.get("From")
    rows = [one for one in rows if sender in (None, one["from"])]
    rows = [one for one in rows if _is_dated(one["created"], query)]
    size = min(max(whole_number(query.get("PageSize"), 50), 1), 1_000)
    page = whole_number(query.get("Page"), 0)
    shown = rows[page * size : (page + 1) * size]
    base = f"/2010-04-01/Accounts/{account}/Messages.json?"
    filters = {name: value for name, value in query.items() if name not in ("Page", "PageToken")}
    following = {**filters, "PageSize": size, "Page": page + 1}
    return Answer(200, {
        "messages": [_shown(one) for one in shown],
        "page": page, "page_size": size, "start": page * size, "end": page * size + len(shown) - 1,
        "first_page_uri": base + urlencode({**filters, "PageSize": size, "Page": 0}),
        "next_page_uri": base + urlencode(following) if len(rows) > (page + 1) * size else None,
        "previous_page_uri": None,
        "uri": base + urlencode({**filters, "PageSize": size, "Page": page}),
    })  # fmt: skip


def _is_dated(created: str, query: dict[str, str]) -> bool:
    day = created[:10]
    return (
        query.get("DateSent", day)[:10] == day
        and query.get("DateSent>", day)[:10] <= day
        and query.get("DateSent<", day)[:10] >= day
    )


def _read(context: Context, account: str, sid: str) -> Answer:
    row = context.objects.get("message", sid)
    return Answer(200, _shown(row)) if row else problem(404, 20404, f"Message {sid} was not found")


def _update(context: Context, account: str, sid: str) -> Answer:
    row, form = context.objects.get("message", sid), context.request.form()
    if row is None:
        return problem(404, 20404, f"Message {sid} was not found")
    if "Status" in form:
        if form["Status"] != "canceled" or row["status"] != "scheduled":
            return problem(400, 30409, "Message cannot be canceled")
        row["status"] = "canceled"
    if form.get("Body") == "":
        row["body"] = ""
    return Answer(200, _shown(context.objects.put("message", _key(row), row)))


def _delete(context: Context, account: str, sid: str) -> Answer:
    if context.objects.remove("message", sid):
        return Answer(204)
    return problem(404, 20404, f"Message {sid} was not found")


ROUTES = (
    route("POST", rf"{MESSAGES}\.json", _create),
    route("GET", rf"{MESSAGES}\.json", _list),
    route("GET", rf"{MESSAGES}/(SM[0-9a-fA-F]{{32}})\.json", _read),
    route("POST", rf"{MESSAGES}/(SM[0-9a-fA-F]{{32}})\.json", _update),
    route("DELETE", rf"{MESSAGES}/(SM[0-9a-fA-F]{{32}})\.json", _delete),
)
