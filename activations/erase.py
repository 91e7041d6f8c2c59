"""Takes a person out of the delivery ledger: counts stay, what was sent and to whom goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import sqlalchemy as sa

from activations.ledger import Ledger, open_ledger
from activations.payloads import ASKED_LATER, WHOLE
from activations.schema import ATTEMPT, METADATA, PAYLOAD, PLAN, RUN
from activations.settle import settle
from warehouse import scrub
from warehouse.errors import ErasureError
from warehouse.person import Person
from warehouse.settings import Settings

ERASED = "the person was erased"
FORGOTTEN = {"vendor_id": None, "message": None}


def prepare(settings: Settings) -> None:
    """Bring every outcome home first. Raises ErasureError while a run is not delivered to its end."""
    with open_ledger(settings) as ledger:
        with ledger.engine.connect() as con:
            query = sa.select(RUN.c.sync).where(RUN.c.state != "delivered").distinct()
            running = sorted(con.execute(query).scalars())
        if running:
            raise ErasureError(
                f"a delivery of {', '.join(running)} is under way or was interrupted; "
                "let `millrace run activate` finish it, then erase"
            )
        settle(settings, ledger)


def erase(settings: Settings, person: Person) -> int:
    """Empty the person's rows and put stand-ins elsewhere; returns how many rows changed.

    A row in doubt or in a job is closed as rejected, for nobody will ask the destination about it any more.
    """
    with open_ledger(settings) as ledger:
        vendor_ids = _vendor_ids(ledger, person)
        changed = _plan_rows(ledger, person) + _others(ledger, person, vendor_ids)
        _vacuum(ledger)
    return changed


def _is_theirs(person: Person, record: Mapping[str, Any]) -> bool:
    given = {name: record[name] for name in ("payload", "message", "vendor_id")}
    return record["contact_id"] in person.contact_ids or _names(person, given)


def _vendor_ids(ledger: Ledger, person: Person) -> set[tuple[str, str]]:
    """(run, id) under which destinations know the person: paths of requests name them by it."""
    with ledger.engine.connect() as con:
        records = con.execute(WHOLE).mappings().all()
    found = set()
    for record in records:
        if _is_theirs(person, dict(record)):
            known = json.loads(record["payload"] or "{}").get("vendor_id")
            found |= {(record["run_id"], str(one)) for one in (record["vendor_id"], known) if one}
    return found


def _plan_rows(ledger: Ledger, person: Person) -> int:
    ids = {
        name: person.strong.get(name) or person.weak.marks.get(name) for name in person.contact_ids
    }
    changed = 0
    with ledger.engine.begin() as con:
        for record in con.execute(WHOLE).mappings().all():
            contact_id = record["contact_id"]
            if not _is_theirs(person, dict(record)):
                continue
            fresh: dict[str, Any] = {**FORGOTTEN, "contact_id": ids.get(contact_id, contact_id)}
            if record["state"] in ASKED_LATER:
                fresh |= {"state": "rejected", "settled_state": "rejected", "is_permanent": True}
                fresh["message"] = ERASED
            for table, change in (
                (PLAN, sa.update(PLAN).values(**fresh)),
                (PAYLOAD, sa.delete(PAYLOAD)),
            ):
                mine = (table.c.run_id == record["run_id"], table.c.seq == record["seq"])
                con.execute(change.where(*mine))
            changed += 1
    return changed


def _others(ledger: Ledger, person: Person, vendor_ids: set[tuple[str, str]]) -> int:
    """Texts of the other tables: paths of requests, reasons of runs."""
    changed = 0
    of_run: dict[str, set[str]] = {}
    for run_id, vendor_id in vendor_ids:
        of_run.setdefault(run_id, set()).add(vendor_id)
    with ledger.engine.begin() as con:
        for table in METADATA.sorted_tables:
            if table in (PLAN, PAYLOAD):
                continue
            keys = list(table.primary_key.columns)
            for record in con.execute(sa.select(table)).mappings().all():
                fresh = {
                    name: clean
                    for name, value in record.items()
                    if isinstance(value, str) and (clean := scrub.text(person, value)) != value
                }
                if table is ATTEMPT and (known := of_run.get(record["run_id"])):
                    path = fresh.get("path", record["path"])
                    parts = [
                        scrub.GONE if unquote(part) in known else part for part in path.split("/")
                    ]
                    if (clean := "/".join(parts)) != path:
                        fresh["path"] = clean
                if fresh:
                    where = [key == record[key.name] for key in keys]
                    con.execute(sa.update(table).where(*where).values(**fresh))
                    changed += 1
    return changed


def _names(person: Person, given: dict[str, Any]) -> bool:
    return scrub.mentions(person, person.weak, scrub.Rules(), given)


def _vacuum(ledger: Ledger) -> None:
    """Databases keep deleted text in free pages, and SQLite in its log, until they are told not to."""
    with ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as con:
        if ledger.engine.dialect.name == "postgresql":
            for table in METADATA.sorted_tables:
                con.execute(sa.text(f"vacuum full {table.name}"))
        elif ledger.engine.dialect.name == "sqlite":
            con.execute(sa.text("vacuum"))
            busy = con.execute(sa.text("pragma wal_checkpoint(truncate)")).scalar_one()
            if busy:
                raise ErasureError(
                    "somebody reads the delivery ledger, so its log keeps old pages; "
                    "let them finish, then `millrace erase --resume`"
                )
