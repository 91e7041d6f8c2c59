"""Open actions in a warehouse of their own, and the sample shop's vendors on a real socket to deliver them to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from activations import tables
from activations.actions.dispatch import Handed, dispatch
from activations.actions.rules import Actions
from activations.journeys import story
from activations.journeys import tables as journeys
from activations.run import Tools
from examples.shop.endpoints import Running, serve
from tests.activations.conftest import Clock
from warehouse.clock import naive
from warehouse.connection import connect
from warehouse.settings import Settings, load

AS_OF = datetime(2026, 6, 30, 12, tzinfo=UTC)
OWNERS = {"north": "101", "south": "102", "east": "103"}
RULES = {
    "places": {
        "crm": {
            "contact": {"to": "hubspot"},
            "deal": {"to": "hubspot", "names": {"owner": OWNERS, "stage": {"won": "closedwon"}}},
            "task": {"to": "hubspot", "names": {"owner": OWNERS}},
            "field": {"to": "activecampaign"},
            "tag": {"to": "activecampaign"},
        },
        "slack": {"notify": {"to": "slack", "names": {"to": {"#sales": "C0SALES"}}}},
    }
}
DEAL = {"pipeline": "sales", "stage": "qualified", "name": "{first_name} {last_name}"}
TASK = {"title": "Call {first_name}", "due": "1 hour"}
NOTE = {"to": "#sales", "text": "{first_name} is hot"}
MARTS = """
    create schema if not exists marts;
    create table marts.dim_contacts (contact_id varchar, email varchar, phone varchar, first_name varchar,
        last_name varchar);
    create table marts.dim_deals (deal_id varchar, contact_id varchar, owner_id varchar, status varchar,
        created_at timestamp, source_system varchar, pipeline varchar);
"""


@dataclass
class Desk:
    """The installation and its vendors."""

    settings: Settings
    shop: Running
    environ: dict[str, str]
    clock: Clock = field(default_factory=Clock)
    asked: int = 0

    def contacts(self, *names: str) -> None:
        """People with an address and a name."""
        with connect(self.settings) as con:
            for name in names:
                con.execute(
                    "insert into marts.dim_contacts values (?, ?, null, ?, 'Doe')",
                    [name, f"{name}@mail.example", name.title()],
                )

    def ask(
        self, contact: str, kind: str, body: dict[str, Any], *, place: str = "crm", stay: str | None = None,
        at: datetime = AS_OF,
    ) -> str:  # fmt: skip
        """One action of a journey, as a tick writes it; returns its id."""
        self.asked += 1
        action = f"action{self.asked:04d}"
        row = [
            action,
            "hot",
            stay or f"stay-{contact}",
            f"step{self.asked}",
            1,
            contact,
            kind,
            place,
        ]
        with connect(self.settings) as con:
            con.execute(
                f"insert into {journeys.t('actions')} values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*row, json.dumps(body, separators=(",", ":")), naive(at)],
            )
        return action

    def dispatch(
        self, at: datetime = AS_OF, rules: dict[str, Any] | None = None
    ) -> dict[str, Handed]:
        """What one hand-over did, by sync."""
        known = Actions.model_validate(RULES if rules is None else rules)
        tools = Tools(timer=self.clock.timer(), parallel=1)
        done = dispatch(self.settings, known, at, self.environ, tools=tools)
        return {one.sync: one for one in done}

    def states(self) -> dict[str, tuple[str, str]]:
        """State and reason by action."""
        return {
            row[0]: row[1:]
            for row in self.query("select action_id, state, reason from journeys.action_states")
        }

    def owners(self) -> dict[str, str]:
        """Owner by action."""
        return dict(self.query("select action_id, owner from journeys.action_states"))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.settings) as con:
            return con.execute(sql).fetchall()

    def why(self, contact: str) -> list[str]:
        """What a journey's story tells of a contact."""
        with connect(self.settings) as con:
            return [str(one) for one in story.of_contact(con, contact)]

    def sent(self, after: int = 0) -> list[dict[str, Any]]:
        """Requests that write, in order."""
        return [one for one in self.shop.requests(after) if one["method"] != "GET"]


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """An installation with nothing asked, and the vendors."""
    with serve() as shop:
        environ = {"MILLRACE_HOME": str(folder), "MILLRACE_THREADS": "1", **shop.environment()}
        made = Desk(load({**environ, "MILLRACE_AS_OF": AS_OF.isoformat()}), shop, environ)
        with connect(made.settings) as con:
            tables.ensure(con)
            journeys.ensure(con)
            con.execute(MARTS)
        yield made


__all__ = ["AS_OF", "DEAL", "NOTE", "TASK", "Desk", "desk"]
