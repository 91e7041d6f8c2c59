"""Links of sent mail, followed at the front door: one click leaves, one confirms, and each lands as a row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from collector.app import application
from collector.settings import read
from tests.activations.outbox.conftest import DAY, HOUR
from tests.activations.outbox.house import House, house
from warehouse import clock

CONFIRM = """<mjml><mj-body><mj-section><mj-column>
  <mj-text>{{ data.form }} until {{ data.expires_at | date: '%d %B' }}</mj-text>
  <mj-button href="{{ confirm_url }}">Confirm</mj-button>
</mj-column></mj-section></mj-body></mjml>"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def asks_to_confirm(home: House, form: str) -> None:
    example = {"form": "x", "expires_at": "2026-07-01"}
    home.write(
        "confirm", CONFIRM, purpose="transactional", confirms=[form], example=example, links={}
    )


def landed(home: House, table: str) -> list[dict[str, Any]]:
    files = sorted((home.settings.landing / "forms" / table).glob("collector-*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def post(home: House, path: str, body: str, **headers: str) -> int:
    """What a mail program does with a link; the door's files are complete once it has closed."""
    with TestClient(
        application(read(home.environ)), base_url="https://events.shop.example"
    ) as door:
        kind = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        return int(door.post(path, content=body, headers=kind).status_code)


def test_one_click_in_a_sent_mail_takes_the_address_off(home: House) -> None:
    """RFC 8058, as Gmail does it: a POST to the header's address, no cookies, no page."""
    home.propose("ada")
    home.dispatch()
    (mail,) = home.mail.messages
    path = urlsplit(mail["List-Unsubscribe"].strip("<>")).path

    assert post(home, path, "List-Unsubscribe=One-Click") == 200

    (row,) = landed(home, "preferences")
    assert (row["address"], row["purpose"], row["status"], row["method"]) == (
        "ada@mail.example",
        "marketing",
        "opt_out",
        "one_click",
    )


def test_a_sign_up_gets_one_confirmation_and_its_link_confirms(home: House) -> None:
    """Once per sign-up, to its address, whether or not it belongs to a contact; there is nothing to leave yet."""
    asks_to_confirm(home, "*")
    # The door goes by the real clock: a link that is too old does not confirm.
    signed_up = clock.now() - DAY
    with home.box() as box:
        box.con.execute(
            "insert into marts.dim_pending_confirmations values ('s1', 'email', 'new@mail.example', null, "
            "'newsletter', 'marketing', ?, ?)",
            [clock.naive(signed_up), clock.naive(signed_up + 14 * DAY)],
        )

    home.dispatch(signed_up + HOUR)
    home.dispatch(signed_up + 2 * HOUR)

    (mail,) = home.mail.messages
    assert mail["To"] == "new@mail.example" and mail["List-Unsubscribe"] is None
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert f"newsletter until {signed_up + 14 * DAY:%d %B}" in text
    link = text.split("(")[1].split(")")[0]
    assert post(home, urlsplit(link).path, "") == 200
    (row,) = landed(home, "confirmations")
    assert (row["submission_id"], row["address"]) == ("s1", "new@mail.example")


def test_who_confirmed_or_withdrew_meanwhile_gets_no_confirmation(home: House) -> None:
    """A sign-up that no longer waits is not asked."""
    asks_to_confirm(home, "letter")
    with home.box() as box:
        message = box.propose(
            None, source="form", source_name="letter", enrollment_id="s2", step_id="confirmation",
            address="gone@mail.example", message="confirm", purpose="transactional",
            data=json.dumps({"submitted_at": str(datetime(2026, 6, 30))}),
        )  # fmt: skip

    home.dispatch()

    with home.box() as box:
        assert box.state(message) == ("skipped", "confirmed, withdrawn or too late")


def test_a_form_that_no_message_confirms_keeps_its_sign_ups(home: House) -> None:
    """They stay in the model that lists them."""
    with home.box() as box:
        box.con.execute(
            "insert into marts.dim_pending_confirmations values "
            "('s1', 'email', 'a@mail.example', null, 'newsletter', 'marketing', null, null)"
        )
    home.dispatch()

    assert home.states() == {} and home.mail.messages == []
