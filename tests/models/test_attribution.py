"""Attribution: what each model says of a known path, the chain against linear algebra, and sums to the cent."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.models.installation import Installation

START = datetime(2026, 3, 1)
SECONDS = int(START.timestamp())


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Ann clicks, comes by an ad, clicks again and orders; Bob clicks and orders nothing; Cy orders twice out of nowhere."""
    found = Installation(tmp_path_factory.mktemp("attribution"))
    day = timedelta(days=1)

    def event(key: str, user: str, at: datetime, kind: str, **values: Any) -> dict[str, Any]:
        row = {"messageId": key, "type": kind, "userId": user, "timestamp": at.isoformat() + "Z"}
        return {**row, **values}

    def order(key: str, revenue: float, currency: str = "USD") -> dict[str, Any]:
        said = {"order_id": key, "revenue": revenue, "currency": currency}
        return {"event": "Order Completed", "properties": said}

    identify = [
        event(
            f"i{user}", user, START - 9 * day, "identify", traits={"email": f"{user}@mail.example"}
        )
        for user in ("ann", "bob", "cy")
    ]
    ad = "https://shop.example/?utm_source=search&utm_medium=cpc&utm_campaign=spring"
    found.land(
        "segment.events",
        [
            *identify,
            event("v1", "ann", START + 7 * day, "page", properties={"url": ad}),
            event("o1", "ann", START + 14 * day, "track", **order("A", 100.01)),
            event("o2", "cy", START + 14 * day, "track", **order("C", 5)),
            event("o3", "cy", START + 14 * day, "track", **order("D", 7, "EUR")),
        ],
    )
    found.land(
        "sendgrid.events",
        [
            {
                "email": f"{user}@mail.example",
                "event": "click",
                "timestamp": SECONDS + days * 86400,
                "sg_event_id": f"{user}{days}",
                "sg_message_id": f"{user}{days}",
                "url": "https://shop.example/sale",
            }
            for user, days in (("ann", 0), ("ann", 14 - 1), ("bob", 3))
        ],
    )
    found.build("rpt_attribution")
    return found


def test_each_model_shares_the_order_as_it_says(installation: Installation) -> None:
    shares: dict[str, list[int]] = defaultdict(list)
    for model, cents in installation.rows(
        "select model, revenue_cents from marts.fct_attribution where order_id = 'A' "
        "order by model, touched_at"
    ):
        shares[model].append(cents)
    half = [2.0**-2, 2.0**-1, 2.0 ** (-1 / 7)]
    decay = [10001 * weight / sum(half) for weight in half]

    assert shares["first"] == [10001, 0, 0]
    assert shares["last"] == [0, 0, 10001]
    assert sorted(shares["linear"]) == [3333, 3334, 3334]
    assert shares["position"] == pytest.approx([4000, 2000, 4001], abs=1)
    assert shares["time_decay"] == pytest.approx(decay, abs=1)
    assert {model: sum(cents) for model, cents in shares.items()} == dict.fromkeys(shares, 10001)
    assert len(shares) == 6


def test_an_order_without_a_touch_is_nobodys(installation: Installation) -> None:
    rows = installation.rows(
        "select distinct channel, revenue_cents from marts.fct_attribution where order_id = 'C'"
    )
    assert rows == [("none", 500)]


def test_revenue_of_two_currencies_is_not_added_up(installation: Installation) -> None:
    """Cy ordered for 5 dollars and for 7 euros in the same month, and nothing led to either."""
    rows = installation.rows(
        "select currency, order_count, revenue_cents from reports.rpt_attribution "
        "where model = 'linear' and channel = 'none' order by currency"
    )
    assert rows == [("EUR", 1, 700), ("USD", 1, 500)]


def test_the_chain_agrees_with_linear_algebra(installation: Installation) -> None:
    """The chance of a sale without a channel, by solving (I - Q) x = r instead of walking."""
    steps = installation.rows(
        "select from_channel, to_channel, share from intermediate.int_attribution__steps"
    )
    channels = sorted({row[0] for row in steps})
    place = {channel: number for number, channel in enumerate(channels)}

    def chance(removed: str | None) -> float:
        inner, sale = np.zeros((len(channels), len(channels))), np.zeros(len(channels))
        for source, target, share in steps:
            if source == removed:
                continue
            if target == "sale":
                sale[place[source]] += share
            elif target in place and target != removed:
                inner[place[source], place[target]] += share
        return float(np.linalg.solve(np.eye(len(channels)) - inner, sale)[place["start"]])

    found = dict(
        installation.rows(
            "select channel, removal_effect from intermediate.int_attribution__removal"
        )
    )
    expected = {c: 1 - chance(c) / chance(None) for c in channels if c != "start"}
    assert found == pytest.approx(expected, abs=1e-8)
    assert found["email"] == pytest.approx(1.0)
