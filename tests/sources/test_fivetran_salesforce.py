"""Salesforce's accounts, users, opportunities, activities, conversions and refusals, from landed rows to marts."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from tests.models.installation import Installation

# Both CRMs are built once: whoever spreads tests over processes keeps them on one.
pytestmark = pytest.mark.xdist_group("crm")


def on(number: int, hour: int = 0) -> datetime:
    """A moment of January 2026."""
    return datetime(2026, 1, number, hour)


def test_accounts_and_owners_meet(crm: Installation) -> None:
    """What was merged away is no account; a user's role is the team."""
    accounts = crm.rows(
        "select account_id, owner_id, name, domain, country from marts.dim_accounts "
        "where account_id like 'salesforce:%' order by 1"
    )
    owners = crm.rows("select * from marts.dim_owners where owner_id like 'salesforce:%'")

    assert accounts == [
        ("salesforce:001A", "salesforce:005A", "Acme", "acme.example", "DE"),
        ("salesforce:001B", None, "Bolt", None, None),
    ]
    assert owners == [("salesforce:005A", "Uma", "uma@example.com", "Sales", "DE")]


def test_deals_meet(crm: Installation) -> None:
    """Older spellings and history mode meet; what is in the bin is gone; a deal closed when its stage began."""
    rows = crm.rows(
        "select deal_id, status, pipeline, stage, account_id, owner_id, amount_cents, expected_close_on, closed_at "
        "from marts.dim_deals where source_system = 'salesforce' order by 1"
    )
    uma, august = "salesforce:005A", date(2026, 8, 1)

    assert rows == [
        ("salesforce:006A", "open", "default", "Offer", "salesforce:001A", uma, 100050, august, None),
        ("salesforce:006B", "won", "Renewals", "Closed Won", "salesforce:001A", None, None, date(2026, 1, 30), on(8)),
        ("salesforce:006C", "lost", "default", "Closed Lost", "salesforce:001B", uma, 1000, date(2026, 1, 20), on(4)),
        ("salesforce:006D", "open", "default", "Offer", "salesforce:001A", uma, 1000, august, None),
        ("salesforce:006F", "open", "default", "Offer", "salesforce:001B", uma, 1000, august, None),
    ]  # fmt: skip


def test_a_deal_has_the_contact_that_can_be_told(crm: Installation) -> None:
    """The primary role, else the converted lead, else the account's only contact; among several nobody."""
    rows = crm.rows(
        "select deal_id, contact_node from intermediate.int_deals__unioned "
        "where source_system = 'salesforce' order by 1"
    )

    assert rows == [
        ("salesforce:006A", "salesforce:003B"),
        ("salesforce:006B", "salesforce:003A"),
        ("salesforce:006C", "salesforce:003C"),
        ("salesforce:006D", "salesforce:003A"),
        ("salesforce:006F", None),
    ]


def test_stages_come_from_the_best_record(crm: Installation) -> None:
    """Salesforce's history, else tracked fields, else versions; a change of amount is no change of stage."""
    rows = crm.rows(
        "select deal_id, stage, entered_at, left_at from marts.fct_deal_stages "
        "where deal_id like 'salesforce:%' order by 1, 3"
    )

    assert rows == [
        ("salesforce:006A", "Offer", on(2), None),
        ("salesforce:006B", "Offer", on(3), on(8)),
        ("salesforce:006B", "Closed Won", on(8), None),
        ("salesforce:006C", "New", on(1), on(4)),
        ("salesforce:006C", "Closed Lost", on(4), None),
        ("salesforce:006D", "New", on(1), on(6)),
        ("salesforce:006D", "Offer", on(6), None),
        ("salesforce:006F", "Offer", on(9), None),
    ]


def test_changes_of_deals_meet(crm: Installation) -> None:
    """Each field comes from the best record that has it."""
    rows = crm.rows(
        "select deal_id, field, new_value, changed_at from intermediate.int_deals__changes_unioned "
        "where deal_id in ('salesforce:006B', 'salesforce:006D') order by 1, 2, 4"
    )

    assert rows == [
        ("salesforce:006B", "expected_close_on", "2026-01-30", on(8)),
        ("salesforce:006D", "amount_cents", "1000", on(6)),
        ("salesforce:006D", "expected_close_on", "2026-08-01", on(9)),
    ]


def test_tasks_and_meetings_meet(crm: Installation) -> None:
    """A task hangs on its deal and person; a meeting that has not ended is not done; no active version is deleted."""
    rows = crm.rows(
        "select task_id, deal_id, owner_id, type, direction, due_at, completed_at "
        "from marts.fct_tasks where task_id like 'salesforce:%' order by 1"
    )

    assert rows == [
        ("salesforce:00T1", "salesforce:006A", "salesforce:005A", "call", "inbound", None, on(2)),
        ("salesforce:00T2", None, None, "task", None, on(9), None),
        ("salesforce:00U1", "salesforce:006A", None, "meeting", None, on(3), on(3, 1)),
        ("salesforce:00U2", None, None, "meeting", None, datetime(2027, 1, 1), None),
    ]


def test_conversions_and_merges_make_one_person(crm: Installation) -> None:
    """A lead is the contact that it became, and a merged record the one that is left."""
    links = crm.rows(
        "select left_node, right_node, evidence, occurred_at from intermediate.int_identity__links "
        "where source = 'salesforce' order by 1"
    )
    people = crm.rows(
        "select count(distinct contact_id) from intermediate.int_identity__nodes where node in "
        "('salesforce:00QA', 'salesforce:003C', 'email:lead@example.com', 'email:sfc@example.com')"
    )

    assert links == [
        ("salesforce:003A", "salesforce:003D", "merged", on(7)),
        ("salesforce:003C", "salesforce:00QA", "converted", on(2)),
    ]
    assert people == [(1,)]


def test_refusals_are_read(crm: Installation) -> None:
    """The first version that says so has the time; a refusal may lack it; a soft bounce closes nothing."""
    rows = crm.rows(
        "select address, purpose, status, occurred_at from marts.fct_consents "
        "where source = 'salesforce' order by 1"
    )

    assert rows == [
        ("lead@example.com", "marketing", "opt_out", None),
        ("sfa@example.com", "marketing", "opt_out", on(4)),
        ("sfc@example.com", "any", "hard_bounce", on(3)),
    ]


def test_whoever_refused_in_salesforce_alone_is_suppressed(crm: Installation) -> None:
    """An older yes in the shop does not help."""
    rows = crm.rows(
        "select address, reason from marts.dim_suppressions "
        "where address like 'sf%' or address like 'lead%' order by 1"
    )

    assert rows == [
        ("lead@example.com", "opt_out"),
        ("sfa@example.com", "opt_out"),
        ("sfc@example.com", "hard_bounce"),
    ]


def test_members_of_campaigns_are_tagged(crm: Installation) -> None:
    """Whoever was put into a campaign has its tag, until they or the campaign go; a member who is nobody has none."""
    rows = crm.rows(
        "select record_node, tag, added_at, removed_at from intermediate.int_tags__unioned "
        "where source = 'salesforce' order by 1, 2"
    )

    assert rows == [
        ("salesforce:003A", "campaign: spring fair", on(2), None),
        ("salesforce:003B", "campaign: 701x", on(2), None),
        ("salesforce:003B", "campaign: binned", on(2), on(12)),
        ("salesforce:003B", "campaign: spring fair", on(2), on(9)),
        ("salesforce:00QA", "campaign: spring fair", on(3), None),
    ]


def test_answers_to_campaigns_are_events_and_touches(crm: Installation) -> None:
    """Only an answer is: to have been chosen is nothing that a contact did."""
    events = crm.rows(
        "select user_node, event_name, occurred_at from intermediate.int_events__unioned "
        "where source = 'salesforce' order by 1"
    )
    touches = crm.rows(
        "select channel, campaign, touched_at from intermediate.int_attribution__touches "
        "where touch_id like 'salesforce:%' order by 3 desc"
    )

    assert events == [
        ("salesforce:003A", "Campaign Responded", on(4)),
        ("salesforce:00QA", "Campaign Responded", on(3)),
    ]
    assert touches == [
        ("trade show", "Spring Fair", on(4)),
        ("trade show", "Spring Fair", on(3)),
    ]
