"""The contact, whole: versions of attributes, RFM, and what is wrong with an address, on hand-made rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.models.installation import AS_OF, Installation


def contact(key: str, email: str, day: int, **values: Any) -> dict[str, Any]:
    """A row of the shop's contacts, written on that day of June."""
    at = f"2026-06-{day:02}T00:00:00Z"
    return {"contact_id": key, "email": email, "created_at": at, "updated_at": at, **values}


def test_versions_follow_what_runs_saw(tmp_path: Any) -> None:
    """A change closes a version and opens another; a run without one adds nothing; other logic keeps all."""
    shop = Installation(tmp_path)
    models = ("dim_contacts_history",)
    shop.land(
        "shop.contacts",
        [contact("a", "a@mail.example", 1, city="Rome"), contact("b", "b@mail.example", 1)],
    )
    shop.build(*models)
    shop.land("shop.contacts", [contact("a", "a@mail.example", 2, city="Oslo")])
    shop.build(*models, as_of=AS_OF + timedelta(days=1))
    shop.build(*models, as_of=AS_OF + timedelta(days=2))

    query = (
        "select city, version, is_current, changed, valid_to - valid_from from marts.dim_contacts_history "
        "where email = 'a@mail.example' order by version"
    )
    expected = [("Rome", 1, False, None, timedelta(days=1)), ("Oslo", 2, True, "city", None)]
    assert shop.rows(query) == expected
    # As if the models had been built by other logic: profiles are built anew, what they were is not forgotten.
    shop.rows(
        "update landing.built set fingerprint = 'other.' || fingerprint "
        "where name in ('int_contacts__profiles', 'int_contacts__versions')"
    )
    built = shop.build(*models, as_of=AS_OF + timedelta(days=3))
    assert {"int_contacts__profiles", "int_contacts__versions"} <= set(built)
    assert shop.rows(query) == expected
    assert shop.rows("select count(*) from marts.dim_contacts_history where is_current") == [(2,)]


def test_customers_are_judged_by_fifths_of_their_currency(tmp_path: Any) -> None:
    """Ten customers; the later they ordered, the more often and the more they paid."""
    shop = Installation(tmp_path)
    rows = []
    for number in range(10):
        for order in range(1 + number // 2):
            rows.append(
                {
                    "messageId": f"{number}-{order}",
                    "type": "track",
                    "event": "Order Completed",
                    "userId": f"u{number}",
                    "timestamp": f"2026-06-{10 + number:02}T0{order}:00:00Z",
                    "properties": {
                        "order_id": f"{number}-{order}",
                        "revenue": 10,
                        "currency": "EUR",
                    },
                }
            )
    shop.land("segment.events", rows)
    shop.build("score_rfm")

    found = shop.rows(
        "select order_count, net_cents, recency, frequency, monetary, customer_group "
        "from scores.score_rfm order by last_ordered_at"
    )
    counts = [1 + number // 2 for number in range(10)]
    assert [row[0] for row in found] == counts
    assert [row[1] for row in found] == [1000 * count for count in counts]
    # Of nine others, the share with less, in fifths; equal values share the lower.
    recency = [min(5, number * 5 // 9 + 1) for number in range(10)]
    ties = [min(5, sum(other < count for other in counts) * 5 // 9 + 1) for count in counts]
    assert [row[2] for row in found] == recency
    assert [row[3] for row in found] == [row[4] for row in found] == ties
    assert found[-1][5] == "champions"
    assert found[0][5] == "hibernating"


def test_addresses_are_judged(tmp_path: Any) -> None:
    """One address of each kind, and one that is none."""
    shop = Installation(tmp_path)
    expected = {
        "ada@mail.example": "keep",
        "ben@gmial.com": "repair",
        "cy@gmail.con": "repair",
        "dee@mailinator.com": "suppress",
        "postmaster@firm.example": "suppress",
        "info@firm.example": "review",
        "e..f@mail.example": "invalid",
        "gus@10.0.0.1": "invalid",
    }
    rows = [contact(f"c{n}", email, 1) for n, email in enumerate([*expected, "nobody at home"])]
    shop.land("shop.contacts", rows)
    shop.build("dim_address_hygiene", "rpt_list_hygiene", "rpt_list_cost")

    assert dict(shop.rows("select address, verdict from marts.dim_address_hygiene")) == expected
    assert shop.rows(
        "select likely_address from marts.dim_address_hygiene where domain = 'gmial.com'"
    ) == [("ben@gmail.com",)]
    assert shop.rows("select sum(address_count) from reports.rpt_list_hygiene") == [(9,)]
    assert shop.rows(
        "select contact_count, clean_count, monthly_price from reports.rpt_list_cost where vendor = 'mailchimp'"
    ) == [(8, 4, 20.0)]


def test_a_closed_mailbox_closes_its_aliases(tmp_path: Any) -> None:
    """An address whose mailbox bounced under another alias is not to be kept; another mailbox is."""
    shop = Installation(tmp_path)
    bounce = {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 1,
        "MessageID": "m1",
        "Email": "ada.l@gmail.com",
        "BouncedAt": "2026-06-02T00:00:00Z",
    }
    shop.land("postmark.events", [bounce])
    emails = ("adal+news@gmail.com", "adal+news@firm.example", "ada.l@gmail.com")
    shop.land("shop.contacts", [contact(f"c{n}", email, 1) for n, email in enumerate(emails)])
    shop.build("dim_address_hygiene")

    found = shop.rows("select address, suppression, verdict from marts.dim_address_hygiene")
    assert set(found) == {
        ("adal+news@gmail.com", "hard_bounce", "suppressed"),
        ("ada.l@gmail.com", "hard_bounce", "suppressed"),
        ("adal+news@firm.example", None, "keep"),
    }
