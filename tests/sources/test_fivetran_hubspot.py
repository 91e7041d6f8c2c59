"""HubSpot's companies, owners, deals, engagements, lists, forms and refusals, from landed rows to marts."""

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
    """A deleted company is no account; what is no number is unknown, and refuses no row."""
    accounts = crm.rows(
        "select account_id, owner_id, name, domain, country, employees, annual_revenue_cents "
        "from marts.dim_accounts where account_id like 'hubspot:%'"
    )
    owners = crm.rows("select * from marts.dim_owners where owner_id like 'hubspot:%'")

    assert accounts == [("hubspot:10", "hubspot:70", "Acme", "acme.example", "DE", None, 100050)]
    assert owners == [("hubspot:70", "Olga Ohm", "olga@example.com", "South", None)]


def test_deals_meet(crm: Installation) -> None:
    """Deleted and merged deals are gone; a merged one leaves its contact; a stage says what is won."""
    rows = crm.rows(
        "select deal_id, status, stage, pipeline, account_id, contact_id, amount_cents, expected_close_on, closed_at "
        "from marts.dim_deals where source_system = 'hubspot' order by 1"
    )

    assert rows == [
        ("hubspot:1", "open", "New", "Sales", None, "hubspot:1", 10051, None, None),
        ("hubspot:2", "won", "Bought", "Sales", "hubspot:10", "hubspot:2", None, date(2027, 1, 1), on(5)),
        ("hubspot:5", "lost", "closedlost", "default", None, None, None, date(2026, 1, 9), on(9)),
    ]  # fmt: skip


def test_stages_have_the_time_that_hubspot_says(crm: Installation) -> None:
    """An entry counts from when the deal came in, not from when Fivetran saw it; an open end is no end."""
    rows = crm.rows(
        "select deal_id, stage, entered_at, left_at from marts.fct_deal_stages "
        "where deal_id like 'hubspot:%' order by 1, 3"
    )

    assert rows == [
        ("hubspot:1", "New", on(1), None),
        ("hubspot:2", "New", on(2), on(5)),
        ("hubspot:2", "Bought", on(5), None),
    ]


def test_changes_of_deals_meet(crm: Installation) -> None:
    """Amounts become cents, close dates days; what is no number is no change; without a history the record speaks."""
    rows = crm.rows(
        "select deal_id, field, old_value, new_value, changed_at from intermediate.int_deals__changes_unioned "
        "where deal_id in ('hubspot:1', 'hubspot:2') order by 1, 2, 5"
    )

    assert rows == [
        ("hubspot:1", "amount_cents", None, "9000", on(1)),
        ("hubspot:1", "amount_cents", "9000", "10050", on(3)),
        ("hubspot:1", "expected_close_on", None, "2026-01-01", on(1)),
        ("hubspot:2", "expected_close_on", None, "2027-01-01", on(1)),
    ]


def test_tasks_meet(crm: Installation) -> None:
    """Tasks, calls and meetings in the names of new and old connections; a cancelled meeting was not held."""
    rows = crm.rows(
        "select task_id, deal_id, contact_id, owner_id, type, direction, created_at, due_at, completed_at "
        "from marts.fct_tasks where task_id like 'hubspot:%' order by 1"
    )

    assert rows == [
        ("hubspot:e1", "hubspot:1", "hubspot:1", None, "task", None, on(1), on(2), on(3)),
        ("hubspot:e3", None, None, "hubspot:70", "call", None, on(2), on(4), None),
        ("hubspot:e4", None, None, None, "call", "inbound", on(3), on(3), on(3)),
        ("hubspot:e5", None, None, None, "meeting", None, on(5), on(5), None),
        ("hubspot:e6", None, None, None, "meeting", None, on(6), on(6), on(6, 1)),
    ]


def test_lists_are_tags(crm: Installation) -> None:
    """Being on a list is a tag, and no consent; leaving it, and the end of the list, take the tag off."""
    rows = crm.rows(
        "select record_node, tag, added_at, removed_at from intermediate.int_tags__unioned "
        "where source = 'hubspot' order by 1, 2"
    )

    assert rows == [
        ("hubspot:1", "list: l3", on(2), None),
        ("hubspot:1", "list: old", on(2), on(20)),
        ("hubspot:1", "list: vips", on(2), None),
        ("hubspot:2", "list: vips", on(2), on(9)),
    ]


def test_forms_are_events(crm: Installation) -> None:
    """A form that a contact sent is an event of that contact."""
    rows = crm.rows(
        "select source, contact_id, event_name, page_url, occurred_at from marts.fct_events where source = 'hubspot'"
    )

    assert rows == [("hubspot", "hubspot:1", "Form Submitted", "https://shop.example/a", on(3))]


def test_merges_are_evidence_in_both_spellings(crm: Installation) -> None:
    """`id:epoch` says when, the older `id` does not."""
    rows = crm.rows(
        "select left_node, right_node, evidence, occurred_at from intermediate.int_identity__links "
        "where source = 'hubspot' order by 1, 2"
    )

    assert rows == [
        ("hubspot:8", "hubspot:9", "merged", on(1)),
        ("hubspot:8", "hubspot:90", "merged", on(2)),
        ("hubspot:80", "hubspot:91", "merged", None),
        ("hubspot:80", "hubspot:92", "merged", None),
    ]


def test_refusals_are_read_once_and_with_their_time(crm: Installation) -> None:
    """History says when, else the first version that says so; later versions and imports say nothing new."""
    rows = crm.rows(
        "select address, purpose, status, is_explicit, occurred_at from marts.fct_consents "
        "where source = 'hubspot' order by 1"
    )

    assert rows == [
        ("came@example.com", "subscription 77", "opt_in", True, on(2)),
        ("hs2@example.com", "marketing", "opt_out", False, on(4)),
        ("hs3@example.com", "marketing", "opt_out", False, on(6)),
        ("hs4@example.com", "subscription 77", "opt_out", False, on(6)),
        ("hs5@example.com", "any", "hard_bounce", False, on(7)),
        ("hs6@example.com", "marketing", "opt_out", False, on(8)),
        ("hs7@example.com", "subscription 78", "opt_out", False, on(9)),
        ("left@example.com", "marketing", "opt_out", False, on(2)),
    ]


def test_whoever_refused_in_hubspot_alone_is_suppressed(crm: Installation) -> None:
    """Even who was deleted since; a refusal of one subscription closes only that."""
    rows = crm.rows(
        "select address, reason from marts.dim_suppressions where address not like 'sf%' "
        "and address not like 'lead%' order by 1"
    )

    assert rows == [
        ("hs2@example.com", "opt_out"),
        ("hs3@example.com", "opt_out"),
        ("hs5@example.com", "hard_bounce"),
        ("hs6@example.com", "opt_out"),
        ("left@example.com", "opt_out"),
    ]


def test_tickets_meet(crm: Installation) -> None:
    """A stage's number is one pipeline's own; who is one person has one row; what was deleted is gone."""
    rows = crm.rows(
        "select ticket_id, contact_id, owner_id, subject, stage, priority, is_open, opened_at, closed_at "
        "from marts.fct_tickets order by 1, 2"
    )
    [(merged,)] = crm.rows(
        "select distinct contact_id from intermediate.int_identity__nodes where node in ('hubspot:9', 'hubspot:90')"
    )
    lost = ("hubspot:70", "Lost parcel", "Solved", "high", False, on(3), on(8))

    assert rows == [
        ("hubspot:501", "hubspot:1", *lost),
        ("hubspot:501", merged, *lost),
        ("hubspot:502", "hubspot:2", None, None, "Waiting", None, True, on(4), None),
        ("hubspot:503", None, None, None, "Solved", None, False, on(5), None),
    ]


def test_tickets_are_on_the_timeline(crm: Installation) -> None:
    """Opening and closing are two things that happened."""
    rows = crm.rows(
        "select occurred_at, title, detail from marts.fct_timeline "
        "where kind = 'ticket' and contact_id in ('hubspot:1', 'hubspot:2') order by 1"
    )

    assert rows == [
        (on(3), "opened a ticket: Lost parcel", "closed"),
        (on(4), "opened a ticket: hubspot:502", "open"),
        (on(8), "ticket closed: Lost parcel", "Solved"),
    ]
