"""A small warehouse for journeys: contacts, events, segments and an outbox, moved through time by hand."""

from __future__ import annotations

import json
import textwrap
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from activations import tables as outbox_tables
from activations.conditions.catalog import Catalog, Table
from activations.journeys import publish, tables, zones
from activations.journeys.definition import Journey
from activations.journeys.load import parse
from activations.journeys.tick import Ticked, tick
from activations.outbox import Rules, arbitrate
from warehouse.clock import naive

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CONTACTS = {
    "contact_id": "varchar",
    "email": "varchar",
    "phone": "varchar",
    "email_suppression": "varchar",
    "sms_suppression": "varchar",
    "first_name": "varchar",
    "country": "varchar",
    "timezone": "varchar",
    "points": "bigint",
    "born_on": "date",
    "renews_on": "varchar",
    "last_ordered_at": "timestamp",
}
EVENTS = {
    "event_id": "varchar",
    "contact_id": "varchar",
    "event_name": "varchar",
    "occurred_at": "timestamp",
    "batch": "bigint",
    "node": "varchar",
    "cart_id": "varchar",
    "value_cents": "bigint",
    "properties": "varchar",
}
PERMISSION = {
    "dim_contact_permissions": {
        **dict.fromkeys(("contact_id", "channel", "purpose", "address", "refusal"), "varchar"),
        "is_allowed": "boolean",
        "since": "timestamp",
    },
    "dim_suppressions": {
        **dict.fromkeys(("address", "channel", "reason"), "varchar"),
        "suppressed_at": "timestamp",
    },
    "dim_subscriptions": {
        **dict.fromkeys(("address", "channel", "purpose", "status"), "varchar"),
        "is_opted_in": "boolean",
    },
    "fct_help_requests": {
        **dict.fromkeys(("help_request_id", "channel", "address", "contact_id"), "varchar"),
        "asked_at": "timestamp",
    },
    "dim_pending_confirmations": {
        **dict.fromkeys(
            ("submission_id", "channel", "address", "contact_id", "form", "purposes"), "varchar"
        ),
        "submitted_at": "timestamp",
        "expires_at": "timestamp",
    },
}
SEGMENTS = frozenset({"seg_new", "seg_vip", "seg_blocked"})


def at(day: int = 0, clock: str = "09:00") -> datetime:
    """A clock time so many days after Monday, 2 March 2026, UTC."""
    hours, minutes = clock.split(":")
    return START.replace(hour=int(hours), minute=int(minutes)) + timedelta(days=day)


def rules(**more: Any) -> Rules:
    """The outbox's rules, with a way for e-mail."""
    return Rules.model_validate({"channels": {"email": {"destination": "smtp"}}, **more})


class World:
    """The warehouse, and what happens in it; every statement is one load."""

    def __init__(self, con: duckdb.DuckDBPyConnection | None = None) -> None:
        self.con = con or duckdb.connect()
        self.held: dict[str, str] = {}
        self.con.execute("set timezone = 'UTC'")
        self.con.execute("set threads = 1")
        for schema in ("marts", "segments", "scores"):
            self.con.execute(f"create schema if not exists {schema}")
        self._make("marts.dim_contacts", CONTACTS)
        self._make("marts.events", EVENTS)
        self._make(
            "marts.dim_contact_tags",
            {"contact_id": "varchar", "tag": "varchar", "added_at": "timestamp"},
        )
        self._make(
            "marts.dim_deals",
            {
                "deal_id": "varchar",
                "contact_id": "varchar",
                "status": "varchar",
                "stage": "varchar",
                "amount_cents": "bigint",
            },
        )
        self._make(
            "segments.membership_history",
            {
                "contact_id": "varchar",
                "segment": "varchar",
                "entered_at": "timestamp",
                "left_at": "timestamp",
            },
        )
        self._make("scores.score_lead", {"contact_id": "varchar", "score": "bigint"})
        times = (
            "sent_at",
            "delivered_at",
            "first_opened_at",
            "first_clicked_at",
            "unsubscribed_at",
        )
        self._make(
            "marts.fct_messages",
            {
                "message_key": "varchar",
                "contact_id": "varchar",
                **dict.fromkeys(times, "timestamp"),
            },
        )
        self._make(
            "marts.fct_identity_changes",
            {
                **dict.fromkeys(("previous_contact_id", "contact_id", "kind"), "varchar"),
                "changed_at": "timestamp",
            },
        )
        self._make(
            "marts.identity_moves",
            {"node": "varchar", "contact_id": "varchar", "batch": "bigint"},
        )
        for name, columns in PERMISSION.items():
            self._make(f"marts.{name}", columns)
        tables.ensure(self.con)
        outbox_tables.ensure(self.con)
        zones.prepare(self.con, self.catalog)

    def _make(self, name: str, columns: dict[str, str]) -> None:
        listed = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self.con.execute(f"create table if not exists {name} ({listed})")

    @property
    def catalog(self) -> Catalog:
        """What conditions may speak of here."""

        def table(name: str, model: str) -> Table:
            rows = self.con.execute(f"describe {name}").fetchall()
            return Table(name, {r[0]: r[1].lower() for r in rows}, model)

        return Catalog(
            contacts=table("marts.dim_contacts", "dim_contacts"),
            events=table("marts.events", "int_events__of_contacts"),
            memberships=table("segments.membership_history", "segment_memberships"),
            tags=table("marts.dim_contact_tags", "dim_contact_tags"),
            messages=table("marts.fct_messages", "fct_messages"),
            deals=table("marts.dim_deals", "dim_deals"),
            changes=table("marts.fct_identity_changes", "fct_identity_changes"),
            ties=table("marts.identity_moves", "int_identity__changes"),
            scores={"lead": table("scores.score_lead", "score_lead")},
            segments=SEGMENTS,
            readable={"dim_contacts": "marts.dim_contacts", "score_lead": "scores.score_lead"},
            held=self.held,
        )

    # What happens

    def contacts(self, *ids: str, **fields: Any) -> None:
        """New contacts, all alike."""
        for name in ids:
            row = {
                "contact_id": name,
                "email": f"{name}@mail.example",
                "first_name": name.title(),
                **fields,
            }
            self._insert("marts.dim_contacts", row)

    def consents(self, *ids: str) -> None:
        """Marketing by e-mail is allowed."""
        for name in ids:
            row = {
                "contact_id": name,
                "channel": "email",
                "purpose": "marketing",
                "is_allowed": True,
            }
            self._insert(
                "marts.dim_contact_permissions", {**row, "address": f"{name}@mail.example"}
            )

    def refuses(self, name: str) -> None:
        """Marketing by e-mail is allowed no more."""
        self.con.execute("delete from marts.dim_contact_permissions where contact_id = ?", [name])

    def suppress(self, name: str, reason: str) -> None:
        """The address is closed."""
        row = {"address": f"{name}@mail.example", "channel": "email", "reason": reason}
        self._insert("marts.dim_suppressions", row)

    def merge(self, was: str, into: str, moment: datetime) -> None:
        """Two contacts turn out to be one."""
        self.con.execute("delete from marts.dim_contacts where contact_id = ?", [was])
        self.con.execute("update marts.events set contact_id = ? where contact_id = ?", [into, was])
        row = {
            "previous_contact_id": was,
            "contact_id": into,
            "kind": "merge",
            "changed_at": naive(moment),
        }
        self._insert("marts.fct_identity_changes", row)

    def anonymous(self, device: str, name: str, moment: datetime, **properties: Any) -> None:
        """An event of a device of which nobody knows whose it is."""
        self.event("", name, moment, **properties)
        self.con.execute(
            "update marts.events set contact_id = null, node = ? where contact_id = ''", [device]
        )

    def identify(self, device: str, contact: str) -> None:
        """A device turns out to be a contact's, and with it what happened there; the next load."""
        self.con.execute("update marts.events set contact_id = ? where node = ?", [contact, device])
        batch = self.query("select coalesce(max(batch), 0) + 1 from marts.events")[0][0]
        row = {"node": device, "contact_id": contact, "batch": batch}
        self._insert("marts.identity_moves", row)

    def set(self, contact: str, **fields: Any) -> None:
        """Other values for a contact."""
        for name, value in fields.items():
            self.con.execute(
                f"update marts.dim_contacts set {name} = ? where contact_id = ?", [value, contact]
            )

    def event(
        self, contact: str, name: str, moment: datetime, id: str | None = None, **properties: Any
    ) -> None:
        """An event, loaded now; properties that are columns go there too."""
        batch = self.query("select coalesce(max(batch), 0) + 1 from marts.events")[0][0]
        row = {
            "event_id": id or f"e{batch}",
            "contact_id": contact,
            "event_name": name,
            "occurred_at": naive(moment),
            "batch": batch,
            "properties": json.dumps(properties),
            **{key: value for key, value in properties.items() if key in EVENTS},
        }
        self._insert("marts.events", row)

    def joins(self, contact: str, segment: str, moment: datetime) -> None:
        """Into a segment."""
        row = {"contact_id": contact, "segment": segment, "entered_at": naive(moment)}
        self._insert("segments.membership_history", row)

    def leaves(self, contact: str, segment: str, moment: datetime) -> None:
        """Out of a segment."""
        self.con.execute(
            "update segments.membership_history set left_at = ? "
            "where contact_id = ? and segment = ? and left_at is null",
            [naive(moment), contact, segment],
        )

    def tag(self, contact: str, tag: str, moment: datetime) -> None:
        """A tag added."""
        self._insert(
            "marts.dim_contact_tags", {"contact_id": contact, "tag": tag, "added_at": naive(moment)}
        )

    def score(self, contact: str, score: int) -> None:
        """A lead score."""
        self.con.execute("delete from scores.score_lead where contact_id = ?", [contact])
        self._insert("scores.score_lead", {"contact_id": contact, "score": score})

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self.con.execute(f"insert into {table} ({names}) values ({marks})", list(row.values()))

    # What journeys do

    def publish(self, text: str, moment: datetime = START) -> Journey:
        """Publish a journey from its YAML; what it leaves out of the head is filled in."""
        journey = define(text)
        publish.publish(self.con, journey, moment)
        return journey

    def tick(self, moment: datetime) -> Ticked:
        """One tick."""
        return tick(self.con, self.catalog, moment)

    def deliver(self, moment: datetime, reason: str | None = None) -> int:
        """Stand in for the dispatcher: hand over all that is planned and due, or skip it for `reason`."""
        ids = self.query(
            "select message_id from activations.outbox where state = 'planned' and due_at <= ?",
            naive(moment),
        )
        state = "skipped" if reason else "handed_over"
        self.con.execute(
            "update activations.outbox set state = ?, reason = ?, state_at = ?, "
            "send_at = case when ? then null else ? end where state = 'planned' and due_at <= ?",
            [state, reason, naive(moment), reason is not None, naive(moment), naive(moment)],
        )
        return len(ids)

    def dispatch(self, moment: datetime, using: Rules | None = None) -> None:
        """The outbox's own arbitration, and a vendor that takes all that is cleared."""
        arbitrate(self.con, using or rules(), moment)
        self.con.execute(
            "update activations.outbox set state = 'handed_over', state_at = ?, send_at = ? where state = 'cleared'",
            [naive(moment), naive(moment)],
        )

    def live(self, start: datetime, end: datetime, step: timedelta = timedelta(hours=1)) -> None:
        """Tick and deliver from `start` to `end`."""
        moment = start
        while moment <= end:
            self.tick(moment)
            self.deliver(moment)
            moment += step

    # What came of it

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows."""
        return self.con.execute(sql, list(values)).fetchall()

    def where(self, contact: str) -> str | None:
        """The step at which a contact stands."""
        rows = self.query(
            "select n.step_id from journeys.positions p join journeys.nodes n on p.node = n.node "
            "where p.contact_id = ?",
            contact,
        )
        return rows[0][0] if rows else None

    def path(self, contact: str) -> list[str]:
        """`step:branch` of every step that a contact left, in order."""
        rows = self.query(
            "select step_id || ':' || branch from journeys.history where contact_id = ? "
            "order by enrollment_no, tick_at, round",
            contact,
        )
        return [row[0] for row in rows]

    def left(self, contact: str, step: str) -> list[datetime]:
        """When a contact left a step, each time."""
        rows = self.query(
            "select left_at from journeys.history where contact_id = ? and step_id = ? order by left_at",
            contact,
            step,
        )
        return [row[0].replace(tzinfo=UTC) for row in rows]

    def due(self, contact: str) -> datetime:
        """Until when a contact waits."""
        found: datetime = self.query(
            "select due_at from journeys.positions where contact_id = ?", contact
        )[0][0]
        return found.replace(tzinfo=UTC)

    def status(self, contact: str) -> list[str]:
        """The states of a contact's enrollments, oldest first."""
        rows = self.query(
            "select status from journeys.enrollments where contact_id = ? order by enrollment_no",
            contact,
        )
        return [row[0] for row in rows]

    def sent(self, contact: str | None = None) -> list[str]:
        """The messages that were handed over, oldest first."""
        rows = self.query(
            "select message from activations.outbox where state = 'handed_over' "
            "and (contact_id = ? or ? is null) order by send_at, message",
            contact,
            contact,
        )
        return [row[0] for row in rows]

    def outbox(self) -> dict[str, str]:
        """State of each message by `contact:message`."""
        return dict(
            self.query("select contact_id || ':' || message, state from activations.outbox")
        )

    def decisions(self, journey: str = "j") -> list[str]:
        """What became of each trigger, in order."""
        rows = self.query(
            "select decision from journeys.triggered where journey = ? order by tick_at, occurred_at, trigger_key",
            journey,
        )
        return [row[0] for row in rows]

    def enrolled(self) -> int:
        """How many enrollments there are."""
        return int(self.query("select count(*) from journeys.enrollments")[0][0])

    def state(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that journeys and the outbox remember, to compare two worlds."""
        found = {}
        for name in tables.TABLES:
            rows = self.query(f"select * from journeys.{name}")
            found[name] = sorted(rows, key=repr)
        columns = "message_id, contact_id, step_id, visit, state, reason, due_at, planned_at"
        found["outbox"] = sorted(self.query(f"select {columns} from activations.outbox"), key=repr)
        return found


HEAD = {
    "journey": "journey: j",
    "description": "description: A test.",
    "owner": "owner: growth",
    "entry": "entry: {trigger: {event: start}, reentry: {policy: always}}",
}


def define(text: str) -> Journey:
    """A journey from its YAML; the head has defaults."""
    body = textwrap.dedent(text).strip("\n")
    head = [
        line
        for key, line in HEAD.items()
        if not any(b.startswith(f"{key}:") for b in body.splitlines())
    ]
    return parse("\n".join([*head, body]) + "\n", "test.yml")[0]
