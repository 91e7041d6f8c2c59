"""Which destination serves what journeys ask for; one file says it, `models/journeys/_actions.yml`.

A step's `destination` names a place (`crm`, `slack`, `webhook`); the place says for each kind who takes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from activations import destinations
from activations.connector import Takes
from activations.outbox.rules import Duration, Strict, parse

FILE = "_actions.yml"
KINDS = ("contact", "deal", "task", "notify", "webhook", "field", "tag", "list", "score")
Kind = Literal["contact", "deal", "task", "notify", "webhook", "field", "tag", "list", "score"]
MOVE = "deal_move"
"""A deal that no journey made, moved: it goes where a place's deals go."""
NAMED = ("owner", "pipeline", "stage", "to", "list")
# How an `update` says which of the kinds it is.
UPDATES = {
    "field": "field",
    "add_tag": "tag",
    "remove_tag": "tag",
    "add_to_list": "list",
    "remove_from_list": "list",
    "score": "score",
}


class Route(Strict):
    """Who takes a kind of action: the destination, what it calls our names, and columns that never differ."""

    to: str
    names: dict[str, dict[str, str]] = Field(default_factory=dict)
    """By part (owner, pipeline, stage, to, list): our name, and the destination's."""
    constants: dict[str, str] = Field(default_factory=dict, alias="with")
    currency: str | None = None

    @field_validator("to")
    @classmethod
    def _is_known(cls, name: str) -> str:
        destinations.connector(name)
        return name

    @field_validator("names")
    @classmethod
    def _are_parts(cls, names: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        if wrong := sorted(set(names) - set(NAMED)):
            raise ValueError(f"names are of {', '.join(NAMED)}, not of {wrong[0]}")
        return names

    def named(self, part: str, ours: str) -> str:
        """What the destination calls it; an owner of its own CRM goes by its id there."""
        known = self.names.get(part, {})
        if ours in known:
            return known[ours]
        return ours.removeprefix(f"{self.to.split('_')[0]}:") if part == "owner" else ours


class Actions(Strict):
    """All routes, and how long an action is worth delivering."""

    expires_after: Duration = timedelta(days=3)
    places: dict[str, dict[Kind, Route]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _are_taken(self) -> Actions:
        for place, routes in self.places.items():
            for kind, route in routes.items():
                taken = destinations.connector(route.to).takes
                if kind not in taken:
                    there = ", ".join(taken) or "none of it"
                    raise ValueError(f"{place}.{kind}: {route.to} takes {there}, not {kind}")
        return self

    def route(self, place: str | None, kind: str) -> Route | None:
        """Who takes it; None where the file does not say."""
        routes: dict[str, Route] = dict(self.places.get(place or "", {}).items())
        return routes.get(kind)

    @property
    def expires_seconds(self) -> float:
        """After so long an action that nobody took is given up."""
        return self.expires_after.total_seconds()


@dataclass(frozen=True)
class Way:
    """One sync of actions: a place, a kind, and for fields which one."""

    place: str
    kind: str
    route: Route
    takes: Takes
    field: str | None = None

    @property
    def name(self) -> str:
        """The sync's name."""
        return "_".join([self.named(self.kind), *([self.field] if self.field else [])])

    def named(self, kind: str) -> str:
        """The name of the sync of another kind of the same place."""
        return f"actions_{self.place}_{kind}"


def load(project: Path) -> Actions:
    """The file's rules; raises DefinitionError naming file, key and fix."""
    path = project / "models" / "journeys" / FILE
    return parse(path, Actions) if path.exists() else Actions()


def kind_of(kind: str, body: dict[str, Any]) -> str:
    """The kind by which the file knows an action of `journeys.actions`."""
    if kind != "update":
        return kind
    return next(found for name, found in UPDATES.items() if body.get(name) is not None)


def unserved(rules: Actions, kind: str, place: str, body: dict[str, Any]) -> str | None:
    """Why nobody would deliver such an action, in words; None where somebody does."""
    sort = kind_of(kind, body)
    if rules.route(place, sort) is None:
        return (
            f"nobody takes {sort} of {place}; add places.{place}.{sort} to models/journeys/{FILE}"
        )
    route = rules.route(place, sort)
    if body.get("url"):
        return "the receiver's address is MILLRACE_SIGNED_WEBHOOK_URL; leave `url` out"
    if body.get("remove_from_list") and route is not None and route.to != "webhook":
        return f"{route.to} takes nobody off a list"
    return None
