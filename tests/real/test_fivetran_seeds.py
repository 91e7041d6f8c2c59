"""Tables as Fivetran lands them: every record of the published samples is loaded or quarantined with a reason."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.models.installation import Installation
from tests.real.conftest import DATA, need
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings

pytestmark = pytest.mark.real
SEEDS = DATA / "fixtures" / "fivetran_seeds"
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def records(path: Path) -> int:
    """Data rows of one file; a quoted value may hold line ends."""
    with path.open(encoding="utf-8", newline="") as lines:
        return sum(1 for row in csv.reader(lines) if row) - 1


@pytest.mark.parametrize(
    ("folder", "source", "tables"),
    [("dbt_hubspot", "fivetran_hubspot", 56), ("dbt_mailchimp", "fivetran_mailchimp", 12)],
)
def test_every_table_is_loaded_or_quarantined(
    settings: Settings, folder: str, source: str, tables: int
) -> None:
    """Every sample has a contract, and its records are all accounted for."""
    known = contracts(load_manifest(settings))
    paths = sorted(need(SEEDS / folder).glob("*.csv"))
    assert len(paths) == tables
    with connect(settings) as con:
        ensure(con, known)
        for path in paths:
            table = path.stem.removesuffix("_data")
            target = settings.landing / source / table / path.name
            target.parent.mkdir(parents=True)
            shutil.copyfile(path, target)
            (result,) = load_table(con, settings, known[f"{source}.{table}"], NOW)
            assert result.rows_loaded + result.rows_quarantined == records(path), table
            assert result.rows_loaded > 0, table
        unexplained = con.execute(
            "select path, line from landing.quarantine where reason is null or reason = ''"
        ).fetchall()
    assert unexplained == []


# What the sample has none of: a deal that is deleted or merged away; a list or engagement that is deleted.
REACHED = {
    "company": "select count(*) from marts.dim_accounts",
    "owner": "select count(*) from marts.dim_owners",
    "deal": "select count(*) from marts.dim_deals where status = 'open'",
    "deal_stage": "select count(*) from marts.fct_deal_stages",
    "engagement_task": "select count(*) from marts.fct_tasks where type = 'task'",
    "engagement_call": "select count(*) from marts.fct_tasks where type = 'call'",
    "engagement_email": "select count(*) from marts.fct_tasks where type = 'email'",
    "engagement_meeting": "select count(*) from marts.fct_tasks where type = 'meeting'",
    "contact_list_member": "select count(*) from intermediate.int_tags__unioned",
    "contact_form_submission": "select count(*) from marts.fct_events where event_name = 'Form Submitted'",
    "contact": "select count(*) from intermediate.int_contacts__records",
    "contact_merge_audit": "select count(*) from intermediate.int_identity__links where occurred_at is not null",
    "email_event": "select count(*) from intermediate.int_messages__unioned",
}


@pytest.fixture(scope="module")
def hubspot(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The HubSpot sample, loaded and built."""
    home = Installation(tmp_path_factory.mktemp("hubspot"))
    for path in sorted(need(SEEDS / "dbt_hubspot").glob("*.csv")):
        target = (
            home.settings.landing / "fivetran_hubspot" / path.stem.removesuffix("_data") / path.name
        )
        target.parent.mkdir(parents=True)
        shutil.copyfile(path, target)
    home.build(
        "dim_accounts", "dim_owners", "dim_deals", "fct_deal_stages", "fct_tasks", "fct_events",
        "int_tags__unioned", "int_messages__unioned",
    )  # fmt: skip
    return home


@pytest.mark.parametrize("table", sorted(REACHED))
def test_every_row_of_hubspot_reaches_its_model(hubspot: Installation, table: str) -> None:
    """As many rows come out as the file has: none is lost, none is doubled."""
    expected = records(need(SEEDS / "dbt_hubspot" / f"{table}_data.csv"))

    assert expected > 0
    assert hubspot.rows(REACHED[table]) == [(expected,)]


def test_a_contact_that_names_whom_it_absorbed_is_one_person_with_them(
    hubspot: Installation,
) -> None:
    """`property_hs_merged_object_ids` ties every contact that it names."""
    rows = hubspot.rows(
        "select nodes.contact_id, count(*) from intermediate.int_identity__nodes as nodes "
        "where nodes.component = (select component from intermediate.int_identity__nodes "
        "where node = 'hubspot:78971951') group by 1"
    )

    assert [count for _, count in rows] == [4]


@pytest.fixture(scope="module")
def mailchimp(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Mailchimp's samples, loaded and built."""
    home = Installation(tmp_path_factory.mktemp("mailchimp"))
    for path in sorted(need(SEEDS / "dbt_mailchimp").glob("*.csv")):
        target = home.settings.landing / "fivetran_mailchimp" / path.stem / path.name
        target.parent.mkdir(parents=True)
        shutil.copyfile(path, target)
    home.build("fct_messages", "fct_message_reactions", "fct_consents", "int_tags__unioned")
    return home


def seed(table: str) -> list[dict[str, str]]:
    """The rows of one of Mailchimp's samples."""
    with (SEEDS / "dbt_mailchimp" / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("kind", ["campaign", "automation"])
def test_mailchimp_s_messages_close(mailchimp: Installation, kind: str) -> None:
    """Every recipient is a message that was sent, every action one reaction, and each message has its contact."""
    mailing = "campaign_id" if kind == "campaign" else "automation_email_id"
    sent, actions = seed(f"{kind}_recipient"), seed(f"{kind}_recipient_activity")
    mailings = sorted({row[mailing] for row in sent})
    found = mailchimp.rows(
        "select event, count(*) from intermediate.int_messages__unioned "
        "where source = 'mailchimp' and split_part(message_id, ':', 2) in (select unnest(?)) group by event",
        [mailings],
    )
    wanted = Counter({"open": "opened", "click": "clicked"}[row["action"]] for row in actions)
    wanted["sent"] = len(sent)
    wanted["unsubscribed"] = sum(row["campaign_id"] in mailings for row in seed("unsubscribe"))
    messages = mailchimp.rows(
        "select count(*), count(contact_id) from marts.fct_messages "
        "where split_part(message_id, ':', 2) in (select unnest(?))",
        [mailings],
    )

    assert dict(found) == {event: count for event, count in wanted.items() if count}
    assert messages == [(len(sent), len(sent))]


def test_mailchimp_s_members_close(mailchimp: Installation) -> None:
    """Every member's status is a statement, each unsubscription is one, every segment's member has its tag."""
    members = Counter(row["status"] for row in seed("member"))
    found = dict(
        mailchimp.rows(
            "select status, count(*) from intermediate.int_consents__delivered "
            "where evidence like 'list %' group by status"
        )
    )
    left = {(row["member_id"], row["timestamp"]) for row in seed("unsubscribe")}
    refused = mailchimp.rows("select count(*) from marts.fct_consents where status = 'opt_out'")
    tags = mailchimp.rows("select tag, count(*) from intermediate.int_tags__unioned group by tag")

    assert found == {"opt_in": members["subscribed"], "opt_out": members["unsubscribed"]}
    assert refused == [(len(left),)]
    assert tags == [(row["name"], len(seed("segment_member"))) for row in seed("segment")]
