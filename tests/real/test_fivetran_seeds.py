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
