"""Hands over what journeys asked for: each place and kind is a sync whose rows are the open actions.

What the delivery engine guarantees holds for actions: intent before request, in doubt instead of twice, kept rates,
receipts. The warehouse is held for reading and planning only.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa

from activations import destinations, tables
from activations.actions import book, turns, waiting
from activations.actions.deals import place_deals, place_moves, split
from activations.actions.parts import Action, NeverError, NotYetError
from activations.actions.rules import MOVE, Actions, Way, unserved
from activations.errors import CredentialsError
from activations.journeys import tables as journeys
from activations.journeys.tables import t
from activations.plan import Plan
from activations.run import Hooks, SyncResult, Tools, run_prepared
from activations.syncs import Guards, Sync
from warehouse.connection import connect
from warehouse.dialect import json_text, literal
from warehouse.settings import Settings

ROUND = 5_000  # actions per plan
MOST_ROUNDS = 200
TIED = ("deal", "task")  # kinds that hang on a contact, which is put there before


@dataclass(frozen=True)
class Handed:
    """What one way did: rows by outcome, and why it stopped early or did not begin."""

    sync: str
    destination: str
    counts: Mapping[str, int]
    requests: int = 0
    reason: str | None = None

    @property
    def summary(self) -> str:
        """One line for a log."""
        text = ", ".join(f"{name} {n:,}" for name, n in self.counts.items() if n) or "nothing to do"
        return f"{text} ({self.reason})" if self.reason else text


def dispatch(
    settings: Settings,
    rules: Actions,
    as_of: datetime,
    environ: Mapping[str, str],
    *,
    tools: Tools | None = None,
) -> list[Handed]:
    """Deliver every open action that somebody takes. Raises DefinitionError, or BusyError while it stays locked."""
    with connect(settings) as con:
        tables.ensure(con)
        journeys.ensure(con)
        turns.assign(con)
        ways = [way for way in ways_of(con, rules) if _is_used(con, way)]
    done = [Errand(settings, way, rules, as_of, environ, tools or Tools()).run() for way in ways]
    with connect(settings) as con:
        _tell_unserved(con, rules, as_of)
        book.expire(con, as_of, rules.expires_seconds)
    return done


def ways_of(con: duckdb.DuckDBPyConnection, rules: Actions) -> Iterator[Way]:
    """Every way that the rules open, contacts first; of fields one for each that was ever asked for."""
    for place, routes in rules.places.items():
        for kind, route in sorted(routes.items(), key=lambda pair: pair[0] != "contact"):
            takes = destinations.connector(route.to).takes[kind]
            if kind == "field" and takes.key == "email":
                for (name,) in con.execute(
                    f"select distinct {json_text('payload', 'field')} as field from {t('actions')} "
                    "where kind = 'update' and destination = ? order by field nulls last",
                    [place],
                ).fetchall():
                    if name is not None:
                        yield Way(place, kind, route, takes, str(name))
            else:
                yield Way(place, kind, route, takes)
            moves = destinations.connector(route.to).takes.get(MOVE)
            if kind == "deal" and moves is not None:
                yield Way(place, MOVE, route, moves)


@dataclass
class Errand:
    """One way from open actions to their outcomes; made for one dispatch."""

    settings: Settings
    way: Way
    rules: Actions
    as_of: datetime
    environ: Mapping[str, str]
    tools: Tools
    found: int = 0
    _after: tuple[datetime, str] | None = None
    _keys: dict[str, tuple[str, str | None]] = field(default_factory=dict)

    @property
    def sync(self) -> Sync:
        """The way as the engine sees it."""
        return Sync(
            name=self.way.name,
            path="models/journeys/_actions.yml",
            relation=waiting.temp(self.way),
            owner="growth",
            destination=self.way.route.to,
            object=self.way.takes.object,
            key=self.way.takes.key,
            mode=self.way.takes.mode,
            guards=Guards(min_rows=0, max_first_rows=None),
        )

    def run(self) -> Handed:
        """Hand over what is open, round by round. Raises as `dispatch` does."""
        kind = destinations.connector(self.way.route.to)
        try:
            kind(self.environ, self.sync.target(), lambda: self.as_of)
        except CredentialsError as error:
            return self._done({}, 0, f"dry run: {error}")
        counts: Counter[str] = Counter()
        requests, result = 0, SyncResult(self.sync.name, None, {})
        for _ in range(MOST_ROUNDS):
            hooks = Hooks(opened=self._stage, planned=self._note)
            result = run_prepared(
                self.settings, self.sync, self.as_of, self.environ, hooks=hooks, tools=self.tools
            )
            with connect(self.settings) as con:
                self._absorb(con)
            counts.update(result.counts)
            requests += result.requests
            if result.reason or result.is_blocked or self.found < ROUND:
                break
        return self._done(counts, requests, result.reason)

    def _stage(self, con: duckdb.DuckDBPyConnection) -> None:
        """In the plan's hold of the warehouse: what is known by now, then the relation of what is open."""
        self._absorb(con)
        if self.way.kind != "contact":
            book.expire(con, self.as_of, self.rules.expires_seconds)
        found = self._actions(con)
        self.found = len(found)
        if found:
            self._after = (found[-1].planned_at, found[-1].action_id)
        rows: dict[str, dict[str, object]] = {}
        held: list[tuple[str, str, str]] = []
        self._keys = {}
        theirs: dict[str, str] = {}
        if self.way.kind in ("deal", MOVE):
            found, theirs = split(con, self.way, found)
        for action in found:
            try:
                made = waiting.row(action, self.way)
            except NotYetError as why:
                held.append((action.action_id, "waiting", str(why)))
            except NeverError as why:
                held.append((action.action_id, "skipped", str(why)))
            else:
                # Of several that change one thing the newest says what it is to be.
                rows[str(made[self.way.takes.key]).strip().lower()] = made
                self._keys[action.action_id] = (str(made[self.way.takes.key]), action.owner)
        if self.way.kind == "deal":
            moves, lost = place_deals(con, self.way, found, self._keys)
            rows, held = moves, [*held, *lost]
        if self.way.kind == MOVE:
            rows = place_moves(con, self.way, found, theirs, rows, self._keys)
        if self.way.kind != "contact":
            _hold(con, held, self.as_of)
        con.register("actions_in", waiting.table(list(rows.values()), self.way))
        con.execute(
            f"create or replace temp table {waiting.temp(self.way)} as select * from actions_in"
        )
        con.unregister("actions_in")

    def _actions(self, con: duckdb.DuckDBPyConnection) -> list[Action]:
        """What is open on this way; for contacts, those whom open deals and tasks of the place are about."""
        if self.way.kind == "contact":
            return _contacts(con, self.way)
        found = waiting.actions(con, self.way, ROUND, self._after)
        return waiting.with_tags(con, self.way, found) if self.way.kind == "tag" else found

    def _note(self, con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
        """In the same hold, after the plan: which row of which version each action is."""
        if self.way.kind == "contact":
            return
        rows = [
            {"action_id": name, "key": key.strip().lower(), "owner": owner}
            for name, (key, owner) in self._keys.items()
        ]
        schema = pa.schema([(name, pa.string()) for name in ("action_id", "key", "owner")])
        con.register("actions_keys_in", pa.Table.from_pylist(rows, schema=schema))
        # What is in no row of the plan is at its destination as it should be.
        con.execute(
            "create or replace temp table actions_noted as "
            "select k.*, coalesce(r.row_hash, a.row_hash) as row_hash from actions_keys_in as k "
            "left join act_rows as r on k.key = r.key left join activations.acknowledged as a "
            f"on k.key = a.key and a.sync = {literal(self.way.name)} "
            "where coalesce(r.row_hash, a.row_hash) is not null"
        )
        con.unregister("actions_keys_in")
        con.execute(
            f"insert into {t('action_states')} (action_id, contact_id, state, reason) "
            f"select n.action_id, a.contact_id, 'waiting', 'planned' from actions_noted as n "
            f"inner join {t('actions')} as a on n.action_id = a.action_id "
            f"anti join {t('action_states')} as s on n.action_id = s.action_id"
        )
        con.execute(
            f"update {t('action_states')} as s set sync = {literal(self.way.name)}, key = n.key, "
            f"row_hash = n.row_hash, destination = {literal(self.way.route.to)}, owner = n.owner "
            "from actions_noted as n where s.action_id = n.action_id"
        )

    def _absorb(self, con: duckdb.DuckDBPyConnection) -> None:
        if self.way.kind != "contact":
            book.absorb(con, self.way.name, self.as_of, appends=self.way.takes.mode == "append")

    def _done(self, counts: Mapping[str, int], requests: int, reason: str | None) -> Handed:
        return Handed(self.way.name, self.way.route.to, dict(counts), requests, reason)


def _is_used(con: duckdb.DuckDBPyConnection, way: Way) -> bool:
    """Whether anything was ever asked that goes this way."""
    if way.kind == "contact":
        tied = ", ".join(literal(kind) for kind in TIED)
        test = f"a.destination = {literal(way.place)} and a.kind in ({tied})"
    else:
        test = waiting.test_of(way)
    return bool(con.execute(f"select 1 from {t('actions')} as a where {test} limit 1").fetchall())


def _contacts(con: duckdb.DuckDBPyConnection, way: Way) -> list[Action]:
    """One for each contact of an open deal or task of the place, so that these have somebody to hang on."""
    rows = con.execute(f"""
        select a.contact_id, a.journey, a.step_id, a.planned_at, c
        from {t("actions")} as a
        inner join marts.dim_contacts as c on a.contact_id = c.contact_id
        left join {t("action_states")} as s on a.action_id = s.action_id
        where a.destination = {literal(way.place)} and {waiting.is_open()}
            and a.kind in ({", ".join(literal(kind) for kind in TIED)})
        qualify row_number() over (
            partition by a.contact_id order by a.planned_at nulls last, a.action_id nulls last
        ) = 1 order by a.contact_id nulls last""").fetchall()
    return [
        Action(contact, journey, step, contact, way.kind, {}, at, known, {})
        for contact, journey, step, at, known in rows
    ]


def _hold(
    con: duckdb.DuckDBPyConnection, held: list[tuple[str, str, str]], as_of: datetime
) -> None:
    """Actions that cannot go: (action_id, state, why) become their state; none of them vanishes."""
    names = ("action_id", "state", "reason")
    rows = [dict(zip(names, one, strict=True)) for one in held]
    schema = pa.schema([(name, pa.string()) for name in names])
    con.register("actions_held_in", pa.Table.from_pylist(rows, schema=schema))
    con.execute("create or replace temp table actions_held as select * from actions_held_in")
    con.unregister("actions_held_in")
    book.decide(con, "select *, cast(null as varchar) as vendor_id from actions_held", as_of)


def _tell_unserved(con: duckdb.DuckDBPyConnection, rules: Actions, as_of: datetime) -> None:
    """Open actions that no route takes wait with the reason, until the file says more or they expire."""
    rows = con.execute(
        f"select a.action_id, a.kind, a.destination, a.payload from {t('actions')} as a "
        f"left join {t('action_states')} as s on a.action_id = s.action_id "
        f"where {waiting.is_open()} and s.sync is null"
    ).fetchall()
    told = [
        (name, "waiting", why)
        for name, kind, place, payload in rows
        if (why := unserved(rules, kind, place, json.loads(payload)))
    ]
    _hold(con, told, as_of)
