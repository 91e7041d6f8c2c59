"""The guides, followed as written: one new file each, and the thing is there."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from activations import run
from activations.syncs import load_syncs
from examples.shop.generate import generate
from warehouse import clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

ROOT = Path(__file__).resolve().parents[2]
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
BLOCK = re.compile(r"```sql title=\"([^\"]+)\"\n(.*?)```", re.DOTALL)
pytestmark = pytest.mark.e2e


def write_files_of(guide: str, project: Path) -> list[str]:
    """Write every file that a guide shows; returns their paths."""
    text = (ROOT / "docs" / "guides" / guide).read_text(encoding="utf-8")
    written = []
    for name, content in BLOCK.findall(text):
        assert not (project / name).exists(), f"{name} is there already"
        (project / name).write_text(content, encoding="utf-8")
        written.append(name)
    return written


def affected(manifest: Manifest) -> list[str]:
    """The two new models, all that reads them or lists segments, and all that any of those read."""
    found, waiting = set[str](), ["seg_big_carts", "sync_hubspot_deal_tasks", "segment_memberships"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            mine = manifest.models[name].unique_id
            waiting += [m.name for m in manifest.models.values() if mine in m.depends_on]
    return manifest.with_inputs([*found, "sync_activecampaign_contact"])


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy of the project after both guides, with a small shop loaded and built."""
    home = tmp_path_factory.mktemp("guides")
    project = home / "project"
    for folder in ("models", "dbt_project"):
        shutil.copytree(
            ROOT / folder, project / folder, ignore=shutil.ignore_patterns("target", "logs")
        )
    written = write_files_of("add-a-segment.md", project) + write_files_of("add-a-sync.md", project)
    assert written == [
        "models/segments/seg_big_carts.sql",
        "models/syncs/sync_hubspot_deal_tasks.sql",
    ]
    settings = replace(load({"MILLRACE_HOME": str(home / "home")}), project=project)
    generate(settings.home, 400, 7, date(2026, 6, 30))
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, AS_OF)
        for contract in known.values():
            load_table(con, settings, contract, clock.now())
    results = build(settings, affected(manifest))
    assert [f"{r.name}: {r.message}" for r in results if not r.passed] == []
    return settings


def test_a_segment_is_one_file(followed: Settings) -> None:
    """It is built, its members are on record, and it goes out as a tag; taken away again, it ends."""
    with connect(followed) as con:
        members = con.execute("select count(*) from segments.seg_big_carts").fetchall()[0][0]
        recorded = con.execute(
            "select count(*) from segments.segment_memberships "
            "where segment = 'seg_big_carts' and left_at is null"
        ).fetchall()[0][0]
        tagged = con.execute(
            "select count(*) from syncs.sync_activecampaign_contact where tags like '%segment: big carts%'"
        ).fetchall()[0][0]

    assert members > 0
    assert recorded == members
    assert tagged > 0

    (followed.project / "models" / "segments" / "seg_big_carts.sql").unlink()
    build(followed, ["segment_memberships", "sync_activecampaign_contact"])
    with connect(followed) as con:
        left = con.execute(
            "select count(*) from segments.segment_memberships "
            "where segment = 'seg_big_carts' and left_at is not null"
        ).fetchall()[0][0]
        still = con.execute(
            "select count(*) from syncs.sync_activecampaign_contact where tags like '%segment: big carts%'"
        ).fetchall()[0][0]
    assert (left, still) == (members, 0)


def test_a_sync_is_one_file(followed: Settings) -> None:
    """Its dry run shows what would be created, and sends nothing."""
    manifest = load_manifest(followed)
    [sync] = [s for s in load_syncs(manifest) if s.name == "sync_hubspot_deal_tasks"]

    result = run.run_sync(followed, manifest, sync, AS_OF, {})

    with connect(followed) as con:
        open_deals = con.execute(
            "select count(*) from marts.dim_deals where status = 'open' and source_system = 'crm'"
        ).fetchall()[0][0]
    assert result.requests == 0
    assert result.counts["create"] == open_deals > 0
