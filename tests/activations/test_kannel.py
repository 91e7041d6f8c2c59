"""Kannel itself on loopback, with its fake SMS centre: what arrives there, and the delivery reports that come back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.activations import kannel
from tests.activations.conftest import KINDS, Desk, desk_for
from tests.activations.kannel import Gateway

DELIVERED, ACCEPTED = "1", "8"  # of the delivery report's %d


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with kannel.gateway(tmp_path_factory.mktemp("kannel")) as running:
        yield running


def desk_at(gateway: Gateway, home: Path) -> Desk:
    """A desk whose messages go over the wire."""
    desk = desk_for(KINDS["kannel"], home)
    desk.vendor = None
    desk.environ |= {
        "MILLRACE_KANNEL_URL": gateway.url,
        "MILLRACE_KANNEL_REPORT_URL": gateway.report_url,
        "MILLRACE_KANNEL_SENDER": "Shop",
    }
    return desk


def test_messages_arrive_at_the_sms_centre_and_reports_come_back(
    gateway: Gateway, tmp_path: Path
) -> None:
    """As they were written, whatever their letters and length, each once; each report names its row."""
    texts = {
        "+14155559001": "Your cart 1 is waiting: 20% off & more, a+b=c",
        "+14155559002": "Grüße € 你好, your cart is waiting",
        "+14155559003": "long " * 60,
    }
    desk = desk_at(gateway, tmp_path / "home")
    rows = [
        {"message_key": f"welcome:{to}/ä", "to": to, "text": text} for to, text in texts.items()
    ]
    desk.fill(rows)

    counts = desk.go().counts

    assert counts["delivered"] == 3
    assert desk.later().counts["unchanged"] == 3

    def reported() -> set[tuple[str, str]]:
        found = [parse_qs(urlsplit(path).query) for path in gateway.reports]
        return {(one["message_key"][0], one["status"][0]) for one in found}

    wanted = {(row["message_key"], DELIVERED) for row in rows}
    kannel.until(lambda: wanted <= reported(), "the reports are not back")
    arrived: dict[str, str] = {}
    for to, part in gateway.messages():
        if to in texts:
            arrived[to] = arrived.get(to, "") + part
    assert arrived["+14155559001"] == texts["+14155559001"]
    assert arrived["+14155559002"] == texts["+14155559002"]
    parts = [part for to, part in gateway.messages() if to == "+14155559003"]
    assert len(parts) == 2  # of 153 letters and a header that joins them


def test_a_wrong_password_stops_before_anything_is_sent(gateway: Gateway, tmp_path: Path) -> None:
    """The gateway's own 403."""
    before = len(gateway.messages())
    desk = desk_at(gateway, tmp_path / "home")
    desk.environ["MILLRACE_KANNEL_PASSWORD"] = "another"
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["deferred"] == 2
    assert "does not know this user" in str(result.reason)
    assert len(gateway.messages()) == before


def test_what_is_no_number_is_refused_here(gateway: Gateway, tmp_path: Path) -> None:
    """Also one that tries to bring a header of its own; the others go."""
    desk = desk_at(gateway, tmp_path / "home")
    row = {**desk.kind.row(0), "to": "+14155559010\r\nX-Kannel-From: bank"}
    desk.fill([row, desk.kind.row(1)])

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (1, 1)
