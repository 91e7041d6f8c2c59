"""The reports on hand-made rows: campaigns, funnel, growth and pipeline, each figure reckoned by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from tests.models.installation import Installation

Row = dict[str, Any]
PEOPLE = ("ann", "bob", "cy", "dee", "eve", "fay")
REPORTS = (
    "rpt_campaigns",
    "rpt_campaigns_daily",
    "rpt_messages",
    "rpt_deliverability",
    "rpt_funnel",
    "rpt_contact_growth",
    "rpt_pipeline",
    "rpt_pipeline_stages",
    "rpt_pipeline_velocity",
    "rpt_pipeline_weekly",
    "rpt_pipeline_flow",
    "rpt_forecast",
    "rpt_slipped_deals",
    "rpt_owners",
    "rpt_tasks",
)


def seconds(day: str) -> int:
    """Seconds since 1970 of a UTC time."""
    return int(datetime.fromisoformat(day + "+00:00").timestamp())


def mail(key: str, who: str, variant: str, event: str, at: str, **values: Any) -> Row:
    """One event of SendGrid about one message."""
    return {
        "email": f"{who}@gmail.com",
        "event": event,
        "timestamp": seconds(at),
        "sg_event_id": f"{key}-{event}-{at}",
        "sg_message_id": key,
        "campaign": "spring",
        "variant": variant,
        **values,
    }


def call(key: str, at: str, event: str | None = None, **values: Any) -> Row:
    """One call of a Segment SDK: a page, or a tracked event."""
    kind = {"type": "track", "event": event} if event else {"type": "page"}
    return {"messageId": key, "timestamp": at + "Z", **kind, **values}


def paid(key: str, who: str, at: str, revenue: float, currency: str) -> Row:
    """An order that the shop's backend reports."""
    facts = {"order_id": key, "revenue": revenue, "currency": currency}
    return call(key, at, "Order Completed", userId=who, properties=facts)


def mails() -> list[Row]:
    """Variant a: read and bought, opened by a machine only, bounced. Variant b: clicked and left, unknown, complained."""
    return [
        mail("m1", "ann", "a", "delivered", "2026-06-01T10:00:00"),
        mail("m1", "ann", "a", "open", "2026-06-01T12:00:00"),
        mail("m1", "ann", "a", "open", "2026-06-02T12:00:00"),
        mail("m1", "ann", "a", "click", "2026-06-01T13:00:00", url="https://shop.example/x"),
        mail("m2", "bob", "a", "delivered", "2026-06-01T10:00:00"),
        mail("m2", "bob", "a", "open", "2026-06-01T10:00:02", sg_machine_open=True),
        mail("m3", "cy", "a", "bounce", "2026-06-02T10:00:00", type="bounce", status="5.1.1"),
        mail("m4", "dee", "b", "delivered", "2026-06-01T10:00:00"),
        mail("m4", "dee", "b", "click", "2026-06-01T11:00:00", url="https://shop.example/x"),
        mail("m4", "dee", "b", "unsubscribe", "2026-06-01T11:05:00"),
        mail("m5", "eve", "b", "processed", "2026-06-01T10:00:00"),
        mail("m6", "fay", "b", "delivered", "2026-06-01T10:00:00"),
        mail("m6", "fay", "b", "spamreport", "2026-06-03T10:00:00"),
    ]


def site() -> list[Row]:
    """Four devices in the week of 4 May: one buys in order, one looks last, one skips the checkout, one is a bot."""
    ad = {"url": "https://shop.example/?utm_medium=cpc"}
    day, buyer = "2026-05-05T10:", {"anonymousId": "d1"}
    other, third = {"anonymousId": "d2"}, {"anonymousId": "d3"}
    bot = {"anonymousId": "d4", "context": {"userAgent": "Googlebot/2.1"}}
    return [
        call("b1", day + "00:00", properties=ad, **buyer),
        call("b2", day + "05:00", "Product Viewed", **buyer),
        call("b3", day + "11:00", "Product Added", **buyer),
        call("b4", day + "20:00", "Checkout Started", **buyer),
        call("b5", day + "30:00", "Order Completed", properties={"order_id": "w1"}, **buyer),
        call("c1", day + "00:00", "Product Added", **other),
        call("c2", day + "05:00", "Product Viewed", **other),
        call("e1", day + "00:00", "Product Viewed", **third),
        call("e2", day + "01:00", "Product Added", **third),
        call("e3", day + "02:00", "Order Completed", properties={"order_id": "w2"}, **third),
        call("g1", day + "00:00", "Product Viewed", **bot),
    ]


def deal(key: str, status: str, created: str, amount: int, **values: Any) -> Row:
    """One deal of the CRM."""
    at = f"2026-06-{created}T00:00:00Z"
    facts = {
        "deal_id": key,
        "status": status,
        "pipeline": "new",
        "source": "fair",
        "owner_id": "W1",
    }
    return {**facts, "currency": "EUR", "amount_cents": amount, "created_at": at, "updated_at": at, **values}  # fmt: skip


def entry(key: str, stage: str, at: str) -> Row:
    """A deal enters a stage."""
    return {"deal_id": key, "stage": stage, "entered_at": f"2026-{at}T00:00:00Z"}


def change(key: str, field: str, old: str | None, new: str, at: str) -> Row:
    """A field of a deal changes."""
    moment = f"2026-{at}T00:00:00Z"
    return {"deal_id": key, "field": field, "old_value": old, "new_value": new, "changed_at": moment}  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """All of it, built once for 30 June 2026, a Tuesday."""
    found = Installation(tmp_path_factory.mktemp("reports"))
    identify = [
        {
            "messageId": who,
            "type": "identify",
            "userId": who,
            "timestamp": "2026-04-01T00:00:00Z",
            "traits": {"email": f"{who}@gmail.com"},
        }
        for who in PEOPLE
    ]
    orders = [
        paid("A", "ann", "2026-06-05T00:00:00", 100, "EUR"),
        paid("D", "dee", "2026-06-05T00:00:00", 50, "USD"),
        paid("B", "bob", "2026-06-05T00:00:00", 10, "EUR"),
    ]
    found.land("segment.events", [*identify, *orders, *site()])
    found.land("sendgrid.events", mails())
    consents = [("ann", "opt_in"), ("bob", "opt_in"), ("cy", "opt_in"), ("dee", "opt_in")]
    found.land(
        "shop.consents",
        [
            {
                "address": f"{who}@gmail.com",
                "channel": "email",
                "purpose": "marketing",
                "status": status,
                "method": "form",
                "occurred_at": "2026-05-20T00:00:00Z",
            }
            for who, status in consents
        ],
    )
    found.land(
        "crm.deals",
        [
            deal("D1", "won", "03", 120000, closed_at="2026-06-17T00:00:00Z"),
            deal("D2", "lost", "03", 90000, closed_at="2026-06-13T00:00:00Z"),
            deal("D3", "open", "10", 50000, expected_close_on="2026-06-20"),
            deal("D4", "open", "24", 30000, expected_close_on="2026-07-15"),
            # Won after now: still open, and nothing of that is known.
            deal(
                "D5",
                "won",
                "03",
                70000,
                closed_at="2026-07-05T00:00:00Z",
                expected_close_on="2026-07-20",
            ),
        ],
    )
    found.land(
        "crm.deal_stages",
        [
            *(entry(key, "qualified", "06-03") for key in ("D1", "D2", "D5")),
            entry("D1", "proposal", "06-10"),
            entry("D1", "won", "06-17"),
            entry("D2", "lost", "06-13"),
            entry("D3", "qualified", "06-10"),
            entry("D3", "proposal", "06-24"),
            entry("D4", "qualified", "06-24"),
            entry("D5", "won", "07-05"),
        ],
    )
    found.land(
        "crm.deal_changes",
        [
            change("D1", "amount_cents", None, "100000", "06-03"),
            change("D1", "amount_cents", "100000", "120000", "06-11"),
            change("D3", "amount_cents", None, "50000", "06-10"),
            change("D3", "expected_close_on", None, "2026-06-15", "06-10"),
            change("D3", "expected_close_on", "2026-06-15", "2026-06-20", "06-12"),
        ],
    )
    task = {"owner_id": "W1", "type": "call", "direction": "outbound"}
    found.land(
        "crm.tasks",
        [
            {
                **task,
                "task_id": "T1",
                "created_at": "2026-06-03T00:00:00Z",
                "due_at": "2026-06-05T00:00:00Z",
                "completed_at": "2026-06-04T00:00:00Z",
            },
            {
                **task,
                "task_id": "T2",
                "created_at": "2026-06-03T00:00:00Z",
                "due_at": "2026-06-10T00:00:00Z",
            },
            {
                **task,
                "task_id": "T3",
                "created_at": "2026-06-04T00:00:00Z",
                "due_at": "2026-07-05T00:00:00Z",
            },
        ],
    )
    found.land("crm.owners", [{"owner_id": "W1", "name": "Ida"}])
    found.build(*REPORTS)
    return found


def test_each_message_has_one_outcome_and_only_people_react(shop: Installation) -> None:
    """Sent is the sum of the outcomes; the machine's open is no open."""
    assert shop.rows(
        "select variant, sent_count, delivered_count, hard_bounce_count, waiting_count, opened_count, clicked_count, "
        "unsubscribed_count, complained_count, open_rate, click_rate from reports.rpt_campaigns order by variant"
    ) == [("a", 3, 2, 1, 0, 1, 1, 0, 0, 0.5, 0.5), ("b", 3, 2, 0, 1, 0, 1, 1, 1, 0.0, 0.5)]


def test_revenue_is_that_of_the_last_click_and_currencies_stay_apart(shop: Installation) -> None:
    """Ann's order is variant a's; Dee paid in dollars, which the euros do not include."""
    assert shop.rows(
        "select variant, order_count, other_currency_order_count, currency, revenue_cents, revenue_per_delivered_cents "
        "from reports.rpt_campaigns order by variant"
    ) == [("a", 1, 0, "EUR", 10000, 5000.0), ("b", 1, 1, "EUR", 0, 0.0)]
    assert shop.rows(
        "select distinct variant, currency, order_share, revenue_cents from reports.rpt_campaign_revenue order by variant"
    ) == [("a", "EUR", 1.0, 10000), ("b", "USD", 1.0, 5000)]


def test_days_and_vendors_count_the_same_messages(shop: Installation) -> None:
    """The bounce stands on its own day; repeats of a person are counted in opens, machines apart."""
    assert shop.rows(
        "select sent_on, sum(sent_count)::bigint, sum(delivered_count)::bigint "
        "from reports.rpt_campaigns_daily group by sent_on order by sent_on"
    ) == [(date(2026, 6, 1), 5, 4), (date(2026, 6, 2), 1, 0)]
    assert shop.rows(
        "select variant, human_open_count, human_click_count, prefetch_count, median_hours_to_open, median_hours_to_click "
        "from reports.rpt_messages order by variant"
    ) == [("a", 2, 1, 1, 2.0, 3.0), ("b", 0, 1, 0, None, 1.0)]


def test_domains_of_one_provider_stand_together(shop: Installation) -> None:
    """All six addresses are Google's, in one week."""
    assert shop.rows(
        "select provider, week_on, sent_count, delivery_rate, bounce_rate, complaint_rate from reports.rpt_deliverability"
    ) == [("Google", date(2026, 6, 1), 6, 0.666667, 0.166667, 0.25)]


def test_a_step_counts_only_after_the_one_before(shop: Installation) -> None:
    """Of three visits one buys in order; a cart before the product and an order without a checkout do not count."""
    assert shop.rows(
        "select channel, visit_count, product_view_count, cart_count, checkout_count, order_count, all_order_count, "
        "median_minutes_to_view, median_minutes_to_cart, median_minutes_to_checkout, median_minutes_to_order "
        "from reports.rpt_funnel where week_on = date '2026-05-04' order by channel"
    ) == [
        ("cpc", 1, 1, 1, 1, 1, 1, 5.0, 6.0, 9.0, 10.0),
        ("direct", 2, 2, 1, 0, 0, 1, 2.5, 1.0, None, None),
    ]


def test_growth_says_who_was_gained_and_why_others_were_lost(shop: Installation) -> None:
    """Four said yes; one bounced, one left; two are reachable."""
    rows = shop.rows(
        "select week_on, change, reason, change_count from reports.rpt_contact_growth "
        "where channel = 'email' order by all"
    )
    assert rows == [
        (date(2026, 5, 18), "gained", "opt_in", 4),
        (date(2026, 6, 1), "lost", "hard_bounce", 1),
        (date(2026, 6, 1), "lost", "opt_out", 1),
    ]
    assert shop.rows("select sum(reachable_change) from reports.rpt_contact_growth") == [(2,)]


def test_stages_tell_who_went_on(shop: Installation) -> None:
    """Five were qualified: one was won, one lost, one moved on and is open, two have not moved."""
    assert shop.rows(
        "select stage, entered_count, advanced_count, won_count, lost_count, open_count, in_stage_count, "
        "conversion_rate, win_rate, median_stay_days from reports.rpt_pipeline_stages order by stage_order"
    ) == [
        ("qualified", 5, 2, 1, 1, 3, 2, 0.666667, 0.5, 10.0),
        ("proposal", 2, 1, 1, 0, 1, 1, 1.0, 1.0, 7.0),
    ]


def test_velocity_is_deals_times_rate_times_value_by_cycle(shop: Installation) -> None:
    """3 open deals, half are won, 1,200 each, in 14 days."""
    assert shop.rows(
        "select open_deal_count, open_cents, win_rate, mean_won_cents, median_won_cycle_days, velocity_cents_per_day "
        "from reports.rpt_pipeline_velocity"
    ) == [(3, 150000, 0.5, 120000, 14.0, round(3 * 0.5 * 120000 / 14))]


def test_the_forecast_weighs_each_deal_and_sets_slipped_ones_apart(shop: Installation) -> None:
    """July holds two qualified deals at one half; the slipped one is in proposal, which so far was always won."""
    assert shop.rows(
        "select timing, month_on, deal_count, amount_cents, stage_weighted_cents, stage_weighted_deals "
        "from reports.rpt_forecast order by timing"
    ) == [
        ("expected", date(2026, 7, 1), 2, 100000, 50000, 1.0),
        ("slipped", None, 1, 50000, 50000, 1.0),
    ]
    assert shop.rows(
        "select deal_id, owner_name, days_late, push_count from reports.rpt_slipped_deals"
    ) == [("D3", "Ida", 10, 1)]


def test_the_pipeline_as_it_was_knows_nothing_later(shop: Installation) -> None:
    """Each Monday holds the stages and amounts of that day, and only deals whose amount was on record have one."""
    assert shop.rows(
        "select week_on, stage, deal_count, valued_count, amount_cents, slipped_count "
        "from reports.rpt_pipeline_weekly order by week_on, stage"
    ) == [
        (date(2026, 6, 8), "qualified", 3, 1, 100000, 0),
        (date(2026, 6, 15), "proposal", 1, 1, 120000, 0),
        (date(2026, 6, 15), "qualified", 2, 1, 50000, 0),
        (date(2026, 6, 22), "qualified", 2, 1, 50000, 1),
        (date(2026, 6, 29), "proposal", 1, 1, 50000, 1),
        (date(2026, 6, 29), "qualified", 2, 0, 0, 0),
    ]


def test_deals_come_and_go_week_by_week(shop: Installation) -> None:
    """Open before and created, less won and lost, is open after."""
    assert shop.rows(
        "select week_on, open_before_count, created_count, won_count, lost_count, open_after_count, won_cents "
        "from reports.rpt_pipeline_flow order by week_on"
    ) == [
        (date(2026, 6, 1), 0, 3, 0, 0, 3, 0),
        (date(2026, 6, 8), 3, 1, 0, 1, 3, 0),
        (date(2026, 6, 15), 3, 0, 1, 0, 2, 120000),
        (date(2026, 6, 22), 2, 1, 0, 0, 3, 0),
    ]


def test_salespeople_have_their_deals_and_tasks(shop: Installation) -> None:
    """One task was done in a day and in time, one is overdue, one is not due yet."""
    assert shop.rows(
        "select owner_name, open_count, open_cents, slipped_count, won_count, won_cents, lost_count, win_rate, "
        "task_count, done_task_count, overdue_task_count from reports.rpt_owners"
    ) == [("Ida", 3, 150000, 1, 1, 120000, 1, 0.5, 3, 1, 1)]
    assert shop.rows(
        "select week_on, task_count, done_count, done_in_time_count, overdue_count, median_hours_to_done "
        "from reports.rpt_tasks"
    ) == [(date(2026, 6, 1), 3, 1, 1, 1, 24.0)]
