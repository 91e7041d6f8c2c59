"""From the account over landing files to the canonical models: amounts, stages, tags, consent, bounces, echoes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests

from examples.shop.endpoints import serve
from tests.conftest import SHARED
from tests.loaders.conftest import DEAL, Account
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

NOW = datetime(2026, 6, 30, tzinfo=UTC)
MODELS = (
    "+int_contacts__records", "+int_consents__delivered", "+int_tags__unioned", "+int_deals__unioned",
    "+int_deals__stage_visits", "+int_tasks__unioned", "+int_messages__delivered",
    "int_activecampaign__webhooks", "fqn:*stg_activecampaign*",
)  # fmt: skip
FIXTURES = SHARED / "data" / "fixtures" / "activecampaign"


def flat(value: Any, name: str = "") -> dict[str, str]:
    """A nested body as PHP names its form fields: `contact[email]`, `deal[fields][0][key]`."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = {str(index): one for index, one in enumerate(value)}.items()
    else:
        return {name: "" if value is None else str(value)}
    found: dict[str, str] = {}
    for key, one in pairs:
        found |= flat(one, f"{name}[{key}]" if name else str(key))
    return found


def land(settings: Settings, table: str, *rows: dict[str, Any]) -> None:
    """Put rows where the table's contract looks for them."""
    path = settings.landing / "activecampaign" / table / "rows.ndjson"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def load_all(settings: Settings) -> list[tuple[str, str]]:
    """Load every landing file; table and reason of what was refused."""
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, NOW)
        for label, contract in known.items():
            if label.startswith("activecampaign."):
                load_table(con, settings, contract, NOW, None)
        return con.execute("select table_name, reason from landing.quarantine").fetchall()


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """What the warehouse answers."""
    with connect(settings) as con:
        return con.execute(sql).fetchall()


def webhook(kind: str, moment: datetime, **fields: Any) -> dict[str, str]:
    """A webhook as the front door lands it."""
    body = {"type": kind, "date_time": moment.isoformat(), "initiated_from": "public", "list": "0"}
    return flat({**body, **fields})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """An account with a little of everything: pulled, loaded and built."""
    settings = load({"MILLRACE_HOME": str(tmp_path_factory.mktemp("ac") / "home")})
    with serve() as shop, requests.Session() as session:
        account = Account(shop, settings, session)
        anna = account.contact("Anna@Example.org", firstName="Anna", phone="+49 151 12345678")
        bert = account.contact("bert@example.org")
        cleo = account.contact("cleo@example.org")
        account.tag(anna, "VIP")
        lost = account.tag(bert, "Trial")
        for contact, status in ((anna, 1), (bert, 1), (bert, 2)):
            link = {"contactList": {"contact": contact, "list": "1", "status": status}}
            account.send("POST", "/contactLists", link)
        account.plant_crm()
        moved = {"mdate": "2026-02-03T10:00:00-05:00", "contact": anna, "stage": 2}
        shop.plant("deal", {**DEAL, "id": 1, **moved}, {**DEAL, "id": 2, "status": 1, "stage": 1})
        change = {"dataType": "", "dataAction": "update", "deal": "1", "d_id": "1"}
        shop.plant(
            "dealActivity",
            {**change, "id": 1, "d_stageid": 0, "cdate": "2026-01-05T10:00:01-05:00"},
            {**change, "id": 2, "d_stageid": 2, "dataOldval": "1", "cdate": "2026-02-03T10:00:00-05:00"},
        )  # fmt: skip
        shop.plant("dealTasktype", {"id": 1, "title": "Call"})
        shop.plant("dealTask", {
            "id": 5, "title": "Ring", "dealTasktype": 1, "reltype": "Deal", "relid": 1, "user": 1,
            "status": 1, "cdate": "2026-02-01T09:00:00-05:00", "duedate": "2026-02-02T09:00:00-05:00",
            "udate": "2026-02-02T08:00:00-05:00",
        })  # fmt: skip
        shop.plant(
            "campaign", {"id": 9, "name": "Spring", "type": "single", "sdate": None, "send_amt": 3}
        )
        bounce = {
            "tstamp": "2026-05-12T11:30:06-05:00",
            "contact": anna,
            "email": "anna@example.org",
        }
        shop.plant("bounceLog", {"id": 23, "campaign": 9, "code": "48", "error": "full", **bounce})
        account.pull()
        account.send("DELETE", f"/contactTags/{lost}")
        account.contact("bert@example.org", lastName="B")
        account.pull()
        account.send("DELETE", f"/contacts/{cleo}")
    who = {"id": anna, "email": "anna@example.org"}
    at = datetime(2026, 5, 12, 16, 30, tzinfo=UTC)
    spring = {"id": "9", "name": "Spring"}
    land(
        settings,
        "webhooks",
        webhook("open", at, contact=who, campaign=spring, user_agent="Mozilla"),
        webhook("open", at, contact=who, campaign=spring, user_agent="Mozilla"),
        webhook("click", at, contact=who, campaign=spring, link={"id": "1", "url": "https://a.example"}),
        webhook("bounce", at, contact=who, campaign=spring, bounce={"type": "Hard"}),
        webhook("unsubscribe", at + timedelta(hours=1), contact=who, list="1"),
        webhook("update", at, contact=who, initiated_from="api"),
        webhook("update", at + timedelta(days=2), contact=who, initiated_from="api"),
        webhook("deal_update", at, contact=who, deal={"id": "1", "value": "1,044,055.00", "value_raw": "1044055"}),
    )  # fmt: skip
    assert load_all(settings) == []
    with connect(settings) as con:
        con.execute(
            "insert into raw_activations.receipts by name select 'r' as receipt_id, "
            "'sync_activecampaign_contact' as sync, 'acked' as outcome, ? as vendor_id, "
            "cast(? as timestamp) as attempted_at",
            [anna, (at - timedelta(minutes=3)).replace(tzinfo=None)],
        )
    failed = [
        f"{one.name}: {one.message}"
        for one in build(settings, list(MODELS), unit_tests=False)
        if not one.passed
    ]
    assert failed == []
    yield settings


def test_contacts_carry_normalised_addresses(built: Settings) -> None:
    """Upper case and spaces in the phone number are gone; the key says where it comes from."""
    found = rows(built, "select record_node, email, phone, first_name from intermediate.int_contacts__records "
                 "where source = 'activecampaign' order by record_node")  # fmt: skip
    assert found[0] == ("activecampaign:1", "anna@example.org", "+4915112345678", "Anna")
    assert len(found) == 3


def test_tag_that_was_taken_off_ends_with_the_reading_that_missed_it(built: Settings) -> None:
    """Nobody reports removals; the contact's next reading does."""
    found = rows(built, "select record_node, tag, removed_at is null, removed_at > added_at "
                 "from intermediate.int_tags__unioned where source = 'activecampaign' order by 1")  # fmt: skip
    assert found == [
        ("activecampaign:1", "VIP", True, None),
        ("activecampaign:2", "Trial", False, True),
    ]


def test_consent_is_per_list_and_only_a_form_or_the_contact_makes_it_explicit(
    built: Settings,
) -> None:
    """One who joined, one who joined and left, one who left by webhook."""
    found = rows(built, "select address, purpose, status, is_explicit, method "
                 "from intermediate.int_consents__delivered where source = 'activecampaign' order by all")  # fmt: skip
    assert found == [
        ("anna@example.org", "newsletter", "opt_in", False, "activecampaign:list"),
        ("anna@example.org", "newsletter", "opt_out", True, "activecampaign:unsubscribe"),
        ("bert@example.org", "newsletter", "opt_in", False, "activecampaign:list"),
        ("bert@example.org", "newsletter", "opt_out", True, "activecampaign:list"),
    ]


def test_amounts_are_cents_from_the_api_and_units_in_webhooks(built: Settings) -> None:
    """The same deal is 1 044 055 dollars either way."""
    assert rows(built, "select distinct amount_cents from intermediate.int_deals__unioned "
                "where deal_id = 'activecampaign:1'") == [(104_405_500,)]  # fmt: skip
    assert rows(built, "select amount_cents from staging.stg_activecampaign__webhooks "
                "where type = 'deal_update'") == [(104_405_500,)]  # fmt: skip


def test_stage_history_comes_from_the_activities(built: Settings) -> None:
    """The first change names the stage before it, in which the deal has been since it was made."""
    found = rows(built, "select deal_id, stage, entered_at, left_at from intermediate.int_deals__stage_visits "
                 "where deal_id like 'activecampaign:%' order by 1, 3")  # fmt: skip
    made, moved = datetime(2026, 1, 5, 15), datetime(2026, 2, 3, 15)
    assert found == [
        ("activecampaign:1", "stage 1", made, moved),
        ("activecampaign:1", "stage 2", moved, None),
        ("activecampaign:2", "stage 1", made, None),
    ]


def test_task_belongs_to_its_deal_and_the_deals_contact(built: Settings) -> None:
    """A done task was done when it last changed."""
    assert rows(built, "select task_id, deal_id, contact_node, type, completed_at "
                "from intermediate.int_tasks__unioned where source_system = 'activecampaign'") == [
        ("activecampaign:5", "activecampaign:1", "activecampaign:1", "call", datetime(2026, 2, 2, 13))
    ]  # fmt: skip


def test_bounce_in_log_and_webhook_is_one_event(built: Settings) -> None:
    """The log and the webhook share their key; a webhook that came twice is one."""
    found = rows(built, "select event, count(*), count(distinct message_event_id), count(distinct message_id) "
                 "from intermediate.int_messages__delivered where source = 'activecampaign' "
                 "group by 1 order by 1")  # fmt: skip
    assert found == [("bounced", 2, 1, 1), ("clicked", 1, 1, 1), ("opened", 1, 1, 1)]


def test_echo_of_our_own_write_is_marked(built: Settings) -> None:
    """Made over the API minutes after we wrote that contact; two days later it was somebody else."""
    found = rows(built, "select occurred_at, is_echo from intermediate.int_activecampaign__webhooks "
                 "where type = 'update' order by 1")  # fmt: skip
    assert [is_echo for _, is_echo in found] == [True, False]


def test_sweep_finds_the_deleted_contact_in_the_warehouse(
    built: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the warehouse has and the account has not is written once more, as gone, and keeps its address."""
    monkeypatch.setattr("loaders.activecampaign_read.SWEEP_EVERY", timedelta(0))
    with serve() as shop, requests.Session() as session:
        account = Account(shop, built, session)
        account.contact("anna@example.org", firstName="Anna", phone="+49 151 12345678")
        account.contact("bert@example.org")
        account.pull("contacts")
    assert load_all(built) == []
    assert rows(built, "select contact_id, email, is_deleted from staging.stg_activecampaign__contacts "
                "order by 1") == [
        ("1", "anna@example.org", False), ("2", "bert@example.org", False), ("3", "cleo@example.org", True),
    ]  # fmt: skip


@pytest.mark.real
def test_every_recorded_payload_is_loaded_or_refused_with_a_reason(tmp_path: Path) -> None:
    """Webhooks, an automation's call and a segment entry as they were recorded: all of them load."""
    if not FIXTURES.exists():
        pytest.skip("recorded payloads lie beside the project")
    settings = load({"MILLRACE_HOME": str(tmp_path / "home")})
    bodies = [
        json.loads(one) for one in (FIXTURES / "webhook_bodies.jsonl").read_text().splitlines()
    ]
    call = dict(parse_qsl((FIXTURES / "automation_webhook_action.form").read_text().strip()))
    entry = json.loads((FIXTURES / "segment_entry_event.json").read_text())
    land(settings, "webhooks", *(flat(body) for body in bodies), call)
    land(settings, "automation_webhooks", call)
    land(settings, "segment_entries", entry)

    refused = load_all(settings)

    assert refused == [("webhooks", "type: required, but empty; date_time: required, but empty")]
    counts = rows(settings, "select (select count(*) from raw_activecampaign.webhooks), "
                  "(select count(*) from raw_activecampaign.automation_webhooks), "
                  "(select count(*) from raw_activecampaign.segment_entries)")  # fmt: skip
    assert counts == [(len(bodies), 1, 1)]
