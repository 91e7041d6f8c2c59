"""Erases a person everywhere and proves it: one flow that can be killed at any moment and started again.

Whom it is about stands in `<home>/.erasure.json` from the first change until the proof has found nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from activations import erase as ledger
from warehouse import builds, clock, decisions, prove
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.erase_files import SUFFIX, rewrite_landing, rewrite_other
from warehouse.erase_tables import TableChange, rewrite
from warehouse.errors import ErasureError
from warehouse.internal import ensure, set_clock
from warehouse.manifest import Manifest, load_manifest
from warehouse.person import Person, find
from warehouse.prove import Search
from warehouse.relations import has_table
from warehouse.serving import DATABASE, publish
from warehouse.settings import Settings
from warehouse.transform import build

Say = Callable[[str], None]
JOURNAL = ".erasure.json"
KEYS = ("activations.key", "erasure.key")


@dataclass
class Certificate:
    """What an erasure changed, where it looked afterwards, and what it found there; names nobody."""

    erasure_id: str
    erased_at: datetime
    reason: str
    identifiers: dict[str, int]
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Table to rows deleted and rows changed."""
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Landing file to records deleted and records changed."""
    others: dict[str, int] = field(default_factory=dict)
    """Ledger, logs and other files to places changed."""
    search: Search = field(default_factory=Search)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found."""
        return not self.search.hits

    def dumps(self) -> str:
        """As JSON text, to be kept."""
        facts = {
            "erasure_id": self.erasure_id,
            "erased_at": self.erased_at.isoformat(),
            "reason": self.reason,
            "identifiers": self.identifiers,
            "tables": self.tables,
            "landing files": self.files,
            "other places": self.others,
            "searched": self.search.searched,
            "found": self.search.hits,
        }
        return json.dumps(facts, indent=1) + "\n"

    def write(self, path: Path) -> None:
        """Keep it at `path`."""
        path.parent.mkdir(exist_ok=True)
        path.write_text(self.dumps(), encoding="utf-8")

    def add_earlier(self, path: Path) -> None:
        """What an attempt that was killed had changed before."""
        if path.exists():
            facts = json.loads(path.read_text(encoding="utf-8"))
            self.tables = {name: (d, c) for name, (d, c) in facts["tables"].items()}
            self.files = {name: (d, c) for name, (d, c) in facts["landing files"].items()}
            self.others = dict(facts["other places"])


def pending(settings: Settings) -> bool:
    """Whether an erasure was begun and not brought to its end."""
    return (settings.home / JOURNAL).exists()


def whom(settings: Settings, who: str) -> Person:
    """The person that an address or a contact id belongs to."""
    with connect(settings) as con:
        return find(con, who)


def destinations(settings: Settings, person: Person) -> list[tuple[str, str]]:
    """(sync, id at the vendor) of every row about the person that a destination holds: it has to erase them too."""
    with connect(settings) as con:
        if not has_table(con, "activations", "acknowledged"):
            return []
        rows = con.execute(
            "select sync, key, vendor_id from activations.acknowledged order by all"
        ).fetchall()
    return [
        (str(sync), str(vendor_id or "")) for sync, key, vendor_id in rows if _is(person, str(key))
    ]


def look(settings: Settings, person: Person) -> Search:
    """Where the person is found now; changes nothing."""
    return prove.search(settings, contracts(load_manifest(settings)), person)


def erase(settings: Settings, who: str | None, reason: str, say: Say) -> Certificate:
    """Erase a person, or finish the erasure that was begun.

    Raises ErasureError when nobody is found, when another erasure has to be finished first, or when a delivery is
    under way.
    """
    journal, manifest = settings.home / JOURNAL, load_manifest(settings)
    if journal.exists():
        if who is not None:
            raise ErasureError(
                "an erasure was begun and not finished: `millrace erase --resume` first"
            )
        begun = json.loads(journal.read_text(encoding="utf-8"))
        person, reason = Person.loads(json.dumps(begun["person"])), str(begun["reason"])
        moment = datetime.fromisoformat(begun["erased_at"])
        # One that was begun by an older version does not say which.
        models = set(begun.get("models", manifest.models)) & set(manifest.models)
    elif who is None:
        raise ErasureError("there is no erasure to finish; say whom to erase")
    else:
        ledger.prepare(settings)
        person, moment = whom(settings, who), clock.now()
        with connect(settings) as con:
            models = set(manifest.with_inputs(builds.present(con, manifest)))
        _begin(journal, person, reason, moment, models)
    done = Certificate(
        person.mark,
        moment,
        reason,
        {
            "contacts": len(person.contact_ids),
            "e-mail addresses": len(person.emails),
            "phone numbers": len(person.phones),
            "ids": len(person.ids),
        },
    )
    record = settings.home / "erasures" / f"{person.mark}.json"
    done.add_earlier(record)
    _warehouse(settings, manifest, person, done, record, say)
    say("building what reads it")
    _build(settings, manifest, sorted(models))
    say("publishing")
    publish(settings, manifest, whole=True)
    _drop_old_copies(settings)
    if changed := _decisions(settings, person):
        done.others[decisions.FOLDER] = done.others.get(decisions.FOLDER, 0) + changed
    say("ledger, logs and other files")
    if changed := ledger.erase(settings, person):
        done.others["ledger"] = done.others.get("ledger", 0) + changed
    _other_files(settings, person, done)
    say("looking for the person everywhere")
    done.search = prove.search(settings, contracts(manifest), person, frozenset({journal}))
    done.write(record)
    # What was found stays to be removed: the next attempt has to know whom to look for.
    if done.is_clean:
        journal.unlink()
    return done


def _begin(
    journal: Path, person: Person, reason: str, moment: datetime, models: Collection[str]
) -> None:
    facts = {
        "person": json.loads(person.dumps()),
        "reason": reason,
        "erased_at": moment.isoformat(),
        "models": sorted(models),
    }
    written = journal.with_suffix(".new")
    handle = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(facts, file)
    os.replace(written, journal)


def _warehouse(
    settings: Settings,
    manifest: Manifest,
    person: Person,
    done: Certificate,
    record: Path,
    say: Say,
) -> None:
    known = contracts(manifest)
    say("rewriting landing files")
    files = rewrite_landing(settings, known, person)
    say("rewriting the warehouse")

    def note(changes: list[TableChange]) -> None:
        for file in files:
            done.files[file.relative] = (file.deleted, file.changed)
        for change in changes:
            if change.deleted or change.changed:
                done.tables[change.table] = (change.deleted, change.changed)
        done.write(record)

    moment, reason = done.erased_at, done.reason
    rewrite(settings, manifest, known, person, files, moment, reason, note)
    for file in files:
        file.swap()


def _build(settings: Settings, manifest: Manifest, models: list[str]) -> None:
    """Build the models that there were, with what they read, in full, for the moment that the warehouse is at."""
    with connect(settings) as con:
        ensure(con, contracts(manifest))
        if not con.execute("select 1 from raw_millrace.clock").fetchall():
            set_clock(con, clock.as_of(settings))
    results = build(settings, models, unit_tests=False) if models else []
    failed = [f"{r.kind} {r.name}: {r.message.strip()}" for r in results if not r.passed]
    broken = {r.name for r in results if r.kind == "model" and not r.passed}
    if broken:
        raise ErasureError(
            f"{len(broken)} models could not be built without the person: {'; '.join(failed[:5])}. "
            "Repair them, then `millrace erase --resume`"
        )
    suspects = {
        name
        for r in results
        if not r.passed
        for name in manifest.tested_by.get(r.unique_id, (r.name,))
    }
    with connect(settings) as con:
        current = builds.fingerprints(con, settings, manifest)
        builds.record(con, current, sorted(set(models) - suspects), clock.now())


def _drop_old_copies(settings: Settings) -> None:
    """The publication before this one is kept for its readers; now it is not."""
    current = (settings.serving / "parquet").resolve()
    for folder in settings.serving.glob("parquet-*"):
        if folder.resolve() != current:
            shutil.rmtree(folder)
    for rest in settings.serving.glob(f".{DATABASE}*"):
        rest.unlink()


def _decisions(settings: Settings, person: Person) -> int:
    """Take away what a page could show to the person; returns how many decisions there were."""
    folder = settings.home / decisions.FOLDER
    if not folder.is_dir():
        return 0
    if settings.feed_key is None:
        raise ErasureError(
            "the files of the decision feed say no names: set MILLRACE_FEED_KEY, by which the person's are found, "
            "then `millrace erase --resume`"
        )
    names = {
        decisions.opaque(settings.feed_key, kind, one)
        for one in (*person.contact_ids, *person.ids)
        for kind in (decisions.CONTACT, decisions.ANONYMOUS)
    }
    return sum(decisions.drop(folder, name) for name in sorted(names))


def _other_files(settings: Settings, person: Person, done: Certificate) -> None:
    """Everything else below the home folder, and what dbt wrote, which names the command that started it."""
    apart = (settings.landing, settings.serving, settings.home / "erasures")
    for path in sorted(path for root in prove.roots(settings) for path in root.rglob("*")):
        if path.name.startswith(".") and path.name.endswith(SUFFIX):
            path.unlink()  # left by an attempt that was killed
            continue
        if not path.is_file() or path.is_symlink() or path.suffix == ".lock":
            continue
        if path in (settings.database, settings.home / JOURNAL) or path.name in KEYS:
            continue
        if any(path.is_relative_to(folder) for folder in apart):
            continue
        if changed := rewrite_other(path, person):
            place = prove.place(settings, path)
            done.others[place] = done.others.get(place, 0) + changed


def _is(person: Person, key: str) -> bool:
    return bool(person.any_text.search(key)) or key in person.weak.marks
