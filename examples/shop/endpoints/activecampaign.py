"""ActiveCampaign API v3: contacts, fields, tags, lists, bulk import; everything else is read only."""

from __future__ import annotations

from typing import Any

from examples.shop.endpoints import contact_import, contacts, crm
from examples.shop.endpoints.contacts import (
    BASE,
    DEFAULT_PAGE,
    LARGEST_PAGE,
    NOT_FOUND,
    invalid,
    listing,
    not_found,
    object_in,
    stamp,
)
from examples.shop.endpoints.exchange import Answer, Context, dispatch, route
from examples.shop.endpoints.faults import Rule
from examples.shop.endpoints.state import Body, Objects

ACCOUNT_KEY = "shop-activecampaign-token"
FIELD_TYPES = (
    "dropdown", "hidden", "checkbox", "date", "text", "datetime", "textarea", "NULL", "listbox",
    "radio", "number", "currency",
)  # fmt: skip


def prepare(objects: Objects) -> None:
    """What every account starts with: one list."""
    if objects.find("list", "Newsletter") is None:
        objects.put("list", "Newsletter", {"name": "Newsletter", "stringid": "newsletter"})


def answer(context: Context, path: str) -> Answer:
    """Check the Api-Token header, then route."""
    if context.request.headers.get("api-token") != ACCOUNT_KEY:
        return Answer(403, {"message": "Forbidden"})
    return dispatch(ROUTES, context, path) or NOT_FOUND


def rate_limited(context: Context, path: str, rule: Rule) -> Answer:
    """429 with Retry-After, except the bulk importer, which says it as a 400 without any header."""
    if path.startswith(f"{BASE}/import/"):
        reason = "Up to 100 imports may be requested per minute."
        return contact_import.refusal("Rate limit exceeded.", [reason])
    seconds = "1" if rule.retry_after is None else f"{rule.retry_after:g}"
    headers = {"Retry-After": seconds, "RateLimit-Limit": "5", "RateLimit-Remaining": "0"}
    return Answer(429, {"message": "You have exceeded the rate limit."}, headers)


def state(objects: Objects) -> Body:
    """Contacts by email, with field titles and tag names: no number that arrival order decides."""
    fields = {one["id"]: one["title"] for one in objects.all("field")}
    tags = {one["id"]: one["tag"] for one in objects.all("tag")}
    lists = {one["id"]: one["name"] for one in objects.all("list")}
    worn: dict[str, list[str]] = {}
    for one in objects.all("contactTag"):
        worn.setdefault(one["contact"], []).append(str(tags.get(one["tag"])))
    people = {}
    for one in objects.all("contact"):
        standard = {name: one.get(name, "") for name in ("firstName", "lastName", "phone")}
        values = sorted((fields.get(key, key), value) for key, value in one["fields"].items())
        member = sorted((lists.get(key, key), value) for key, value in one["lists"].items())
        people[one["email"]] = {
            **standard,
            "fields": dict(values),
            "tags": sorted(worn.get(one["id"], [])),
            "lists": dict(member),
        }
    return {"contacts": people, "fields": sorted(fields.values()), "tags": sorted(tags.values())}


def _list_fields(context: Context) -> Answer:
    wanted = context.request.query.get("filters[perstag]")
    rows = [one for one in context.objects.all("field") if wanted in (None, one["perstag"])]
    rows.sort(key=lambda one: int(one["id"]))
    body = listing("fields", context.page(rows, DEFAULT_PAGE, LARGEST_PAGE), len(rows))
    return Answer(200, {"fieldOptions": [], "fieldRels": [], **body})


def _create_field(context: Context) -> Answer:
    field = object_in(context, "field")
    title, kind = field.get("title"), field.get("type")
    if not title or kind not in FIELD_TYPES:
        return invalid("Missing attribute", "/data/attributes/" + ("type" if title else "title"))
    if context.objects.find("field", str(title)):
        return invalid("There is already a field with this title", code="duplicate")
    label = "".join(c if c.isalnum() else "_" for c in str(title).upper())
    perstag = field.get("perstag") or label
    moment = stamp(context)
    row = {**field, "id": None, "perstag": perstag, "cdate": moment, "udate": moment}
    made = context.objects.put("field", str(title), row)
    return Answer(201, {"fieldOptions": [], "fieldRels": [], "field": made, "fields": [made]})


def _relate_field(context: Context) -> Answer:
    return Answer(201, {"fieldRel": {**object_in(context, "fieldRel"), "id": "1"}})


def _list_tags(context: Context) -> Answer:
    query = context.request.query
    needle = query.get("search", "").lower()
    exact = query.get("filters[search][eq]")
    rows = [
        one
        for one in context.objects.all("tag")
        if needle in one["tag"].lower() and exact in (None, one["tag"])
    ]
    rows.sort(key=lambda one: int(one["id"]))
    return Answer(200, listing("tags", context.page(rows, DEFAULT_PAGE, LARGEST_PAGE), len(rows)))


def _create_tag(context: Context) -> Answer:
    tag = object_in(context, "tag")
    name: Any = tag.get("tag")
    if not name or not isinstance(name, str):
        return invalid("Missing attribute", "/data/attributes/tag")
    if context.objects.find("tag", name):
        return invalid("Tag already exists", "/data/attributes/tag", code="duplicate")
    kind = tag.get("tagType") or "contact"
    row = {"tag": name, "tagType": kind, "description": tag.get("description") or ""}
    return Answer(201, {"tag": context.objects.put("tag", name, {**row, "cdate": stamp(context)})})


def _tag_contact(context: Context) -> Answer:
    link = object_in(context, "contactTag")
    for name, kind in (("contact", "contact"), ("tag", "tag")):
        if not link.get(name):
            return invalid("Missing attribute", f"/data/attributes/{name}")
        if context.objects.get(kind, link[name]) is None:
            return not_found(f"{name.capitalize()} not found")
    if context.is_planted_bad(link):
        return invalid("The tag was refused", "/data/attributes/tag")
    contact, tag = str(link["contact"]), str(link["tag"])
    return Answer(201, {"contactTag": contacts.wear(context, contact, tag)})


def _untag_contact(context: Context, identifier: str) -> Answer:
    if context.objects.remove("contactTag", identifier):
        return Answer(200, {})
    return Answer(404, {"message": f"No Result found for SubscriberTag with id {identifier}"})


def _list_lists(context: Context) -> Answer:
    rows = context.objects.all("list")
    return Answer(200, listing("lists", context.page(rows, DEFAULT_PAGE, LARGEST_PAGE), len(rows)))


ROUTES = (
    *contacts.ROUTES,
    *contact_import.ROUTES,
    *crm.ROUTES,
    route("GET", rf"{BASE}/fields", _list_fields),
    route("POST", rf"{BASE}/fields", _create_field),
    route("POST", rf"{BASE}/fieldRels", _relate_field),
    route("GET", rf"{BASE}/tags", _list_tags),
    route("POST", rf"{BASE}/tags", _create_tag),
    route("POST", rf"{BASE}/contactTags", _tag_contact),
    route("DELETE", rf"{BASE}/contactTags/(\d+)", _untag_contact),
    route("GET", rf"{BASE}/lists", _list_lists),
)
