"""The dispatcher: proposes, decides, renders and hands messages over through the delivery engine, channel by channel.

The warehouse is held for the decisions and once more for the plan, which reads permissions anew; never while anything
is rendered or sent. What the engine guarantees holds for messages too: intent before request, never sent twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from activations import destinations, tables
from activations.errors import CredentialsError, DefinitionError
from activations.outbox import campaign, choices, confirmations, handover, recall, replies
from activations.outbox.arbitrate import arbitrate
from activations.outbox.definitions import Definitions
from activations.outbox.permission import CONFIRMATION, FORM, TRANSACTIONAL
from activations.outbox.render import Addressee, Rendered, RenderError, choose, render
from activations.outbox.rules import Channel as ChannelRule
from activations.outbox.rules import ChannelName
from activations.outbox.states import UNSENT, decide, listed
from activations.outbox.template import Message
from activations.plan import Plan
from activations.run import Hooks, Opening, SyncResult, Tools, clear_up, run_prepared
from activations.syncs import Sync
from warehouse.connection import connect
from warehouse.dialect import literal
from warehouse.errors import WarehouseError
from warehouse.manifest import Manifest
from warehouse.settings import Settings

ROUND = 5_000  # messages per plan: permissions are at most one round old
MOST_ROUNDS = 200


@dataclass(frozen=True)
class Dispatch:
    """What one dispatch of one channel did: decisions by name, deliveries by outcome, and why it stopped early."""

    channel: str
    destination: str
    verdicts: Mapping[str, int]
    counts: Mapping[str, int]
    unrendered: int = 0
    recalled: int = 0
    requests: int = 0
    reason: str | None = None

    @property
    def summary(self) -> str:
        """One line for a log."""
        parts = [
            f"{name} {count:,}"
            for name, count in sorted({**self.verdicts, **self.counts}.items())
            if count
        ]
        text = ", ".join(parts) or "nothing to do"
        return f"{text} ({self.reason})" if self.reason else text


def dispatch(
    settings: Settings,
    defined: Definitions,
    manifest: Manifest,
    as_of: datetime,
    environ: Mapping[str, str],
    *,
    tools: Tools | None = None,
) -> list[Dispatch]:
    """Dispatch every channel of the rules. Raises DefinitionError, or BusyError while the warehouse stays locked."""
    with connect(settings) as con:
        tables.ensure(con)
    channels = [
        ChannelDispatch(settings, defined, as_of, environ, tools or Tools(), name)
        for name in defined.rules.channels
    ]
    for channel in channels:
        channel.clear_up()
    with connect(settings) as con:
        handover.receipts(con, as_of)
        prepare(con, defined, manifest, as_of)
        verdicts = arbitrate(con, defined.rules, as_of)
    for channel in channels:
        channel.verdicts = verdicts.of(channel.name)
    return [channel.run() for channel in channels]


def prepare(
    con: duckdb.DuckDBPyConnection, defined: Definitions, manifest: Manifest, as_of: datetime
) -> int:
    """Put what campaigns, forms and questions want into the outbox, and choose hours and variants where they are open.

    Returns how many messages are new.
    """
    new = campaign.run(con, defined.campaigns, defined.messages, manifest, defined.rules, as_of)
    new += confirmations.run(con, defined.messages, as_of)
    new += replies.run(con, defined.messages, as_of)
    choices.choose(con, defined.messages, defined.rules, as_of)
    for message in defined.messages.values():
        if message.expires_after:
            seconds = int(message.expires_after.total_seconds())
            con.execute(
                f"update activations.outbox set expires_at = due_at + to_seconds({seconds}) "
                f"where expires_at is null and message = {literal(message.name)} and state in ({listed(UNSENT)})"
            )
    return new


@dataclass
class ChannelDispatch:
    """One channel's way out, from leftovers to outcomes; made for one dispatch."""

    settings: Settings
    defined: Definitions
    as_of: datetime
    environ: Mapping[str, str]
    tools: Tools
    name: ChannelName
    verdicts: Mapping[str, int] = field(default_factory=dict)
    unrendered: int = 0
    recalled: int = 0
    found: int = 0
    busy: str | None = None
    _rows: list[tuple[str, Rendered, float]] = field(default_factory=list)
    _broken: list[tuple[str, str, str]] = field(default_factory=list)

    def clear_up(self) -> None:
        """Bring outcomes of earlier runs into the outbox, and call back at the vendor what was cancelled since."""
        if self.missing is None:
            sync = self.sync
            then = self._clear_up
            self.busy = clear_up(
                self.settings, sync, self.as_of, self.environ, then, tools=self.tools
            )

    def run(self) -> Dispatch:
        """Hand over what is cleared, round by round. Raises as `dispatch` does."""
        if reason := self.missing or self.busy:
            return self._done({}, 0, reason)
        counts: Counter[str] = Counter()
        requests, result = 0, SyncResult(self.sync.name, None, {})
        for _ in range(MOST_ROUNDS):
            self._write()
            hooks = Hooks(opened=self._stage, planned=self._claim)
            result = run_prepared(
                self.settings, self.sync, self.as_of, self.environ, hooks=hooks, tools=self.tools
            )
            with connect(self.settings) as con:
                handover.absorb(con, self.name, self.as_of)
            counts.update(result.counts)
            requests += result.requests
            if result.reason or result.is_blocked or self.found < ROUND:
                break
        return self._done(counts, requests, result.reason)

    @property
    def rule(self) -> ChannelRule:
        """What the rules say about it."""
        return self.defined.rules.channels[self.name]

    @property
    def sync(self) -> Sync:
        """The channel as the engine sees it."""
        return handover.sync_of(self.name, self.rule.destination)

    @property
    def missing(self) -> str | None:
        """The variable without which nothing can be delivered, in words; None where all are set."""
        kind = destinations.connector(self.rule.destination)
        try:
            kind(self.environ, self.sync.target(), lambda: self.as_of)
        except CredentialsError as error:
            return f"dry run: {error}"
        return None

    def _clear_up(self, opening: Opening) -> None:
        with connect(self.settings) as con:
            handover.absorb(con, self.name, self.as_of)
            wanted = recall.requested(con, self.name)
        if wanted:
            with opening() as channel:
                answers = recall.call_back(channel, wanted, self.as_of)
            with connect(self.settings) as con:
                recall.record(con, answers, self.as_of)
            self.recalled = sum(answer["decision"] == "cancelled" for answer in answers)

    def _write(self) -> None:
        """Read what may go, then render it with the warehouse free."""
        with connect(self.settings) as con:
            rows = handover.cleared(con, self.name, ROUND, self._relations(con))
        self.found = len(rows)
        self._rows, self._broken = [], []
        for row in rows:
            self._render(row)
        self.unrendered += len(self._broken)

    def _relations(self, con: duckdb.DuckDBPyConnection) -> dict[str, str]:
        """Every model that a text of this channel reads and that is built, under its message's name and its own."""
        rows = con.execute(
            "select table_schema || '.' || table_name from information_schema.tables"
        ).fetchall()
        built = {str(row[0]) for row in rows}
        return {
            f"{message}.{name}": relation
            for message, reads in self.defined.reads.items()
            if self.defined.messages[message].channel == self.name
            for name, relation in reads.items()
            if relation.replace('"', "") in built
        }

    def _render(self, cleared: handover.Cleared) -> None:
        row = cleared.row
        message = self.defined.messages.get(row["message"])
        if message is None or message.channel != self.name:
            words = self.defined.broken.get(row["message"]) or (
                f"there is no {self.name} message {row['message']!r} in models/messages"
            )
            self._broken.append((row["message_id"], "deferred", words))
            return
        if row["purpose"] == TRANSACTIONAL and message.purpose != TRANSACTIONAL:
            words = f"{message.path} is for {message.purpose}, and was proposed as {TRANSACTIONAL}"
            self._broken.append((row["message_id"], "rejected", words))
            return
        # Who leaves by its link leaves what it was sent for.
        message = message.model_copy(update={"purpose": row["purpose"]})
        variant, chance = message.variant(row["variant"]), 1.0
        if variant is None:
            variant, chance = choose(
                message, row["source_name"], row["contact_id"] or row["address"]
            )
        who = addressee(cleared, message)
        try:
            made = render(self.settings, message, variant, who)
        except RenderError as error:
            self._broken.append((row["message_id"], "rejected", str(error)))
        except (DefinitionError, WarehouseError) as error:
            self._broken.append((row["message_id"], "deferred", str(error)))
        else:
            self._rows.append((row["message_id"], made, chance))

    def _stage(self, con: duckdb.DuckDBPyConnection) -> None:
        set_aside(con, self._broken, self.as_of)
        handover.stage(con, self.name, self._rows)
        handover.ready(con, self.name, self.rule.destination, self.as_of)

    def _claim(self, con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
        if not plan.is_blocked:
            handover.claim(con, plan, self.name, self.rule.price, self.as_of)

    def _done(self, counts: Mapping[str, int], requests: int, reason: str | None) -> Dispatch:
        return Dispatch(
            self.name,
            self.rule.destination,
            self.verdicts,
            dict(counts),
            self.unrendered,
            self.recalled,
            requests,
            reason,
        )


def addressee(cleared: handover.Cleared, message: Message) -> Addressee:
    """All that a message may say about whom it goes to."""
    row, data = cleared.row, cleared.row["data"]
    is_signup = row["source"] == FORM and row["step_id"] == CONFIRMATION
    submitted = data.get("submitted_at") if is_signup else None
    return Addressee(
        address=row["address"],
        contact=cleared.contact,
        data=data,
        reads={name: cleared.reads.get(f"{message.name}.{name}", {}) for name in message.reads},
        source_name=row["source_name"],
        submission_id=row["enrollment_id"] if is_signup else None,
        submitted_at=datetime.fromisoformat(submitted) if submitted else None,
    )


def set_aside(
    con: duckdb.DuckDBPyConnection, broken: list[tuple[str, str, str]], as_of: datetime
) -> None:
    """Messages that could not be rendered: (message_id, state, why) become their state; none of them vanishes."""
    rows = [dict(zip(("message_id", "state", "words"), row, strict=True)) for row in broken]
    schema = pa.schema([(name, pa.string()) for name in ("message_id", "state", "words")])
    con.register("outbox_broken_in", pa.Table.from_pylist(rows, schema=schema))
    con.execute("create or replace temp table outbox_broken as select * from outbox_broken_in")
    con.unregister("outbox_broken_in")
    decide(
        con,
        "select message_id, state, state as decision, words as reason, cast(null as timestamp) as send_at, "
        "null as facts from outbox_broken",
        as_of,
    )
