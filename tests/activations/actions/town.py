"""A journey that makes and moves deals, and the scripted vendors of the conformance suite that take them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from activations.actions.dispatch import Handed, dispatch
from activations.actions.rules import Actions
from activations.run import Tools
from tests.activations.conftest import Clock
from tests.activations.journeys.world import World, at
from tests.activations.scripted import Adapter, Answer, Vendor, path_of
from tests.activations.vendors import kinds
from tests.activations.vendors.activecampaign import ActiveCampaign
from tests.activations.vendors.activecampaign_crm import Crm
from tests.activations.vendors.pipedrive import Pipedrive
from tests.activations.vendors.webhook import Receiver
from warehouse.connection import connect
from warehouse.settings import Settings, load

JOURNEY = """
    entry: {trigger: {becomes: {score: lead, gte: 60}}, existing: ignore, reentry: {policy: always}}
    steps:
      - deal: {id: opened, pipeline: sales, stage: qualified, amount: 40.0}
      - wait: {id: while_hot, until: {event: signed, since: entry}, or_after: 30 days}
        met:
          - deal: {id: closed, pipeline: sales, stage: won, move: true}
"""
NAMES = {"pipeline": {"sales": "2"}, "stage": {"qualified": "7", "won": "9"}}


@dataclass(frozen=True)
class Trade:
    """How one destination takes deals: the file's routes, its servers by path, and the deals it holds."""

    place: Mapping[str, Any]
    servers: Callable[[], dict[str, Vendor]]
    destinations: tuple[str, ...]
    deals: Callable[[Mapping[str, Vendor]], list[tuple[str, str]]]
    """(name, stage) of each deal."""


TRADES = {
    "activecampaign_crm": Trade(
        {
            "contact": {"to": "activecampaign"},
            "deal": {"to": "activecampaign_crm", "names": NAMES, "currency": "EUR"},
        },
        lambda: {"/api/3/deals": Crm(), "/api/3/": ActiveCampaign()},
        ("activecampaign", "activecampaign_crm"),
        lambda at: [(one["title"], one["stage"]) for one in at["/api/3/deals"].records],  # type: ignore[attr-defined]
    ),
    "pipedrive": Trade(
        {"contact": {"to": "pipedrive"}, "deal": {"to": "pipedrive", "names": NAMES}},
        lambda: {"/api/v2/persons": Pipedrive(), "/api/v2/deals": Pipedrive()},
        ("pipedrive",),
        lambda at: [
            (one["title"], str(one["stage_id"]))
            for one in at["/api/v2/deals"].records.values()  # type: ignore[attr-defined]
        ],
    ),
    "webhook": Trade(
        {"deal": {"to": "webhook", "names": NAMES}},
        lambda: {"/in": Receiver()},
        ("webhook",),
        lambda at: [(one["name"], one["stage"]) for one in at["/in"].rows.values()],  # type: ignore[attr-defined]
    ),
}


@dataclass
class Row(Vendor):
    """Several servers behind one transport, told apart by path."""

    servers: dict[str, Vendor] = field(default_factory=dict)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        path = path_of(request)
        return next(s for start, s in self.servers.items() if path.startswith(start)).answer(
            request
        )


@dataclass
class Town:
    """An installation in which contacts get hot, and where their deals go."""

    settings: Settings
    trade: Trade
    servers: dict[str, Vendor]
    environ: dict[str, str]
    clock: Clock = field(default_factory=Clock)

    def happens(
        self, moment: datetime, what: Callable[[World], object] = lambda world: None
    ) -> None:
        """Something in the world, and the tick that sees it."""
        with connect(self.settings) as con:
            world = World(con)
            what(world)
            assert world.tick(moment).broken == {}

    def hand_over(self, moment: datetime) -> dict[str, Handed]:
        """What one hand-over did, by sync."""
        rules = Actions.model_validate(
            {"expires_after": "30 days", "places": {"crm": self.trade.place}}
        )
        tools = Tools(self.clock.timer(), Adapter(Row(servers=self.servers)), parallel=1)
        return {
            one.sync: one
            for one in dispatch(self.settings, rules, moment, self.environ, tools=tools)
        }

    @property
    def desk(self) -> Vendor:
        """The server that takes deals: the first."""
        return next(s for start, s in self.servers.items() if "persons" not in start)

    @property
    def deals(self) -> list[tuple[str, str]]:
        """(name, stage) of every deal at the vendor."""
        return sorted(self.trade.deals(self.servers))

    @property
    def states(self) -> list[str]:
        """The states of all actions, in the order of asking."""
        with connect(self.settings) as con:
            return [
                row[0]
                for row in con.execute(
                    "select coalesce(s.state, 'none') from journeys.actions as a "
                    "left join journeys.action_states as s using (action_id) order by a.planned_at, a.contact_id"
                ).fetchall()
            ]


@contextmanager
def town(folder: Path, name: str) -> Iterator[Town]:
    """Ada and Ben, neither hot, the journey published, and the vendors of a trade."""
    trade = TRADES[name]
    environ = {"MILLRACE_HOME": str(folder), "MILLRACE_THREADS": "1"}
    for kind in kinds().values():
        if kind.destination in trade.destinations:
            environ |= kind.environ
            # What is not there a minute after the attempt never arrived; here a minute is nothing.
            environ[f"MILLRACE_{kind.destination.partition('_')[0].upper()}_RATE_SCALE"] = "1000000"
    made = Town(load(environ), trade, trade.servers(), environ)
    with connect(made.settings) as con:
        world = World(con)
        con.execute("alter table marts.dim_contacts add column last_name varchar")
        con.execute("alter table marts.dim_deals add column owner_id varchar")
        con.execute("alter table marts.dim_deals add column created_at timestamp")
        con.execute("alter table marts.dim_deals add column source_system varchar")
        con.execute("alter table marts.dim_deals add column pipeline varchar")
        world.contacts("ada", "ben", last_name="Doe")
        world.publish(JOURNEY)
        world.tick(at())
    yield made
