"""ActiveCampaign's contacts: upsert by email, read, update, delete, field values, lists."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from examples.shop.endpoints.exchange import Answer, Context, route, whole_number
from examples.shop.endpoints.state import Body

BASE = "/api/3"
DEFAULT_PAGE = 20
LARGEST_PAGE = 100
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# The account's own clock: its times carry this offset, or none at all.
ACCOUNT_ZONE = timezone(timedelta(hours=-5))
ZERO_DATE, ZERO_TIME = "0000-00-00", "0000-00-00 00:00:00"
UNTOUCHED: Body = {
    "orgid": "0", "bounced_hard": "0", "bounced_soft": "0", "bounced_date": ZERO_DATE, "ip": "0",
    "deleted": "0", "anonymized": "0", "deleted_at": ZERO_TIME, "email_empty": False, "scoreValues": [],
}  # fmt: skip
NOT_FOUND = Answer(404, {"message": "No route was found for this path and method"})


def stamp(context: Context) -> str:
    """The account's clock as ActiveCampaign writes times."""
    return context.received_at.astimezone(ACCOUNT_ZONE).isoformat(timespec="seconds")


def value_id(contact: str, field: str) -> str:
    """The number of one contact's value of one field."""
    return str(int(contact) * 1_000 + int(field))


def values_of(row: Body) -> list[Body]:
    """A contact's custom values, each an object of its own."""
    return [
        {
            "contact": row["id"], "field": field, "value": value, "cdate": row["cdate"],
            "udate": row["udate"], "id": value_id(row["id"], field), "owner": row["id"],
        }
        for field, value in row["fields"].items()
    ]  # fmt: skip


def moment(text: str) -> datetime:
    """A time or day from a query; without an offset it is the account's."""
    parsed = datetime.fromisoformat(text.replace(" ", "T"))
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=ACCOUNT_ZONE)).astimezone(UTC)


def subscribe(context: Context, row: Body, number: str, status: str) -> None:
    """Put a contact on a list (1) or off it (2), with when that was."""
    row["lists"][number] = status
    key = f"{row['id']}:{number}"
    found = context.objects.find("contactList", key)
    link: Body = found or {"id": None, "contact": row["id"], "list": number, "seriesid": "0"}
    now = stamp(context)
    link |= {"status": status, "udate": now, "unsubreason": None, "campaign": None, "ip4Sub": "0"}
    # The vendor writes when somebody joined into sdate, and when it last changed into udate.
    link["sdate"] = now if status == "1" else link.get("sdate", now)
    link["updated_timestamp"] = context.received_at.astimezone(ACCOUNT_ZONE).strftime("%F %T")
    context.objects.put("contactList", key, link)


def object_in(context: Context, name: str) -> Body:
    """The object under its name in the request, empty when it is missing."""
    value = (context.request.json() or {}).get(name)
    return value if isinstance(value, dict) else {}


def invalid(title: str, pointer: str = "", code: str = "") -> Answer:
    """422 in the vendor's shape."""
    error: Body = {"title": title, "detail": "", "code": code, "source": {"pointer": pointer}}
    return Answer(422, {"errors": [error]})


def not_found(detail: str) -> Answer:
    """404 in the vendor's shape."""
    return Answer(404, {"errors": [{"status": 404, "title": "Not Found", "detail": detail}]})


def listing(name: str, rows: list[Body], total: int) -> Body:
    """A page of rows with the total as text, as the vendor sends it."""
    return {name: rows, "meta": {"total": str(total)}}


def email_key(value: Any) -> str | None:
    """The address by which contacts are told apart, None when it is none."""
    if not isinstance(value, str) or not EMAIL.fullmatch(value.strip()):
        return None
    return value.strip().lower()


def save(context: Context, email: str, standard: Body, values: dict[str, Any]) -> tuple[Body, bool]:
    """Create or update by email: given values replace, others stay, empty custom ones clear."""
    found = context.objects.find("contact", email)
    row = found or {"id": None, "email": email, "cdate": stamp(context), "fields": {}, "lists": {}}
    for name in ("firstName", "lastName", "phone"):
        if name in standard:
            row[name] = "" if standard[name] is None else str(standard[name])
    for identifier, value in values.items():
        if value is None or value == "":
            row["fields"].pop(identifier, None)
        else:
            row["fields"][identifier] = str(value)
    row["udate"] = stamp(context)
    return context.objects.put("contact", email, row), found is None


def wear(context: Context, contact: str, tag: str) -> Body:
    """Give a contact a tag; the same link comes back when it has it already."""
    key = f"{contact}:{tag}"
    link = {"id": None, "contact": contact, "tag": tag, "cdate": stamp(context)}
    return context.objects.find("contactTag", key) or context.objects.put("contactTag", key, link)


def _values(context: Context, given: Any) -> dict[str, Any] | None:
    """Custom values by field number; None when a row is malformed or its field unknown."""
    rows = [] if given is None else given
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        return None
    values = {str(one.get("field")): one.get("value") for one in rows}
    is_known = all(context.objects.get("field", identifier) for identifier in values)
    return values if is_known else None


def _shown(row: Body) -> Body:
    ids = [value_id(row["id"], field) for field in row["fields"]]
    return {
        **UNTOUCHED,
        **{k: v for k, v in row.items() if k not in ("fields", "lists")},
        "fieldValues": ids,
    }


def _sync(context: Context) -> Answer:
    given = object_in(context, "contact")
    email = email_key(given.get("email"))
    if email is None or context.is_planted_bad(given):
        return invalid(
            "Contact Email Address is not valid.", "/data/attributes/email", "email_invalid"
        )
    values = _values(context, given.get("fieldValues"))
    if values is None:
        return invalid("Field does not exist", "/data/attributes/fieldValues", "field_missing")
    row, is_new = save(context, email, given, values)
    shown = {"fieldValues": values_of(row), "contact": _shown(row)}
    return Answer(201 if is_new else 200, shown)


def _create(context: Context) -> Answer:
    email = email_key(object_in(context, "contact").get("email"))
    if email and context.objects.find("contact", email):
        title = "Email address already exists in the system"
        return invalid(title, "/data/attributes/email", "duplicate")
    return _sync(context)


def _list(context: Context) -> Answer:
    email = context.request.query.get("email")
    since = context.request.query.get("filters[updated_after]")
    if email is None:
        rows = sorted(context.objects.all("contact"), key=lambda one: int(one["id"]))
    else:
        found = context.objects.find("contact", email.strip().lower())
        rows = [found] if found else []
    greater = whole_number(context.request.query.get("id_greater"), 0)
    rows = [
        _shown(one)
        for one in rows
        if int(one["id"]) > greater and (not since or moment(one["udate"]) > moment(since))
    ]
    page = context.page(rows, DEFAULT_PAGE, LARGEST_PAGE)
    return Answer(200, {"scoreValues": [], **listing("contacts", page, len(rows))})


def _missing(identifier: str) -> Answer:
    return Answer(404, {"message": f"No Result found for Subscriber with id {identifier}"})


def _read(context: Context, identifier: str) -> Answer:
    row = context.objects.get("contact", identifier)
    return Answer(200, {"contact": _shown(row)}) if row else _missing(identifier)


def _update(context: Context, identifier: str) -> Answer:
    row = context.objects.get("contact", identifier)
    given = object_in(context, "contact")
    values = _values(context, given.get("fieldValues"))
    if row is None or values is None:
        return _missing(identifier) if row is None else invalid("Field does not exist")
    return Answer(200, {"contact": _shown(save(context, row["email"], given, values)[0])})


def _delete(context: Context, identifier: str) -> Answer:
    if not context.objects.remove("contact", identifier):
        return _missing(identifier)
    for kind in ("contactTag", "contactList"):
        for link in context.objects.all(kind, f"{identifier}:"):
            context.objects.remove(kind, link["id"])
    return Answer(200, {})


def _tags_of(context: Context, identifier: str) -> Answer:
    if context.objects.get("contact", identifier) is None:
        return _missing(identifier)
    return Answer(200, {"contactTags": context.objects.all("contactTag", f"{identifier}:")})


def _lists_of(context: Context, identifier: str) -> Answer:
    if context.objects.get("contact", identifier) is None:
        return _missing(identifier)
    return Answer(200, {"contactLists": context.objects.all("contactList", f"{identifier}:")})


def _values_of(context: Context, identifier: str) -> Answer:
    row = context.objects.get("contact", identifier)
    if row is None:
        return _missing(identifier)
    return Answer(200, {"fieldValues": values_of(row)})


def _set_value(context: Context) -> Answer:
    given = object_in(context, "fieldValue")
    row = context.objects.get("contact", given.get("contact"))
    values = _values(context, [given])
    if row is None or values is None:
        return not_found("Contact or field not found")
    saved, _ = save(context, row["email"], {}, values)
    return Answer(200, {"contacts": [_shown(saved)], "fieldValue": given})


def _join_list(context: Context) -> Answer:
    given = object_in(context, "contactList")
    row = context.objects.get("contact", given.get("contact"))
    if row is None or context.objects.get("list", given.get("list")) is None:
        return not_found("Contact or list not found")
    if str(given.get("status")) not in ("1", "2"):
        return invalid("Missing attribute", "/data/attributes/status")
    subscribe(context, row, str(given["list"]), str(given["status"]))
    context.objects.put("contact", row["email"], row)
    return Answer(200, {"contacts": [_shown(row)], "contactList": given})


ROUTES = (
    route("POST", rf"{BASE}/contact/sync", _sync),
    route("POST", rf"{BASE}/contacts", _create),
    route("GET", rf"{BASE}/contacts", _list),
    route("GET", rf"{BASE}/contacts/(\d+)", _read),
    route("PUT", rf"{BASE}/contacts/(\d+)", _update),
    route("DELETE", rf"{BASE}/contacts/(\d+)", _delete),
    route("GET", rf"{BASE}/contacts/(\d+)/contactTags", _tags_of),
    route("GET", rf"{BASE}/contacts/(\d+)/contactLists", _lists_of),
    route("GET", rf"{BASE}/contacts/(\d+)/fieldValues", _values_of),
    route("POST", rf"{BASE}/fieldValues", _set_value),
    route("POST", rf"{BASE}/contactLists", _join_list),
)
