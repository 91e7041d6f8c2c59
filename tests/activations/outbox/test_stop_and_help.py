"""HELP is answered once each time it is asked, to whoever asks; STOP is the ledger of consent's, and holds here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from activations.outbox.definitions import definitions
from tests.activations.outbox.conftest import AS_OF, DAY, HOUR
from tests.activations.outbox.house import House, house


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.rules(channels={"sms": {"destination": "twilio"}})
        made.write(
            "help", "The Shop. Reply STOP to end.", "txt", channel="sms", purpose="transactional",
            subject=None, answers_help=True,
        )  # fmt: skip
        yield made


def ask(home: House, name: str, number: str, hours: float = 1) -> None:
    with home.box() as box:
        box.con.execute(
            "insert into marts.fct_help_requests values (?, 'sms', ?, null, ?)",
            [name, number, (AS_OF - timedelta(hours=hours)).replace(tzinfo=None)],
        )


def test_help_is_answered_once_each_time(home: House) -> None:
    """To a number that nobody knows too; one that has left is answered as well, for it asks."""
    ask(home, "m1", "+491510000001")
    with home.box() as box:
        box.con.execute(
            "insert into marts.dim_suppressions values ('+491510000001', 'sms', 'opt_out', null)"
        )
    for _ in range(2):
        home.dispatch(tools=home.by_twilio())
    assert [m["to"] for m in home.twilio.messages] == ["+491510000001"]
    assert home.twilio.messages[0]["body"] == "The Shop. Reply STOP to end."

    ask(home, "m2", "+491510000001", hours=0.5)
    home.dispatch(AS_OF + HOUR, home.by_twilio())
    assert len(home.twilio.messages) == 2


def test_a_question_of_yesterday_is_not_answered(home: House) -> None:
    """An answer out of nowhere is no help."""
    ask(home, "m1", "+491510000001", hours=25)

    home.dispatch(tools=home.by_twilio())

    assert home.twilio.messages == [] and home.states() == {}


def test_who_said_stop_gets_no_marketing_by_text(home: House) -> None:
    """Its opt-out closes the number, planned messages included."""
    home.write("ping", "Hi", "txt", channel="sms", subject=None)
    (made,) = home.propose(
        "ada", channel="sms", message="ping", due_at=AS_OF.replace(tzinfo=None) + DAY
    )
    with home.box() as box:
        box.con.execute(
            "insert into marts.dim_suppressions select phone, 'sms', 'opt_out', null from marts.dim_contacts"
        )
    home.dispatch(AS_OF + DAY, home.by_twilio())

    assert home.twilio.messages == [] and home.states() == {made: "skipped"}


def test_only_a_transactional_text_answers_help(home: House) -> None:
    """Said where it is wrong."""
    home.write("help", "x {{ unsubscribe_url }}", "txt", answers_help=True)

    broken = definitions(home.settings, home.manifest).broken

    assert "what answers HELP is a transactional text message" in broken["help"]
