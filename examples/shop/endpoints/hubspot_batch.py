"""HubSpot's batch writes: at most 100 objects; a row fails alone only if all rows are traceable."""

from __future__ import annotations

import uuid
from datetime import UTC
from typing import Any

from examples.shop.endpoints.exchange import Answer, Context
from examples.shop.endpoints.state import Body

MOST_INPUTS = 100


def moment(context: Context) -> str:
    """The account's clock as HubSpot writes times."""
    return context.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def problem(status: int, category: str, message: str, **more: Any) -> Answer:
    """An error as HubSpot writes it; nothing of the request was done."""
    correlation = str(uuid.uuid5(uuid.NAMESPACE_OID, message))
    body = {"status": "error", "message": message, "correlationId": correlation}
    return Answer(status, {**body, "category": category, **more})


def requested(names: str | None) -> list[str] | None:
    """The property names in a query, None when it names none."""
    return [name for name in names.split(",") if name] if names else None


def key_of(kind: str, row: Body) -> str:
    """The unique value under which an object was written."""
    return str(row["key"]).partition("=")[2] or f"{kind} {row['id']}"


def shown(row: Body, names: list[str] | None = None) -> Body:
    """An object as HubSpot returns it, all its properties or the named ones."""
    properties = row["properties"]
    if names is not None:
        properties = {name: properties.get(name) for name in names}
    times = {"createdAt": row["createdAt"], "updatedAt": row["updatedAt"]}
    properties = {**properties, "hs_object_id": row["id"]}
    return {"id": row["id"], "properties": properties, **times, "archived": False}


def _malformed(context: Context, kind: str, inputs: Any, needed: tuple[str, ...]) -> Answer | None:
    """What fails the whole batch, whatever its rows say."""
    if not isinstance(inputs, list) or not inputs:
        return problem(400, "VALIDATION_ERROR", "Invalid input JSON: inputs must not be empty")
    if len(inputs) > MOST_INPUTS:
        return problem(400, "VALIDATION_ERROR", f"The maximum number of inputs is {MOST_INPUTS}")
    for one in inputs:
        is_complete = isinstance(one, dict) and all(one.get(name) for name in needed)
        if not is_complete or not isinstance(one.get("properties"), dict):
            message = f"Invalid input JSON: each input needs {', '.join(needed)} and properties"
            return problem(400, "VALIDATION_ERROR", message)
    for name in sorted({str(one["idProperty"]) for one in inputs if one.get("idProperty")}):
        known = context.objects.find("property", f"{kind}/{name}")
        if known is None or not known["hasUniqueValue"]:
            message = f"Unable to perform update/upsert by non-unique property {name}"
            return problem(400, "VALIDATION_ERROR", message)
    keys = [_key(one) for one in inputs]
    if len(set(keys)) < len(keys):
        return problem(409, "CONFLICT", "Duplicate IDs found in batch input")
    return None


def _key(one: Body) -> str:
    """How the object is found: a unique property and its value, else the object's own id."""
    return f"{one.get('idProperty') or 'hs_object_id'}={one['id']}"


def _flaw(types: dict[str, str], one: Body) -> str | None:
    """What keeps one row from being written."""
    for name, value in one["properties"].items():
        if name not in types:
            return f'Property "{name}" does not exist'
        if types[name] == "number" and value not in (None, ""):
            try:
                float(value)
            except (TypeError, ValueError):
                return f"{value} was not a valid number for {name}"
    return None


def _find(context: Context, kind: str, one: Body) -> Body | None:
    if one.get("idProperty"):
        return context.objects.find(kind, _key(one))
    return context.objects.get(kind, one["id"])


def _write(context: Context, kind: str, one: Body) -> Body:
    key = _key(one)
    found = _find(context, kind, one)
    row = found or {"id": None, "key": key, "createdAt": moment(context), "properties": {}}
    given = dict(one["properties"])
    if found is None:
        given[one["idProperty"]] = one["id"]
    for name, value in given.items():
        if value is None or value == "":
            row["properties"].pop(name, None)
        else:
            row["properties"][name] = str(value)
    row["updatedAt"] = moment(context)
    written = {**shown(context.objects.put(kind, row["key"], row)), "new": found is None}
    trace = one.get("objectWriteTraceId")
    return {**written, "objectWriteTraceId": trace} if trace else written


def upsert(context: Context, kind: str) -> Answer:
    """Create or update each input by its unique property."""
    return _batch(context, kind, needed=("id", "idProperty"))


def update(context: Context, kind: str) -> Answer:
    """Update each input, by unique property or by its own id; an unknown one is an error."""
    return _batch(context, kind, needed=("id",))


def _batch(context: Context, kind: str, needed: tuple[str, ...]) -> Answer:
    """200: all rows written, 207: some, 400: none, as a bad one cannot be told apart."""
    inputs: Any = (context.request.json() or {}).get("inputs")
    if malformed := _malformed(context, kind, inputs, needed):
        return malformed
    prefix = f"{kind}/"
    types = {one["name"]: one["type"] for one in context.objects.all("property", prefix)}
    flaws = [_flaw(types, one) for one in inputs]
    for place, one in enumerate(inputs):
        is_lost = "idProperty" not in needed and _find(context, kind, one) is None
        if flaws[place] is None and (is_lost or context.is_planted_bad(one)):
            flaws[place] = "Could not get some objects" if is_lost else "The value was refused"
    traces = [one.get("objectWriteTraceId") for one in inputs]
    first = next((flaw for flaw in flaws if flaw), None)
    if first and (None in traces or len(set(traces)) < len(traces)):
        return problem(400, "VALIDATION_ERROR", first)
    pairs = list(zip(inputs, flaws, strict=True))
    errors = [
        {
            "status": "error",
            "category": "VALIDATION_ERROR",
            "message": flaw,
            "context": {"objectWriteTraceId": [one["objectWriteTraceId"]]},
        }
        for one, flaw in pairs
        if flaw
    ]
    results = [_write(context, kind, one) for one, flaw in pairs if flaw is None]
    times = {"startedAt": moment(context), "completedAt": moment(context)}
    body: Body = {"status": "COMPLETE", "results": results, **times}
    if errors:
        return Answer(207, {**body, "numErrors": len(errors), "errors": errors})
    return Answer(200, body)
