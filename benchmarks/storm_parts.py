"""What storms send, and how the endpoint's records of it are read: one part per sync."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from activations.syncs import Sync
from benchmarks import audience

Record = tuple[str, tuple[Any, ...]]  # key and values


@dataclass(frozen=True)
class Part:
    """One sync: how its model is filled and read, and what the endpoint holds of it."""

    sync: Sync
    fill: Callable[[duckdb.DuckDBPyConnection, int], None]
    counter: str  # of the endpoint: counts up with each record it makes
    model: str  # the key and the values that the endpoint ought to hold, as SQL
    held: Callable[[Mapping[str, Any]], Iterator[Record]]
    needle: Callable[[str], str]  # how a row of this key is told in a request's body
    lookup: str = ""  # path by which a message in doubt is looked up

    @property
    def is_send(self) -> bool:
        """Whether a row that arrives twice is one too many."""
        return self.sync.mode == "append"


def _deals(state: Mapping[str, Any]) -> Iterator[Record]:
    names = ("dealname", "dealstage", "amount", "win_probability", "win_probability_reason")
    for key, one in state["hubspot"]["deals"].items():
        yield key.rpartition("=")[2], tuple(one[name] for name in names)


def _contacts(state: Mapping[str, Any]) -> Iterator[Record]:
    for key, one in state["activecampaign"]["contacts"].items():
        fields = dict(one["fields"])
        own = (one["firstName"], one["lastName"], one["phone"], ",".join(sorted(one["tags"])))
        yield key, (*own, fields["Lead score"], fields["Best send hour"])


def _messages(state: Mapping[str, Any]) -> Iterator[Record]:
    for one in state["twilio"]["messages"]:
        yield one["to"], (one["body"], one["send_at"])


PARTS = {
    "deals": Part(
        audience.DEALS,
        audience.make_deals,
        "hubspot/deals",
        "deal_id, dealname, dealstage, cast(amount as varchar), cast(win_probability as varchar), "
        "win_probability_reason",
        _deals,
        lambda key: f'"{key}"',
    ),
    "contacts": Part(
        audience.CONTACTS,
        audience.make_contacts,
        "activecampaign/contact",
        'email, "firstName", "lastName", phone, tags, cast(lead_score as varchar), '
        "cast(best_send_hour as varchar)",
        _contacts,
        lambda key: f'"{key}"',
    ),
    "messages": Part(
        audience.MESSAGES,
        audience.make_messages,
        "twilio/number",
        """ "To", "Body", strftime("SendAt", '%Y-%m-%dT%H:%M:%SZ')""",
        _messages,
        lambda key: f"cart+{key.removeprefix('M-')}+is",
        "Messages.json",
    ),
}
