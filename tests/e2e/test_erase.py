"""A contact of the shop is erased after a run with pushes: no byte of them is left, every total is what it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from orchestration.erase import erase, pending
from tests.orchestration.installation import AS_OF, installation, land, refresh, rows, traces
from warehouse import clock
from warehouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
CONTACTS = 80
REACHABLE = "dim_reachable_addresses"
COUNTED = (
    "raw_segment.events",
    "raw_sendgrid.events",
    "raw_twilio.message_status",
    "raw_crm.deals",
    "raw_crm.tasks",
    "raw_activations.receipts",
    "segments.membership_history",
    "marts.fct_events",
    "marts.fct_messages",
    "marts.fct_message_reactions",
    "marts.fct_orders",
    "marts.fct_tasks",
    "marts.dim_deals",
    "reports.rpt_campaigns",
)
SUMS = (
    "select sum(revenue_cents) from marts.fct_orders",
    "select sum(order_count), sum(revenue_cents), sum(visit_count) from marts.dim_contacts",
    "select sum(rows_in), sum(delivered) from activations.plans",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The sample shop, run from the first file to the last push."""
    home = tmp_path_factory.mktemp("erase") / "shop"
    command = [
        sys.executable,
        "-m",
        "examples.shop",
        "--home",
        str(home),
        "--contacts",
        str(CONTACTS),
    ]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "COLUMNS": "160"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return installation(home)


def totals(settings: Settings) -> dict[str, object]:
    """Rows of every table of events, and sums of what they are about."""
    counts = {name: rows(settings, f"select count(*) from {name}") for name in COUNTED}
    return {**counts, **{query: rows(settings, query) for query in SUMS}}


def test_nobody_finds_them_and_totals_stay(shop: Settings, tmp_path: Path) -> None:
    # What earlier steps built is not all up to date with the last push.
    refresh(
        shop,
        "fct_timeline",
        *(name.split(".")[1] for name in COUNTED if name.startswith(("marts", "reports"))),
    )
    # Someone who was pushed, has ordered, is tracked on the site and has a phone.
    [(contact_id, email, phone)] = rows(
        shop,
        "select contact_id, email, phone from marts.dim_contacts inner join activations.acknowledged on key = email "
        "where order_count > 0 and visit_count > 0 and phone is not null "
        "and contact_id in (select contact_id from marts.dim_deals) order by contact_id desc limit 1",
    )
    devices = rows(
        shop,
        "select substr(node, 6) from intermediate.int_identity__nodes "
        f"where contact_id = '{contact_id}' and node like 'anon:%'",
    )
    names = [contact_id, email, phone, *(f'{device[0]}"' for device in devices)]
    before, old = totals(shop), tmp_path / "old"
    shutil.copytree(shop.landing, old)
    places = {place.split(" ")[0].split("/")[0] for place in traces(shop.home, names)}
    assert {"landing", "ledger.sqlite", "serving", "shop", "warehouse.duckdb"} <= places

    done = erase(shop, email, "asked by mail", print)

    assert done.is_clean
    assert not pending(shop)
    assert traces(shop.home, names) == {}
    assert totals(shop) == before
    assert {"ledger", "shop/endpoints.sqlite"} <= set(done.others)
    assert done.files["shop/contacts/block_000.csv"][0] >= 1
    # Someone without a name or an address has ordered what they ordered.
    stand_in = f"from marts.dim_contacts where contact_id like '{done.erasure_id}-%'"
    assert rows(shop, f"select email, phone, first_name, city, order_count > 0 {stand_in}") == [
        (None, None, None, None, True)
    ]

    # The next look at the landing folder finds nothing new, nor in the old files under any name.
    assert refresh(shop, REACHABLE) == []
    for path in (path for path in old.rglob("*.*") if path.is_file()):
        back = shop.landing / path.relative_to(old)
        shutil.copy(path, back.with_name(f"again_{back.name}"))
    again = refresh(shop, "dim_contacts", REACHABLE)
    assert {result.status for result in again} == {"duplicate"}
    query = f"select count(*) from marts.dim_contacts where email = '{email}' or contact_id = '{contact_id}'"
    assert rows(shop, query) == [(0,)]
    for path in shop.landing.rglob("again_*"):
        path.unlink()

    # A new export that still has them: known, and left alone, now and in any replay of the past.
    person = {
        "contact_id": contact_id,
        "email": email,
        "phone": phone,
        "created_at": "2025-01-01T00:00:00Z",
        "updated_at": "2026-06-01T00:00:00Z",
    }
    consent = {
        "address": email,
        "channel": "email",
        "purpose": "marketing",
        "status": "double_opt_in",
        "method": "form",
    }
    land(shop, "shop.contacts", "new.ndjson", [person])
    land(shop, "shop.consents", "new.ndjson", [{**consent, "occurred_at": "2026-06-20T00:00:00Z"}])
    reachable = f"select contact_id from marts.{REACHABLE} where address in ('{email}', '{phone}')"
    stopped = f"select channel, reason from marts.dim_suppressions where address in ('{email}', '{phone}') order by 1"
    for moment in (AS_OF, clock.now() + timedelta(days=3)):
        refresh(shop, REACHABLE, "dim_suppressions", as_of=moment)
        assert rows(shop, query) == [(1,)]
        assert rows(shop, reachable) == []
        assert rows(shop, stopped) == [("email", "erasure"), ("sms", "erasure")]

    # Only what they say themselves, after the erasure, opens the address again, and that address alone.
    said = (clock.now() + timedelta(days=1)).isoformat()
    land(shop, "shop.consents", "later.ndjson", [{**consent, "occurred_at": said}])
    refresh(shop, REACHABLE, "dim_suppressions", as_of=clock.now() + timedelta(days=3))
    assert rows(shop, reachable) == [(contact_id,)]
    assert rows(shop, stopped) == [("sms", "erasure")]
    refresh(shop, REACHABLE, "dim_suppressions")
    assert rows(shop, reachable) == []
