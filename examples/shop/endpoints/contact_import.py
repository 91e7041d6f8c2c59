"""ActiveCampaign's bulk importer: up to 250 contacts a batch, whose per-row results are polled."""

from __future__ import annotations

import uuid
from typing import Any

from examples.shop.endpoints.contacts import BASE, email_key, save, stamp, subscribe, wear
from examples.shop.endpoints.exchange import Answer, Context, route
from examples.shop.endpoints.state import Body

MOST_CONTACTS = 250
MOST_BYTES = 400_000
NAMES = {"first_name": "firstName", "last_name": "lastName", "phone": "phone"}
INVALID = (
    "JSON payload did not pass validation. Please fix failure Reasons and retry."
    " The import was not queued for processing."
)


def refusal(message: str, reasons: list[Any]) -> Answer:
    """400: nothing of the batch was queued."""
    return Answer(400, {"success": 0, "message": message, "failureReasons": reasons})


def _flaw(row: Any) -> str | None:
    """What keeps a row from being queued; the whole batch falls with it."""
    if not isinstance(row, dict) or email_key(row.get("email")) is None:
        return "Field 'email' incorrect format"
    tags = row.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return "Field 'tags' incorrect format"
    lists = [row.get(name, []) for name in ("fields", "subscribe", "unsubscribe")]
    if not all(isinstance(one, list) for one in lists):
        return "Fields and lists must be arrays"
    if not all(isinstance(one, dict) and one.get("listid") for one in lists[1] + lists[2]):
        return "Field 'listid' is required"
    for field in lists[0]:
        if not isinstance(field, dict) or not isinstance(field.get("id"), int):
            return "Field 'fields' incorrect format"
        if not isinstance(field.get("value"), str):
            return "Field 'fields' needs a text value"
    texts = [row[name] for name in NAMES if name in row]
    return None if all(isinstance(one, str) for one in texts) else "Names must be texts"


def _tag_id(context: Context, name: str) -> str:
    row = {"tag": name, "tagType": "contact", "description": "", "cdate": stamp(context)}
    found = context.objects.find("tag", name)
    return str((found or context.objects.put("tag", name, row))["id"])


def _import_row(context: Context, row: Body, known: set[str]) -> str | None:
    """The contact's id, None when the importer could not take the row."""
    email = email_key(row["email"]) or ""
    values = {str(field["id"]): field["value"] for field in row.get("fields", [])}
    is_deliverable = "." in email.rpartition("@")[2] and "'" not in email
    if not is_deliverable or not known.issuperset(values) or context.is_planted_bad(row):
        return None
    standard = {ours: row[name] for name, ours in NAMES.items() if name in row}
    contact, _ = save(context, email, standard, values)
    for name in row.get("tags", []):
        wear(context, contact["id"], _tag_id(context, name))
    for one in row.get("subscribe", []):
        # Who left a list is not put back by an import.
        if str(one["listid"]) not in contact["lists"]:
            subscribe(context, contact, str(one["listid"]), "1")
    for one in row.get("unsubscribe", []):
        subscribe(context, contact, str(one["listid"]), "2")
    if "subscribe" in row or "unsubscribe" in row:
        context.objects.put("contact", email, contact)
    return str(contact["id"])


def _queue(context: Context) -> Answer:
    if len(context.request.body) > MOST_BYTES:
        return refusal("Payload too large.", [f"The body must not exceed {MOST_BYTES} bytes."])
    rows = (context.request.json() or {}).get("contacts")
    if not isinstance(rows, list) or not rows:
        return refusal(INVALID, ["'contacts' is a required field."])
    if len(rows) > MOST_CONTACTS:
        return refusal(INVALID, [f"Up to {MOST_CONTACTS} contacts may be included in a request."])
    flaws = [(place, flaw) for place, row in enumerate(rows) if (flaw := _flaw(row))]
    if flaws:
        return refusal(INVALID, [{"contact": n, "failureReason": flaw} for n, flaw in flaws])
    known = {one["id"] for one in context.objects.all("field")}
    done = [(row["email"], _import_row(context, row, known)) for row in rows]
    number = context.objects.next_id("import")
    batch = str(uuid.uuid5(uuid.NAMESPACE_OID, f"import {number}"))
    results = {
        "success": [identifier for _, identifier in done if identifier],
        "failure": [email for email, identifier in done if identifier is None],
    }
    context.objects.put("import", batch, {"id": batch, "polls": 0, **results})
    message = {"queued_contacts": len(rows), "batchId": batch, "message": "Contact import queued"}
    return Answer(200, {"Success": 1, **message})


def _info(context: Context) -> Answer:
    """Unfinished at the first look, completed from the second: results must be waited for."""
    batch = context.request.query.get("batchId")
    if not batch:
        return Answer(400, {"success": 0, "message": "'batchId' is a required field."})
    found = context.objects.get("import", batch)
    if found is None:
        return Answer(404, {"success": 0, "message": f"No import with batchId {batch}."})
    context.objects.put("import", batch, {**found, "polls": found["polls"] + 1})
    if found["polls"] == 0:
        return Answer(200, {"status": "active", "success": [], "failure": []})
    results = {"success": found["success"], "failure": found["failure"]}
    return Answer(200, {"status": "completed", **results})


def _overview(context: Context) -> Answer:
    batches = context.objects.all("import")
    size = sum(len(one["success"]) + len(one["failure"]) for one in batches)
    day = context.now.date().isoformat()
    done = [{"forDate": day, "batches": str(len(batches)), "contacts": str(size)}]
    return Answer(200, {"outstanding": [], "recentlyCompleted": done})


ROUTES = (
    route("POST", rf"{BASE}/import/bulk_import", _queue),
    route("GET", rf"{BASE}/import/bulk_import", _overview),
    route("GET", rf"{BASE}/import/info", _info),
)
