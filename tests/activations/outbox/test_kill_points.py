"""Killed anywhere between decision and receipt, a message goes at most once, and none is lost without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from activations.outbox.definitions import definitions
from activations.outbox.dispatch import ChannelDispatch, prepare
from activations.plan import Plan
from activations.run import Tools
from tests.activations.outbox.conftest import AS_OF, HOUR
from tests.activations.outbox.house import House, house
from tests.activations.scripted import Adapter, Fault, Killed, dies_after, dies_before, passes
from warehouse.connection import connect

LATER = AS_OF + HOUR


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.rules(channels={"sms": {"destination": "twilio"}})
        made.write("ping", "Hello {{ contact.first_name }}", "txt", channel="sms", subject=None)
        made.propose("ada", "ben", "cyd", channel="sms", message="ping")
        yield made


def sent(home: House) -> list[str]:
    return [message["body"] for message in home.twilio.messages]


def recovered(home: House) -> list[str]:
    """What the vendor has after two more dispatches."""
    for at in (LATER, LATER + HOUR):
        home.dispatch(at, home.by_twilio())
    return sent(home)


def kill_at(home: House, number: int, last: Fault) -> None:
    """The process dies with the n-th message: before the vendor has it, or when it has and we do not know."""
    home.twilio.faults = [passes] * (number - 1) + [last]
    with pytest.raises(Killed):
        home.dispatch(tools=home.by_twilio())


def test_a_killed_before_the_claim_everything_is_decided_again(home: House) -> None:
    """Decisions are in the warehouse, nothing is in the ledger."""
    with connect(home.settings) as con:
        prepare(con, definitions(home.settings, home.manifest), home.manifest, AS_OF)
    with home.box() as box:
        box.arbitrate(definitions(home.settings, home.manifest).rules)
    assert set(home.states().values()) == {"cleared"}

    assert sorted(recovered(home)) == ["Hello Ada", "Hello Ben", "Hello Cyd"]
    assert set(home.states().values()) == {"handed_over"}


def test_b_killed_after_the_claim_and_before_the_ledger_it_is_claimed_again(home: House) -> None:
    """Claimed in the warehouse, unknown to the ledger: nothing can have been sent."""

    class Dies(ChannelDispatch):
        def _claim(self, con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
            super()._claim(con, plan)
            raise Killed

    defined = definitions(home.settings, home.manifest)
    with home.box() as box:
        box.arbitrate(defined.rules)
    dying = Dies(home.settings, defined, AS_OF, home.environ, home.by_twilio(), "sms")
    with pytest.raises(Killed):
        dying.run()
    assert set(home.states().values()) == {"claimed"}

    assert sorted(recovered(home)) == ["Hello Ada", "Hello Ben", "Hello Cyd"]
    assert set(home.states().values()) == {"handed_over"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_c_killed_before_the_vendor_had_it_it_is_looked_up_and_sent(
    home: House, number: int
) -> None:
    """In flight, and the vendor says it never came: after its quiet time it may go."""
    kill_at(home, number, dies_before)
    # Several requests are open at once: others may have got through, the one that died did not.
    assert number - 1 <= len(sent(home)) <= 2

    found = recovered(home)

    assert len(found) == len(set(found))
    assert set(home.states().values()) <= {"handed_over", "in_doubt"}
    assert len(found) + list(home.states().values()).count("in_doubt") == 3


@pytest.mark.parametrize("number", [1, 2, 3])
def test_d_killed_when_the_vendor_had_it_it_is_looked_up_and_not_sent_again(
    home: House, number: int
) -> None:
    """The receipt was never stored: the vendor is asked, and knows it."""
    kill_at(home, number, dies_after)
    before = sent(home)
    # Several requests are open at once: others may have got through, or not have left yet.
    assert number <= len(before) <= 3

    found = recovered(home)

    assert len(found) == len(set(found)) and set(before) <= set(found)
    assert sorted(home.states().values()) == sorted(
        ["handed_over"] * len(found) + ["in_doubt"] * (3 - len(found))
    )
    assert home.query("select count(distinct vendor_id) from activations.outbox") == [(len(found),)]


def test_where_nobody_can_be_asked_a_message_stays_in_doubt_and_is_listed(tmp_path: Path) -> None:
    """A mail server that hangs up after the text: never repeated, never forgotten."""
    with house(tmp_path) as home:
        ada, ben = home.propose("ada", "ben")
        home.mail.hang_up_after_data = True
        home.dispatch()
        home.mail.hang_up_after_data = False
        home.dispatch(LATER)
        home.dispatch(LATER + HOUR)

        arrived = [mail["To"] for mail in home.mail.messages]
        assert len(arrived) == len(set(arrived)) == 2
        assert home.states() == {ada: "in_doubt", ben: "in_doubt"}
        reasons: list[tuple[Any, ...]] = home.query(
            "select distinct reason from activations.outbox"
        )
        assert all(reason for (reason,) in reasons)


def test_two_dispatches_at_once_hand_over_once(home: House) -> None:
    """The second finds the channel taken, or nothing left to do."""
    from concurrent.futures import ThreadPoolExecutor

    tools = [Tools(timer=home.clock.timer(), adapter=Adapter(home.twilio)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda tool: home.dispatch(tools=tool), tools))

    assert sorted(sent(home)) == ["Hello Ada", "Hello Ben", "Hello Cyd"]
