"""HubSpot's CRM objects: batch upsert and update with partial errors, read, archive, properties."""

from __future__ import annotations

from typing import Any

from examples.shop.endpoints.exchange import Answer, Context, dispatch, route, whole_number
from examples.shop.endpoints.faults import Rule
from examples.shop.endpoints.hubspot_batch import (
    key_of,
    moment,
    problem,
    requested,
    shown,
    update,
    upsert,
)
from examples.shop.endpoints.state import Body, Objects

ACCOUNT_KEY = "shop-hubspot-token"
TYPES = "contacts|companies|deals|tickets|tasks"
MOST_TIES = 2000
OBJECTS = rf"/crm/(?:v3/objects|objects/v3|objects/\d{{4}}-\d{{2}})/({TYPES})"
PROPERTIES = rf"/crm/(?:v3/properties|properties/v3|properties/\d{{4}}-\d{{2}})/({TYPES})"
TEXTS = {
    "contacts": ("email", "firstname", "lastname", "phone", "company", "lifecyclestage"),
    "companies": ("name", "domain", "industry", "country"),
    "tasks": (
        "hs_task_subject", "hs_timestamp", "hs_task_status", "hubspot_owner_id", "millrace_task_id",
    ),
    "tickets": ("subject", "content", "hs_pipeline", "hs_pipeline_stage"),
    "deals": (
        "dealname", "pipeline", "dealstage", "closedate", "dealtype", "description",
        "hubspot_owner_id", "deal_currency_code", "millrace_deal_id", "win_probability_reason",
    ),
}  # fmt: skip
NUMBERS = {"deals": ("amount", "win_probability")}
UNIQUE = (
    "contacts/email", "companies/domain", "deals/millrace_deal_id", "tasks/millrace_task_id",
)  # fmt: skip


def prepare(objects: Objects) -> None:
    """The account as its owner set it up: the vendor's properties and three own ones of deals."""
    for kind, names in TEXTS.items():
        for name in names + NUMBERS.get(kind, ()):
            key = f"{kind}/{name}"
            if objects.find("property", key) is None:
                number = name in NUMBERS.get(kind, ())
                row = {"name": name, "label": name, "type": "number" if number else "string"}
                objects.put("property", key, {**row, "hasUniqueValue": key in UNIQUE})


def answer(context: Context, path: str) -> Answer:
    """Check the bearer key, then route."""
    if context.request.headers.get("authorization") != f"Bearer {ACCOUNT_KEY}":
        message = "Authentication credentials not found or not valid."
        return problem(401, "INVALID_AUTHENTICATION", message)
    if context.request.method in ("POST", "PATCH") and context.request.json() is None:
        return problem(400, "VALIDATION_ERROR", "Invalid input JSON")
    return dispatch(ROUTES, context, path) or problem(404, "OBJECT_NOT_FOUND", "resource not found")


def rate_limited(context: Context, path: str, rule: Rule) -> Answer:
    """429 with the policy's name, and Retry-After only when the rule says so."""
    more = {"policyName": "TEN_SECONDLY_ROLLING", "errorType": "RATE_LIMIT"}
    refused = problem(
        429, "RATE_LIMITS", "You have reached your ten_secondly_rolling limit.", **more
    )
    headers = {"X-HubSpot-RateLimit-Remaining": "0"}
    if rule.retry_after is not None:
        headers["Retry-After"] = f"{rule.retry_after:g}"
    return Answer(429, refused.body, headers)


def state(objects: Objects) -> Body:
    """Per object type, the properties by unique key: no id that arrival order decides."""
    result: Body = {}
    for kind in TYPES.split("|"):
        rows = ((key_of(kind, one), one["properties"]) for one in objects.all(kind))
        result[kind] = {key: dict(sorted(properties.items())) for key, properties in sorted(rows)}
    result["associations"] = sorted(
        _tied(objects, one["ends"]) for one in objects.all("association")
    )
    return result


def _tied(objects: Objects, ends: list[list[str]]) -> list[str]:
    """What a pair ties, by the objects' own keys; what was archived since has none."""
    found = ((kind, objects.get(kind, number)) for kind, number in ends)
    return [f"{kind} {key_of(kind, row) if row else '(archived)'}" for kind, row in found]


def _find(context: Context, kind: str, identifier: str, id_property: str | None) -> Body | None:
    if not id_property or id_property == "hs_object_id":
        return context.objects.get(kind, identifier)
    return context.objects.find(kind, f"{id_property}={identifier}")


def _read(context: Context, kind: str, identifier: str) -> Answer:
    found = _find(context, kind, identifier, context.request.query.get("idProperty"))
    if found is None:
        return problem(404, "OBJECT_NOT_FOUND", f"No {kind} object with id {identifier}")
    return Answer(200, shown(found, requested(context.request.query.get("properties"))))


def _list(context: Context, kind: str) -> Answer:
    query = context.request.query
    size = min(max(whole_number(query.get("limit"), 10), 1), 100)
    after = whole_number(query.get("after"), 0)
    rows = sorted(context.objects.all(kind), key=lambda one: int(one["id"]))
    rows = [one for one in rows if int(one["id"]) > after]
    page = [shown(one, requested(query.get("properties"))) for one in rows[:size]]
    body: Body = {"results": page}
    if len(rows) > size:
        body["paging"] = {"next": {"after": page[-1]["id"]}}
    return Answer(200, body)


def _archive(context: Context, kind: str, identifier: str) -> Answer:
    context.objects.remove(kind, identifier)
    return Answer(204)


def _archive_batch(context: Context, kind: str) -> Answer:
    for one in (context.request.json() or {}).get("inputs", []):
        context.objects.remove(kind, one.get("id"))
    return Answer(204)


def _read_batch(context: Context, kind: str) -> Answer:
    body = context.request.json() or {}
    ids = [str(one.get("id")) for one in body.get("inputs", [])]
    found = [(one, _find(context, kind, one, body.get("idProperty"))) for one in ids]
    results = [shown(row, body.get("properties")) for _, row in found if row]
    missing = [identifier for identifier, row in found if row is None]
    answer: Body = {"status": "COMPLETE", "results": results}
    if missing:
        error = {"status": "error", "category": "OBJECT_NOT_FOUND", "context": {"ids": missing}}
        answer |= {"numErrors": 1, "errors": [error]}
    return Answer(207 if missing else 200, answer)


def _associate(context: Context, kind: str, other: str) -> Answer:
    """Tie pairs of objects; a pair that is tied stays so, and one that names nobody fails the whole batch."""
    inputs = (context.request.json() or {}).get("inputs") or []
    if len(inputs) > MOST_TIES:
        return problem(400, "VALIDATION_ERROR", f"The maximum number of inputs is {MOST_TIES}")
    for one in inputs:
        ends = [(kind, str(one["from"]["id"])), (other, str(one["to"]["id"]))]
        if lost := [name for place, name in ends if context.objects.get(place, name) is None]:
            return problem(400, "VALIDATION_ERROR", f"{lost[0]} is no valid object id")
        key = "/".join(f"{place} {name}" for place, name in ends)
        known = context.objects.find("association", key) or {"id": None}
        context.objects.put("association", key, {**known, "ends": ends})
    return Answer(200, {"status": "COMPLETE", "results": inputs})


def _list_properties(context: Context, kind: str) -> Answer:
    return Answer(200, {"results": context.objects.all("property", f"{kind}/")})


def _read_property(context: Context, kind: str, name: str) -> Answer:
    found = context.objects.find("property", f"{kind}/{name}")
    missing = problem(404, "OBJECT_NOT_FOUND", f"Property {name} does not exist")
    return Answer(200, found) if found else missing


def _create_property(context: Context, kind: str) -> Answer:
    given: Any = context.request.json()
    needed = [
        name for name in ("name", "label", "type", "fieldType", "groupName") if not given.get(name)
    ]
    if needed:
        return problem(400, "VALIDATION_ERROR", f"Some required fields were not set: {needed}")
    key = f"{kind}/{given['name']}"
    if context.objects.find("property", key):
        return problem(409, "CONFLICT", f"A property named '{given['name']}' already exists.")
    row = {"hasUniqueValue": False, **given, "createdAt": moment(context), "id": None}
    return Answer(201, context.objects.put("property", key, row))


ROUTES = (
    route("POST", rf"/crm/v4/associations/({TYPES})/({TYPES})/batch/associate/default", _associate),
    route("POST", rf"{OBJECTS}/batch/upsert", upsert),
    route("POST", rf"{OBJECTS}/batch/update", update),
    route("POST", rf"{OBJECTS}/batch/read", _read_batch),
    route("POST", rf"{OBJECTS}/batch/archive", _archive_batch),
    route("GET", OBJECTS, _list),
    route("GET", rf"{OBJECTS}/([^/]+)", _read),
    route("DELETE", rf"{OBJECTS}/([^/]+)", _archive),
    route("GET", PROPERTIES, _list_properties),
    route("POST", PROPERTIES, _create_property),
    route("GET", rf"{PROPERTIES}/([^/]+)", _read_property),
)
