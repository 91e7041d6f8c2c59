"""Messages with channel on-site reach the decision feed as the front door serves it, and leave it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from activations.outbox import change
from collector.app import application
from collector.settings import read
from tests.activations.outbox.conftest import AS_OF, HOUR
from tests.activations.outbox.house import House, house
from tests.activations.vendors.feed import KEY
from warehouse import clock, decisions
from warehouse.dialect import literal

ADA = f"/decisions/{decisions.opaque(KEY, decisions.CONTACT, 'ada')}"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[House]:
    """On-site messages go to the feed; `banner` is one."""
    with house(tmp_path, MILLRACE_FEED_KEY=KEY) as made:
        made.rules(channels={"onsite": {"destination": "feed"}})
        said = {"channel": "onsite", "purpose": "marketing"}
        body = "Back again, {{ contact.first_name | default: 'you' }}?"
        (made.messages / "banner.yml").write_text("".join(f"{k}: {v}\n" for k, v in said.items()))
        (made.messages / "banner.txt").write_text(body)
        yield made


def shown(shop: House, monkeypatch: pytest.MonkeyPatch, at: Any = AS_OF, path: str = ADA) -> Any:
    """What a page gets at a moment, from the front door."""
    monkeypatch.setattr(clock, "now", lambda: at)
    with TestClient(application(read(shop.environ))) as door:
        return door.get(path).json()["decisions"]


def banner(**more: Any) -> dict[str, Any]:
    return {"message": "banner", "channel": "onsite", "source_name": "back", **more}


def test_a_message_is_on_the_page_until_its_time_is_over(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text, message and source; nobody else sees it, and it ends by itself."""
    [message] = shop.propose("ada", **banner(expires_at=AS_OF + HOUR))

    done = shop.dispatch()["onsite"]

    assert done.counts["delivered"] == 1, done
    assert shop.states() == {message: "handed_over"}
    [(name, decision)] = shown(shop, monkeypatch).items()
    assert (name, decision["message"], decision["source"]) == ("message_back", "banner", "back")
    assert decision["text"].startswith("Back again, ")
    assert decision["message_key"] == f"back:{message}"
    other = f"/decisions/{decisions.opaque(KEY, decisions.CONTACT, 'bo')}"
    assert shown(shop, monkeypatch, path=other) == {}
    assert shown(shop, monkeypatch, AS_OF + HOUR) == {}
    assert shop.query("select channel, object, contact_id from raw_activations.receipts") == [
        ("onsite", "message", "ada")
    ]


def test_the_newest_of_a_source_is_shown_and_sources_stand_side_by_side(
    shop: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second message of the journey takes the place of the first."""
    shop.propose("ada", **banner())
    shop.dispatch()
    with shop.box() as box:
        newer = box.propose("ada", **banner(step_id="second"))
        box.propose("ada", **banner(source_name="sale"))
    shop.dispatch(AS_OF + HOUR)

    found = shown(shop, monkeypatch, AS_OF + HOUR)

    assert set(found) == {"message_back", "message_sale"}
    assert found["message_back"]["message_key"] == f"back:{newer}"


def test_a_cancelled_message_leaves_the_page(shop: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though it is out already; what took its place stays."""
    [older] = shop.propose("ada", **banner())
    shop.dispatch()
    with shop.box() as box:
        newer = box.propose("ada", **banner(step_id="second"))
    shop.dispatch(AS_OF + HOUR)

    for message, left in ((older, {"message_back"}), (newer, set())):
        with shop.box() as box:
            assert change.cancel(box.con, f"select {literal(message)}", "sold out", AS_OF + HOUR)
        assert shop.dispatch(AS_OF + 2 * HOUR)["onsite"].recalled == 1
        assert set(shown(shop, monkeypatch, AS_OF + 2 * HOUR)) == left
        assert shop.states()[message] == "cancelled"


def test_who_is_gone_when_it_is_handed_over_is_shown_nothing(shop: House) -> None:
    """Permission is read again: between proposal and dispatch the contact was erased."""
    [message] = shop.propose("ada", **banner())
    with shop.box() as box:
        box.con.execute("delete from marts.dim_contacts where contact_id = 'ada'")

    shop.dispatch()

    assert shop.states() == {message: "skipped"}
    folder = shop.settings.home / decisions.FOLDER
    assert not list(folder.rglob("*.json"))


def test_a_source_that_names_no_decision_is_refused(shop: House) -> None:
    """The front door could not serve it: said with its reason, and not tried again."""
    [message] = shop.propose("ada", **banner(source_name="spring sale/2026"))

    shop.dispatch()

    assert shop.states() == {message: "rejected"}
