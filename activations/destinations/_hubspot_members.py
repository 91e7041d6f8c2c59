"""Members of HubSpot's static lists, added and removed list by list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from activations import answers
from activations.connector import Call, Outcome, Request, Row
from activations.errors import RefusedError


def send(call: Call, rows: Sequence[Row]) -> Iterator[Outcome]:
    """Add and remove, list by list. What was moved to another list leaves the one it was in."""
    missing: set[tuple[str, str]] = set()
    no_lists: set[str] = set()
    for name, body in _changes(rows).items():
        path = f"/crm/v3/lists/{name}/memberships/add-and-remove"
        try:
            answer = answers.body(call(Request("PUT", path, json=body)))
        except RefusedError as error:
            if error.code != "404":
                raise
            no_lists.add(name)
            continue
        missing |= {(name, str(one)) for one in answer.get("recordIdsMissing") or []}
    for row in rows:
        place = None if row.operation == "remove" else _place(row.payload)
        if place and place[0] in no_lists:
            message = "there is no such list"
            yield Outcome(row.seq, "rejected", code="LIST_MISSING", message=message)
        elif place in missing:
            message = "there is no such record"
            yield Outcome(row.seq, "rejected", code="RECORD_MISSING", message=message)
        else:
            yield Outcome(row.seq, "acked")


def _changes(rows: Sequence[Row]) -> dict[str, dict[str, list[str]]]:
    """What is asked of each list."""
    changes: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        old, new = _place(row.before), _place(row.payload)
        for place, side in ((new, "recordIdsToAdd"), (old, "recordIdsToRemove")):
            if place and (side == "recordIdsToAdd" or old != new):
                sides: dict[str, list[str]] = {"recordIdsToAdd": [], "recordIdsToRemove": []}
                changes.setdefault(place[0], sides)[side].append(place[1])
    return changes


def _place(values: Mapping[str, Any]) -> tuple[str, str] | None:
    """A membership as list and record."""
    if not values.get("list_id") or not values.get("record_id"):
        return None
    return str(values["list_id"]), str(values["record_id"])
