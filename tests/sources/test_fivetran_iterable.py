"""Iterable as Fivetran lands it, before and after August 2023: messages, ways out, lists."""

from __future__ import annotations

from tests.models.installation import Installation
from tests.sources import esp


def test_every_event_is_a_message_s_or_another(vendors: Installation) -> None:
    """Each is in exactly one of the two canonical models."""
    (messages,) = vendors.rows(
        "select count(*) from intermediate.int_messages__unioned where source = 'iterable'"
    )
    (others,) = vendors.rows("select count(*) from marts.fct_events where source = 'iterable'")

    assert messages[0] + others[0] == len(esp.ITERABLE["fivetran_iterable.event"])


def test_messages(vendors: Installation) -> None:
    """The campaign by its newest name, push beside e-mail, and what was not sent with its reason."""
    rows = vendors.rows(
        "select message_id, channel, campaign, state, failure, machine_event_count, unsubscribed_at is not null "
        "from marts.fct_messages where source = 'iterable' order by 1"
    )

    assert rows == [
        ("iterable:m1", "email", "Summer", "sent", None, 2, True),
        ("iterable:m2", "email", None, "bounced", "hard", 0, False),
        ("iterable:m3", "push", "Summer", "sent", None, 0, False),
        ("iterable:m4", "email", "Summer", "rejected", "DuplicateMarketingMessage", 0, False),
        ("iterable:m5", "email", None, "unknown", None, 0, False),
    ]


def test_the_vendor_s_flags_are_evidence(vendors: Installation) -> None:
    """Apple's proxy is a prefetch, what Iterable takes for a bot a scanner."""
    rows = vendors.rows(
        "select event, made_by from marts.fct_message_reactions where message_id = 'iterable:m1' order by 1"
    )

    assert rows == [("clicked", "scanner"), ("opened", "prefetch")]


def test_consent(vendors: Installation) -> None:
    """Ways out of both shapes are read, for every address of the user, on the channel's medium; push has no address."""
    rows = vendors.rows(
        "select address, purpose, status, is_explicit, cast(min(occurred_at) as varchar) from marts.fct_consents "
        "where source = 'iterable' group by all order by all"
    )

    assert rows == [
        ("+15550000002", "marketing", "opt_out", True, "2026-01-03 10:00:00"),
        ("+15550000003", "marketing", "opt_out", True, "2026-01-03 10:00:00"),
        ("angry@it.example", "any", "complaint", True, "2026-01-04 10:00:00"),
        ("bounce@it.example", "any", "hard_bounce", True, "2026-01-03 10:00:00"),
        ("early@it.example", "marketing", "opt_in", True, "2026-01-06 10:00:00"),
        ("early@it.example", "marketing", "opt_out", True, "2026-01-02 10:00:00"),
        ("new@it.example", "marketing", "opt_in", False, "2026-01-05 10:00:00"),
        ("new@it.example", "marketing", "opt_out", True, "2026-01-04 10:00:00"),
        ("new@it.example", "transactional", "opt_out", True, "2026-01-03 10:00:00"),
        ("nobody@it.example", "marketing", "opt_out", True, "2026-01-02 10:00:00"),
        ("old@it.example", "marketing", "opt_out", True, "2026-01-04 10:00:00"),
        ("old@it.example", "transactional", "opt_out", True, "2026-01-03 10:00:00"),
        ("u2@it.example", "marketing", "opt_out", True, "2026-01-03 10:00:00"),
    ]


def test_contacts_know_it(vendors: Installation) -> None:
    """An import brings nobody back; a form that the person filled in later does."""
    rows = vendors.rows(
        "select email, has_email_consent, email_suppression from marts.dim_contacts "
        "where email in ('new@it.example', 'early@it.example', 'u2@it.example') order by 1"
    )

    assert rows == [
        ("early@it.example", True, None),
        ("new@it.example", False, "opt_out"),
        ("u2@it.example", False, "opt_out"),
    ]


def test_lists_are_tags(vendors: Installation) -> None:
    """By the table of lists and by the newest version of the user; the list that the user left is gone."""
    rows = vendors.rows(
        "select contact_id, tag from marts.dim_contact_tags where contact_id like 'iterable%' order by all"
    )

    assert rows == [
        ("iterable:early@it.example", "list: 9"),
        ("iterable:u1", "list: news"),
    ]
