"""HubSpot and Mailchimp as Fivetran lands them, up to the canonical models."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import duckdb
import pytest

from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import load
from warehouse.transform import build

AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
FILES = {
    "fivetran_hubspot/contact": """\
id,_fivetran_deleted,_fivetran_synced,property_email,property_firstname,property_createdate,property_shoe_size
1,false,2026-01-02 00:00:00, Ann@Example.com ,Ann,2026-01-01 10:00:00,41
1,true,2026-02-02 00:00:00,ann@example.com,Ann,2026-01-01 10:00:00,42
2,false,2026-01-02 00:00:00,bob@example.com,Bob,2026-01-01 11:00:00+02:00,
""",
    "fivetran_hubspot/contact_merge_audit": """\
canonical_vid,vid_to_merge,_fivetran_synced,timestamp
2,9,2026-01-05 00:00:00,2026-01-04 12:00:00
""",
    "fivetran_hubspot/email_event": """\
id,_fivetran_synced,created,type,recipient,sent_by_id,email_campaign_id,filtered_event
e1,2026-01-02 00:00:00,2026-01-01 10:00:00,SENT,ann@example.com,,c1,false
e2,2026-01-02 00:00:00,2026-01-01 10:01:00,BOUNCE,ann@example.com,e1,c1,false
e3,2026-01-02 00:00:00,2026-01-01 10:02:00,CLICK,bob@example.com,e0,c1,true
e4,2026-01-02 00:00:00,2026-01-01 10:03:00,STATUSCHANGE,bob@example.com,e0,c1,false
""",
    "fivetran_hubspot/email_event_bounce": (
        "id,_fivetran_synced,status,category\ne2,2026-01-02 00:00:00,550,UNKNOWN_USER\n"
    ),
    "fivetran_hubspot/email_event_click": "id,_fivetran_synced,url\ne3,2026-01-02 00:00:00,https://example.com/a\n",
    "fivetran_hubspot/email_event_status_change": (
        "id,_fivetran_synced,portal_subscription_status\ne4,2026-01-02 00:00:00,UNSUBSCRIBED\n"
    ),
    "fivetran_mailchimp/member": """\
id,list_id,_fivetran_synced,_fivetran_deleted,email_address,country_code,status,timestamp_opt,last_changed
m1,l1,2026-01-02 00:00:00,false,Cy@example.com,de,subscribed,2026-01-01 08:00:00,2026-01-02 08:00:00
m1,l2,2026-01-02 00:00:00,false,cy@example.com,de,unsubscribed,2026-01-01 08:00:00,2026-01-03 08:00:00
m2,l1,2026-01-02 00:00:00,true,di@example.com,de,subscribed,2026-01-01 08:00:00,2026-01-02 08:00:00
m3,l1,2026-01-02 00:00:00,false,ed@example.com,de,pending,,2026-01-02 08:00:00
""",
}


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The hand-written files, loaded and built."""
    home = tmp_path_factory.mktemp("fivetran")
    settings = load({"MILLRACE_HOME": str(home), "MILLRACE_AS_OF": AS_OF.isoformat()})
    known = contracts(load_manifest(settings))
    with connect(settings) as connection:
        ensure(connection, known)
        set_clock(connection, AS_OF)
        for table, text in FILES.items():
            target = settings.landing / table / "rows.csv"
            target.parent.mkdir(parents=True)
            target.write_text(text, encoding="utf-8")
            load_table(connection, settings, known[table.replace("/", ".")], AS_OF)
    wanted = ["+int_contacts__records", "+int_consents__delivered", "+int_identity__links"]
    failed = [result for result in build(settings, wanted, unit_tests=False) if not result.passed]
    assert failed == []
    with connect(settings) as connection:
        yield connection


def test_contact_records(con: duckdb.DuckDBPyConnection) -> None:
    """The version that Fivetran wrote last holds; a deleted record is flagged, not lost."""
    rows = con.execute(
        "select record_node, email, is_deleted, created_at from intermediate.int_contacts__records "
        "order by record_node"
    ).fetchall()

    assert rows == [
        ("hubspot:1", "ann@example.com", True, datetime(2026, 1, 1, 10)),
        ("hubspot:2", "bob@example.com", False, datetime(2026, 1, 1, 9)),
        ("mailchimp:l1:m1", "cy@example.com", False, None),
        ("mailchimp:l1:m2", "di@example.com", True, None),
        ("mailchimp:l1:m3", "ed@example.com", False, None),
        ("mailchimp:l2:m1", "cy@example.com", False, None),
    ]


def test_a_custom_property_is_kept(con: duckdb.DuckDBPyConnection) -> None:
    """What the contract does not name stays beside the row."""
    rows = con.execute(
        "select json_extract_string(_extra, '$.property_shoe_size') from raw_fivetran_hubspot.contact "
        "where id = '1' order by _fivetran_synced"
    ).fetchall()

    assert rows == [("41",), ("42",)]


def test_consents(con: duckdb.DuckDBPyConnection) -> None:
    """Only a status that states a choice is a consent; who was deleted or is pending states none."""
    rows = con.execute(
        "select address, status, is_explicit, evidence, occurred_at "
        "from intermediate.int_consents__delivered order by occurred_at"
    ).fetchall()

    assert rows == [
        ("cy@example.com", "opt_in", False, "list l1", datetime(2026, 1, 1, 8)),
        ("ann@example.com", "hard_bounce", True, "hubspot:e2", datetime(2026, 1, 1, 10, 1)),
        ("bob@example.com", "opt_out", True, "hubspot:e4", datetime(2026, 1, 1, 10, 3)),
        ("cy@example.com", "opt_out", True, "list l2", datetime(2026, 1, 3, 8)),
    ]


def test_merged_contacts_are_evidence(con: duckdb.DuckDBPyConnection) -> None:
    """HubSpot's own merges reach identity."""
    rows = con.execute(
        "select left_node, right_node, evidence, source, occurred_at from intermediate.int_identity__links"
    ).fetchall()

    assert rows == [("hubspot:2", "hubspot:9", "merged", "hubspot", datetime(2026, 1, 4, 12))]


def test_message_events(con: duckdb.DuckDBPyConnection) -> None:
    """An event keeps the message it follows, and takes what its own table adds."""
    rows = con.execute(
        "select message_event_id, message_id, event, bounce_class, recipient_node, url, reason, "
        "is_machine_by_vendor from intermediate.int_messages__delivered order by message_event_id"
    ).fetchall()
    ann, bob = "email:ann@example.com", "email:bob@example.com"

    assert rows == [
        ("hubspot:e1", "hubspot:e1", "sent", None, ann, None, None, False),
        ("hubspot:e2", "hubspot:e1", "bounced", "hard", ann, None, "UNKNOWN_USER", False),
        ("hubspot:e3", "hubspot:e0", "clicked", None, bob, "https://example.com/a", None, True),
        ("hubspot:e4", "hubspot:e0", "unsubscribed", None, bob, None, None, False),
    ]
