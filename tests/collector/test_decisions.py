"""The decision feed: what a delivery decided is what a page reads, by names that only the key makes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from collector.app import application
from collector.settings import read
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for
from tests.activations.vendors.feed import KEY, visitor
from warehouse import decisions

COLUMNS = {
    "visitor_id": "varchar", "headline": "varchar", "items": "varchar", "expires_at": "timestamp",
}  # fmt: skip


def desk(home: Path, thing: str) -> Desk:
    """A sync to the real store below `home`."""
    kind = replace(
        KINDS["feed"], object=thing, columns=COLUMNS, custom={"items": "json"}, changing="headline"
    )
    made = desk_for(kind, home)
    made.vendor = None
    made.environ = {"MILLRACE_FEED_KEY": KEY, "MILLRACE_HOME": str(home)}
    return made


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = read({"MILLRACE_HOME": str(tmp_path), "MILLRACE_FEED_KEY": KEY})
    with TestClient(application(settings)) as made:
        yield made


def row(who: str, headline: str, until: str | None = None) -> dict[str, Any]:
    return {"visitor_id": who, "headline": headline, "items": '[{"sku":"a1"}]', "expires_at": until}


def test_a_page_reads_what_was_delivered_and_only_its_own(
    client: TestClient, tmp_path: Path
) -> None:
    """By contact with a name that the shop makes with standard tools, by visitor with the id that the page has."""
    contacts, visitors = desk(tmp_path, "contact"), desk(tmp_path, "anonymous")
    contacts.fill([row("C1", "Hello Ada"), row("C2", "Hello Bo")])
    visitors.fill([row(visitor(1), "Welcome back")])
    assert contacts.go().counts["delivered"] == 2
    assert visitors.go().counts["delivered"] == 1
    made = subprocess.run(
        f"printf 'contact:C1' | openssl dgst -sha256 -hmac '{KEY}' -binary | basenc --base64url | tr -d '='",
        shell=True, capture_output=True, text=True, check=True,
    )  # fmt: skip

    ours = client.get(f"/decisions/{made.stdout.strip()}")
    theirs = client.get(f"/decisions/anonymous/{visitor(1)}")

    assert ours.json() == {
        "decisions": {"sync_feed_contact": {"headline": "Hello Ada", "items": [{"sku": "a1"}]}}
    }
    assert theirs.json()["decisions"]["sync_feed_anonymous"]["headline"] == "Welcome back"
    for guess in (
        "C1",
        "contact:C1",
        "anonymous/C1",
        f"anonymous/{visitor(2)}",
        "..%2F..%2Fledger",
    ):
        answer = client.get(f"/decisions/{guess}")
        assert answer.status_code == 404 or answer.json() == {"decisions": {}}
    names = " ".join(str(path) for path in (tmp_path / "feed").rglob("*"))
    assert "C1" not in names and visitor(1) not in names


def test_an_unchanged_answer_costs_no_body_and_a_new_decision_has_a_new_tag(
    client: TestClient, tmp_path: Path
) -> None:
    """ETag and Cache-Control, as browsers use them."""
    made = desk(tmp_path, "anonymous")
    made.fill([row(visitor(1), "One")])
    made.go()
    first = client.get(
        f"/decisions/anonymous/{visitor(1)}", headers={"Origin": "https://shop.example"}
    )

    again = client.get(
        f"/decisions/anonymous/{visitor(1)}", headers={"If-None-Match": first.headers["ETag"]}
    )
    made.fill([row(visitor(1), "Two")])
    made.later()
    changed = client.get(
        f"/decisions/anonymous/{visitor(1)}", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert first.headers["Cache-Control"] == "private, max-age=60"
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200
    assert "Two" in changed.text


def test_a_decision_ends_at_its_time_and_when_its_row_leaves(
    client: TestClient, tmp_path: Path
) -> None:
    """What is over is not shown, whether or not a run has taken it away."""
    made = desk(tmp_path, "anonymous")
    made.change(mode="mirror", on_remove="remove")
    made.fill(
        [
            row(visitor(1), "over", "2026-01-01 00:00:00"),
            row(visitor(2), "on", "2999-01-01 00:00:00"),
        ]
    )
    made.go()
    over, on = (client.get(f"/decisions/anonymous/{visitor(n)}").json() for n in (1, 2))
    made.fill([row(visitor(1), "over")])
    made.later()

    assert over == {"decisions": {}}
    assert on["decisions"]["sync_feed_anonymous"] == {"headline": "on", "items": [{"sku": "a1"}]}
    assert client.get(f"/decisions/anonymous/{visitor(2)}").json() == {"decisions": {}}
    assert len(list((tmp_path / "feed").rglob("*.json"))) == 1


def test_an_anonymous_id_that_can_be_guessed_is_refused_for_good(tmp_path: Path) -> None:
    """Who shows decisions by visitor 42 shows them to everybody."""
    made = desk(tmp_path, "anonymous")
    made.fill([row("42", "x"), row("a" * 36, "x"), row(visitor(1), "x")])

    result = made.go(AS_OF)

    assert (result.counts["delivered"], result.counts["rejected"]) == (1, 2)
    assert made.query("select distinct code, state from activations.retries") == [
        ("guessable", "barred")
    ]
    assert not decisions.is_unguessable("42")


def test_without_a_key_there_is_no_feed(tmp_path: Path) -> None:
    """The front door stays shut."""
    settings = read({"MILLRACE_HOME": str(tmp_path), "MILLRACE_COLLECTOR_WRITE_KEYS": "k"})
    with TestClient(application(settings)) as client:
        assert client.get(f"/decisions/anonymous/{visitor(1)}").status_code == 404
