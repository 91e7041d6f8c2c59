"""Mailchimp as Fivetran lands it: mailings, reactions, ways out, statuses and segments."""

from __future__ import annotations

from tests.models.installation import Installation


def test_every_recipient_is_a_message(vendors: Installation) -> None:
    """Campaigns and automations meet, also of a member who lands later; an automation has no time of sending."""
    rows = vendors.rows(
        "select message_id, campaign, state, cast(sent_at as varchar), first_clicked_at is not null, unsubscribed_at is not null "
        "from marts.fct_messages where source = 'mailchimp' order by 1"
    )

    assert rows == [
        ("mailchimp:ae1:l1:subscribed", "Welcome", "sent", "2026-01-06 10:00:00", False, True),
        ("mailchimp:c1:l1:bounced", "January", "bounced", "2026-01-04 10:00:00", False, False),
        ("mailchimp:c1:l1:late", "January", "sent", "2026-01-04 10:00:00", False, True),
        ("mailchimp:c1:l1:subscribed", "January", "sent", "2026-01-04 10:00:00", True, False),
    ]


def test_an_action_that_is_synced_twice_is_one(vendors: Installation) -> None:
    """Without an id the whole row is the key: another link in the same second is another click."""
    rows = vendors.rows(
        "select event, bounce_class, url, count(*) from intermediate.int_messages__unioned "
        "where source = 'mailchimp' and message_id like '%:c1:%' and event <> 'sent' group by all order by all"
    )

    assert rows == [
        ("bounced", "hard", None, 1),
        ("clicked", None, "https://example.com/a", 1),
        ("clicked", None, "https://example.com/b", 1),
        ("opened", None, None, 1),
        ("unsubscribed", None, None, 1),
    ]


def test_statuses_mean_what_they_say(vendors: Installation) -> None:
    """Only subscribed is a yes, and none that the person said; cleaned is gone; what was refused outlives the row."""
    rows = vendors.rows(
        "select split_part(address, '@', 1), purpose, status, is_explicit from marts.fct_consents "
        "where address like '%@mc.example' order by all"
    )

    assert rows == [
        ("bounced", "any", "hard_bounce", True),
        ("bounced", "marketing", "opt_in", False),
        ("cleaned", "any", "hard_bounce", True),
        ("gone", "marketing", "opt_out", True),
        ("late", "any", "complaint", True),
        ("left", "marketing", "opt_in", False),
        ("left", "marketing", "opt_out", True),
        ("subscribed", "marketing", "opt_in", False),
        ("subscribed", "marketing", "opt_out", True),
    ]


def test_an_import_brings_nobody_back(vendors: Installation) -> None:
    """Whoever left and stands on the list again did not say so; a rebuild from all that landed knows it too."""
    held = "select status from marts.dim_subscriptions where address = 'left@mc.example'"
    delivered = "select count(*) from intermediate.int_consents__delivered where address = 'left@mc.example' and status = 'opt_out'"

    assert vendors.rows(held) == [("opt_out",)]
    assert vendors.rows(delivered) == [(1,)]


def test_a_segment_is_a_tag(vendors: Installation) -> None:
    """Mailchimp keeps tags as segments; whoever was taken off carries it no more."""
    rows = vendors.rows(
        "select record_node, tag, removed_at is null from intermediate.int_tags__unioned where source = 'mailchimp' order by 1"
    )

    assert rows == [
        ("mailchimp:l1:pending", "vip", False),
        ("mailchimp:l1:subscribed", "vip", True),
    ]
