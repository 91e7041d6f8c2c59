"""One value that is no number, or fits none, is missing; it stops no build and takes nothing else with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.models.installation import Installation

HUGE = "9" * 30
AT = "2026-06-01T10:00:00Z"
MODELS = (
    "int_messages__unioned", "int_orders__orders", "int_deals__snapshot_changes", "int_deals__weekly", "int_contacts__profiles",
    "stg_maven__deals", "stg_maven__products", "stg_maven__accounts", "stg_rees46__events", "stg_activecampaign__deals",
    "stg_activecampaign__webhooks", "stg_activecampaign__campaigns", "stg_activecampaign__deal_stages",
    "stg_activecampaign__contacts",
)  # fmt: skip


def order(number: int, **said: Any) -> dict[str, Any]:
    """An order as Segment's SDKs send it."""
    return {
        "messageId": f"m{number}",
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "timestamp": AT,
        "properties": {"order_id": f"o{number}", "revenue": 10.5, **said},
    }


def change(day: int, field: str, value: str) -> dict[str, Any]:
    """A change of the one deal."""
    at = f"2026-06-{day:02}T00:00:00Z"
    return {"deal_id": "d1", "field": field, "new_value": value, "changed_at": at}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Odd values beside good ones in every source that says numbers as text."""
    found = Installation(tmp_path_factory.mktemp("odd"))
    found.land(
        "segment.events",
        [
            order(1, shipping="free", tax={"rate": 19}, discount=HUGE, currency=" usd "),
            order(2, shipping="4.90", tax=1.9, discount=None, currency=""),
        ],
    )
    found.land(
        "crm.deals", [{"deal_id": "d1", "status": "open", "created_at": "2026-06-01T00:00:00Z"}]
    )
    found.land(
        "crm.deal_changes",
        [
            change(2, "amount_cents", "12000"),
            change(3, "amount_cents", "a lot"),
            change(4, "amount_cents", HUGE),
            change(2, "expected_close_on", "2026-08-01"),
            change(3, "expected_close_on", "soon"),
        ],
    )
    found.land(
        "maven.sales_pipeline",
        [{"opportunity_id": "op1", "deal_stage": "Won", "close_value": 1e300}],
    )
    found.land("maven.products", [{"product": "p1", "sales_price": 1e300}])
    found.land("maven.accounts", [{"account": "a1", "revenue": 1e300}])
    # Only what a row must say.
    seen = {"event_time": AT, "event_type": "view", "user_id": "u1"}
    found.land(
        "rees46.events", [seen, {**seen, "user_session": "s1", "product_id": "p1", "price": 1e300}]
    )
    found.land("fivetran_twilio.message", [{"id": "SM1"}])
    found.land(
        "fivetran_hubspot.deal_pipeline_stage", [{"stage_id": "s1", "display_order": 4_000_000_000}]
    )
    pulled = {"id": "1", "millrace_pulled_at": AT}
    found.land("activecampaign.deals", [{**pulled, "value": HUGE}])
    found.land("activecampaign.deal_stages", [{**pulled, "order": HUGE}])
    found.land(
        "activecampaign.campaigns",
        [{**pulled, "send_amt": HUGE, "uniqueopens": HUGE, "uniquelinkclicks": HUGE}],
    )
    found.land("activecampaign.contacts", [{**pulled, "bounced_hard": HUGE, "bounced_soft": "2"}])
    told = {"type": "deal_add", "date_time": AT, "deal[id]": "1", "deal[value_raw]": HUGE}
    found.land("activecampaign.webhooks", [told])
    found.land(
        "fivetran_hubspot.contact",
        [{"id": "7", "property_email": "ann@buyer.example", "property_firstname": "Ann"}],
    )
    found.build(*MODELS)
    return found


def test_an_order_keeps_what_it_says_well(home: Installation) -> None:
    """Shipping that is a word costs nothing that is known; a currency is three capital letters."""
    rows = home.rows(
        "select order_id, currency, revenue_cents, shipping_cents, tax_cents, discount_cents "
        "from intermediate.int_orders__orders order by order_id"
    )

    assert rows == [("o1", "USD", 1050, 0, 0, 0), ("o2", "EUR", 1050, 490, 190, 0)]


def test_a_change_to_no_number_is_no_amount(home: Installation) -> None:
    """The last amount that was one stands."""
    rows = home.rows(
        "select amount_cents, expected_close_on from intermediate.int_deals__snapshot_changes "
        "where snapshot_at > timestamp '2026-06-05'"
    )

    assert set(rows) == {(12000, datetime(2026, 8, 1).date())}


@pytest.mark.parametrize(
    ("model", "column"),
    [
        ("stg_maven__deals", "amount_cents"),
        ("stg_maven__products", "price_cents"),
        ("stg_maven__accounts", "annual_revenue_cents"),
        ("stg_rees46__events", "price_cents"),
        ("stg_activecampaign__deals", "amount_cents"),
        ("stg_activecampaign__webhooks", "amount_cents"),
        ("stg_activecampaign__campaigns", "sent_count"),
        ("stg_activecampaign__deal_stages", "stage_order"),
        ("stg_activecampaign__contacts", "hard_bounces"),
    ],
)
def test_a_number_beyond_all_is_missing(home: Installation, model: str, column: str) -> None:
    """The row stays."""
    assert set(home.rows(f"select {column} from staging.{model}")) == {(None,)}


def test_a_record_without_a_date_of_change_says_what_it_says(home: Installation) -> None:
    """The columns that say when a record changed are optional."""
    assert home.rows(
        "select first_name from intermediate.int_contacts__profiles where email = 'ann@buyer.example'"
    ) == [("Ann",)]


def test_a_row_with_nothing_but_its_key_has_one(home: Installation) -> None:
    """A session or a status that is not told does not take the key away, which tests ask for before all else is built."""
    views = home.rows(
        "select count(event_id), count(distinct event_id) from staging.stg_rees46__events"
    )
    messages = home.rows(
        "select message_event_id, event from intermediate.int_messages__unioned where source = 'twilio'"
    )

    assert views == [(2, 2)]
    assert messages == [("twilio:SM1:unknown", "unknown")]
