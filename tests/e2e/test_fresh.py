"""New and late files change what they should and nothing else: incremental builds equal one build from scratch."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from examples.shop.generate import generate
from tests.e2e.shop import warehouse_digest
from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

pytestmark = pytest.mark.e2e
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)


def load_and_build(settings: Settings, as_of: datetime = AS_OF) -> list[str]:
    """Load what is new and build what is stale at `as_of`; returns the names that were built."""
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, as_of)
        for contract in known.values():
            load_table(con, settings, contract, clock.now())
    todo = due(settings, manifest)
    with connect(settings) as con:
        builds.forget_outgrown(con, manifest, builds.fingerprints(con, settings, manifest), todo)
    results = build(settings, todo, unit_tests=False) if todo else []
    assert [f"{r.name}: {r.message}" for r in results if not r.passed] == []
    with connect(settings) as con:
        builds.record(con, builds.fingerprints(con, settings, manifest), todo, clock.now())
    return todo


def due(settings: Settings, manifest: Manifest) -> list[str]:
    """The models that are out of date."""
    with connect(settings) as con:
        current = builds.fingerprints(con, settings, manifest)
        return builds.stale(con, manifest, current, manifest.models)


def split(path: Path, later: Path) -> None:
    """Move every second line of a gzip NDJSON file into another file, and repeat a few: late and delivered twice."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    later.parent.mkdir(parents=True, exist_ok=True)
    later.write_bytes(gzip.compress(b"".join(lines[1::2] + lines[0:40:2]), mtime=0))
    path.write_bytes(gzip.compress(b"".join(lines[0::2]), mtime=0))


def test_late_and_repeated_events_end_like_one_build(tmp_path: Path) -> None:
    """Half of all events arrive a run and nine days later, some of them twice: every built table is the same."""
    once = load({"MILLRACE_HOME": str(tmp_path / "once")})
    late = load({"MILLRACE_HOME": str(tmp_path / "late")})
    for settings in (once, late):
        generate(settings.home, 600, 11, date(2026, 6, 30))
    aside = tmp_path / "aside"
    for table in ("segment/events", "sendgrid/events"):
        split(late.landing / table / "block_000.ndjson.gz", aside / table / "late.ndjson.gz")

    assert load_and_build(once)
    assert load_and_build(late, AS_OF - timedelta(days=9))
    for path in aside.rglob("*.gz"):
        path.rename(late.landing / path.relative_to(aside))
    rebuilt = load_and_build(late)

    assert "int_events__unioned" in rebuilt
    assert "stg_crm__deals" not in rebuilt
    expected, found = warehouse_digest(once.home), warehouse_digest(late.home)
    built = {name for name in expected if not name.startswith("raw_")}
    # Who left a segment between the two builds is history, and rightly differs.
    history = {"segments.membership_history", "segments.segment_memberships"}
    # What was delivered holds the repeats, by its name.
    history |= {"intermediate.int_events__delivered", "intermediate.int_messages__delivered"}
    history |= {"reports.rpt_segment_sizes", "marts.fct_timeline"}
    # So is what a score said, and what was known of a contact or a deal, at the first of two builds.
    history |= {
        "scores.history",
        "marts.dim_contacts_history",
        "intermediate.int_contacts__versions",
        "intermediate.int_contacts__spans",
        "intermediate.int_deals__versions",
        "intermediate.int_deals__spans",
    }
    # Who was tied to whom before, and who had news when, is history too.
    history |= {"intermediate.int_identity__changes", "intermediate.int_contacts__touched"}
    # A tie that is found to be older is appended; the edges hold its first time.
    history |= {"intermediate.int_identity__evidence"}
    assert sorted(n for n in built - history if expected[n] != found.get(n)) == []
    assert load_and_build(late) == []


def test_clock_alone_rebuilds_what_depends_on_it(tmp_path: Path) -> None:
    """A later now makes segments and scores stale, and no event table."""
    settings = load({"MILLRACE_HOME": str(tmp_path / "home")})
    generate(settings.home, 300, 11, date(2026, 6, 30))
    load_and_build(settings)
    manifest = load_manifest(settings)

    with connect(settings) as con:
        set_clock(con, datetime(2026, 7, 1, tzinfo=UTC))
    stale = set(due(settings, manifest))

    assert {"seg_new_leads", "score_lead", "sync_activecampaign_contact"} <= stale
    assert not stale & {"int_events__unioned", "int_events__daily", "fct_orders", "dim_accounts"}
