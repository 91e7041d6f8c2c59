"""One action as the parts that a destination may take: names filled in, moments, owner, whom it is about.

Parts: name, pipeline, stage, amount, amount_cents, currency, owner, contact (their id of the contact), email, title,
due_at, due_on, to, text, data, field, value, tag, verb, list, score, and the contact's names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from activations.actions.rules import Way
from activations.conditions.durations import duration

HOLE = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")
OWNER_OF = ("contact_owner", "deal_owner", "account_owner")


class NotYetError(Exception):
    """A fact is missing that may still come; the action waits."""


class NeverError(Exception):
    """There is nothing to do it to."""


@dataclass(frozen=True)
class Action:
    """A row of `journeys.actions` with what is known about its contact."""

    action_id: str
    journey: str
    step_id: str
    contact_id: str
    kind: str
    body: Mapping[str, Any]
    planned_at: datetime
    contact: Mapping[str, Any]
    entry: Mapping[str, Any]
    owner: str | None = None
    vendor_contact: str | None = None
    tags: str | None = None


def holes(text: str) -> list[str]:
    """The names in braces of a text."""
    return HOLE.findall(text)


def fill(text: str, action: Action) -> str:
    """The text with the contact's fields, and `entry.<property>`, in place of names in braces; nothing where empty."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name.startswith("entry."):
            known = action.entry.get(name.removeprefix("entry."))
        else:
            known = action.contact.get(name)
        return "" if known is None else str(known)

    return " ".join(HOLE.sub(value, text).split())


def owner_of(body: Mapping[str, Any], turn: str | None, contacts: str | None) -> str | None:
    """Who has it: by turns, or who has the contact, or the name that the step gives."""
    if body.get("owners"):
        return turn
    said = body.get("owner")
    return contacts if said in OWNER_OF else said


def of(action: Action, way: Way) -> dict[str, Any]:
    """The parts of an action, in the destination's names."""
    body, contact = action.body, action.contact
    first, last = contact.get("first_name"), contact.get("last_name")
    found: dict[str, Any] = {
        "email": contact.get("email"),
        "first_name": first,
        "last_name": last,
        "full_name": " ".join(part for part in (first, last) if part) or contact.get("email"),
        "contact_id": action.contact_id,
        "contact": action.vendor_contact,
        "asked_in": f"{action.journey}/{action.step_id}",
        "owner": action.owner,
        "tags": action.tags,
        "currency": way.route.currency,
    }
    found |= {
        name: body.get(name) for name in ("pipeline", "stage", "amount", "to", "field", "score")
    }
    if way.kind == "deal":
        found["name"] = fill(body.get("name") or "", action) or found["full_name"]
        amount = body.get("amount")
        found["amount_cents"] = round((amount or 0) * 100)
    elif way.kind == "task":
        due = action.planned_at + timedelta(
            seconds=duration(body.get("due") or "1 day").total_seconds
        )
        found |= {"title": fill(body["title"], action), "due_at": f"{due:%Y-%m-%dT%H:%M:%SZ}"}
        found["due_on"] = f"{due:%Y-%m-%d}"
    elif way.kind == "notify":
        found["text"] = fill(body["text"], action)
    elif way.kind == "webhook":
        found["data"] = json.dumps(body.get("data") or {}, sort_keys=True)
    elif way.kind == "field":
        value = body.get("value")
        found["value"] = found[way.field or ""] = None if value is None else str(value)
    elif way.kind in ("tag", "list"):
        adds = body.get("add_tag") or body.get("add_to_list")
        found[way.kind] = adds or body.get("remove_tag") or body.get("remove_from_list")
        found["verb"] = "add" if adds else "remove"
    elif way.kind == "score":
        found["value"] = body.get("add")
    for part in ("owner", "pipeline", "stage", "to", "list"):
        if found.get(part):
            found[part] = way.route.named(part, str(found[part]))
    return found
