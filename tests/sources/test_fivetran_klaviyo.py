"""Klaviyo as Fivetran lands it: messages, orders, the site, lists and consent."""

from __future__ import annotations

from tests.models.installation import Installation
from tests.sources import esp


def test_every_event_is_a_message_s_or_another(vendors: Installation) -> None:
    """What is not deleted is in exactly one of the two canonical models."""
    (messages,) = vendors.rows(
        "select count(*) from intermediate.int_messages__unioned where source = 'klaviyo'"
    )
    (others,) = vendors.rows("select count(*) from marts.fct_events where source = 'klaviyo'")
    rows = esp.KLAVIYO["fivetran_klaviyo.event"]
    kept = sum(1 for row in rows if not row.get("_fivetran_deleted"))
    older = len(esp.FILES["fivetran_klaviyo.event"].splitlines()) - 1

    assert messages[0] + others[0] == kept + older


def test_messages(vendors: Installation) -> None:
    """Campaigns and flows by name; a metric may be named by its id alone."""
    rows = vendors.rows(
        "select message_id, channel, contact_id, campaign, state, machine_event_count, cast(first_opened_at as varchar) "
        "from marts.fct_messages where source = 'klaviyo' order by 1"
    )

    assert rows == [
        ("klaviyo:C:p1", "email", "klaviyo:p1", "Spring", "delivered", 1, "2026-01-03 10:00:00"),
        ("klaviyo:C:p3", "email", "klaviyo:p3", "Spring", "unknown", 0, None),
        ("klaviyo:C:p4", "email", "klaviyo:p4", "Spring", "rejected", 0, None),
        ("klaviyo:C:p5", "email", "klaviyo:p5", "Spring", "bounced", 0, None),
        ("klaviyo:FM:p1", "sms", "klaviyo:p1", "Cart", "delivered", 0, None),
    ]


def test_an_apple_privacy_open_is_a_machine_s(vendors: Installation) -> None:
    """Klaviyo cannot tell whether anybody read: such an open counts for nothing."""
    rows = vendors.rows(
        "select event, made_by, evidence from marts.fct_message_reactions where message_event_id in ('klaviyo:e02', 'klaviyo:e03') "
        "order by message_event_id"
    )

    assert rows == [
        ("opened", "prefetch", "M1 the vendor says so: klaviyo"),
        ("opened", "human", None),
    ]


def test_consent(vendors: Installation) -> None:
    """Refusals by event, by text message and by column are read, an import beats none, never subscribed says nothing."""
    rows = vendors.rows(
        "select address, purpose, status, is_explicit from marts.fct_consents where source = 'klaviyo' order by all"
    )

    assert rows == [
        ("+15550000001", "marketing", "opt_out", True),
        ("known@kl.example", "marketing", "opt_out", True),
        ("p1@kl.example", "marketing", "opt_in", True),
        ("p2@kl.example", "marketing", "opt_in", False),
        ("p2@kl.example", "marketing", "opt_out", True),
        ("p3@kl.example", "any", "complaint", True),
        ("p3@kl.example", "marketing", "opt_out", True),
        ("p4@kl.example", "any", "hard_bounce", True),
    ]


def test_contacts_know_it(vendors: Installation) -> None:
    """What only Klaviyo was told decides whom we may write to."""
    rows = vendors.rows(
        "select email, has_email_consent, email_suppression from marts.dim_contacts where email like '%@kl.example' order by 1"
    )

    assert rows == [
        ("known@kl.example", False, "opt_out"),
        ("p1@kl.example", True, None),
        ("p2@kl.example", False, "opt_out"),
        ("p3@kl.example", False, "complaint"),
        ("p4@kl.example", False, "hard_bounce"),
        ("p5@kl.example", False, None),
    ]


def test_orders(vendors: Installation) -> None:
    """Placing, refund and cancellation meet in one order; its lines add nothing; headers that lost an underscore are read."""
    rows = vendors.rows(
        "select order_id, contact_id, currency, revenue_cents, refunded_cents, is_cancelled from marts.fct_orders "
        "where source = 'klaviyo' order by 1"
    )

    assert rows == [
        ("O1", "klaviyo:p1", "USD", 125854, 10000, False),
        ("O2", "klaviyo:p5", "EUR", 2000, 0, True),
        ("O9", "klaviyo:p1", "EUR", 1250, 0, False),
    ]


def test_an_order_that_the_shop_tells_too_is_one(vendors: Installation) -> None:
    """The shop's own word holds, and a refund that both tell counts once."""
    rows = vendors.rows(
        "select source, currency, revenue_cents, shipping_cents, refunded_cents from marts.fct_orders where order_id = 'O3'"
    )

    assert rows == [("segment", "USD", 5000, 500, 1000)]


def test_the_site(vendors: Installation) -> None:
    """What persons did on the site bears the names that other sources give it."""
    rows = vendors.rows(
        "select event_type, event_name, product_id, value_cents from marts.fct_events "
        "where source = 'klaviyo' and event_id like 'klaviyo:s%' order by event_id"
    )

    assert rows == [
        ("track", "Product Viewed", "P", 500),
        ("page", "Active on Site", None, None),
        ("track", "Checkout Started", None, None),
        ("track", "Product Added", None, None),
    ]


def test_a_list_is_a_tag_and_no_consent(vendors: Installation) -> None:
    """Being on a list says nothing of who put one there."""
    assert vendors.rows(
        "select contact_id, tag from marts.dim_contact_tags where tag like 'list:%' and contact_id like 'klaviyo%'"
    ) == [("klaviyo:p5", "list: news")]
