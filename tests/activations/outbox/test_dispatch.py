"""Messages leave through the delivery engine, once, and only while they may: seen at a mail server and at a vendor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from activations.outbox import cancel
from activations.outbox.definitions import definitions
from activations.outbox.dispatch import ChannelDispatch
from activations.run import Tools
from tests.activations.outbox.conftest import AS_OF, HOUR
from tests.activations.outbox.house import DOOR, HELLO, House, house
from warehouse import tokens


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def test_a_message_arrives_as_it_was_written_and_goes_once(home: House) -> None:
    """Over a real connection: sender, words, links and headers; the second dispatch has nothing to do."""
    home.write("hello", links={"utm_source": "millrace", "utm_campaign": "{{ message.source }}"})
    (made,) = home.propose("ada")

    done = home.dispatch()["email"]

    assert (done.verdicts, done.counts["delivered"]) == ({"cleared": 1}, 1)
    assert home.states() == {made: "handed_over"}
    (mail,) = home.mail.messages
    assert (mail["From"], mail["To"]) == ("The Shop <hi@shop.example>", "ada@mail.example")
    html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Hello Ada" in html and "Hello Ada" in text
    link = "https://shop.example/cart?id=1&utm_source=millrace&utm_campaign=cart"
    assert link.replace("&", "&amp;") in html and link in text
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    leave = mail["List-Unsubscribe"].strip("<>")
    assert leave.startswith(f"{DOOR}/unsubscribe/") and leave in text and "utm" not in leave
    found = tokens.open_unsubscribe(home.settings.signing_keys, leave.rpartition("/")[2])
    assert (found.address, found.purposes) == ("ada@mail.example", ("marketing",))

    again = home.dispatch(AS_OF + HOUR)["email"]
    assert again.summary == "unchanged 0" or again.counts.get("delivered", 0) == 0
    assert len(home.mail.messages) == 1


def test_consent_is_read_again_between_decision_and_hand_over(home: House) -> None:
    """Whoever leaves while their message is being written gets nothing: the plan asks anew."""
    ada, ben = home.propose("ada", "ben")

    class Slow(ChannelDispatch):
        def _write(self) -> None:
            super()._write()
            with home.box() as box:
                box.suppress("ben", "opt_out")

    defined = definitions(home.settings, home.manifest)
    with home.box() as box:
        box.arbitrate(defined.rules)
    Slow(
        home.settings, defined, AS_OF, home.environ, Tools(timer=home.clock.timer()), "email"
    ).run()

    assert home.states() == {ada: "handed_over", ben: "skipped"}
    assert [m["To"] for m in home.mail.messages] == ["ada@mail.example"]
    reasons = "select reason from activations.outbox where state = 'skipped'"
    assert home.query(reasons) == [("opt_out",)]


def test_what_cannot_be_written_is_set_aside_with_the_place(home: House) -> None:
    """An undefined variable stops its own message, names file and line, and nobody else."""
    home.write(
        "broken",
        HELLO.replace("contact.first_name | default: 'you'", "data.price"),
        example={"price": 1},
    )
    home.write("wrong", HELLO.replace("first_name", "firstname"))
    (good,) = home.propose("ada")
    (bad,) = home.propose("ben", message="broken")
    (none,) = home.propose("cyd", message="nowhere")
    (wrong,) = home.propose("dan", message="wrong")

    done = home.dispatch()["email"]

    assert home.states() == {
        good: "handed_over",
        bad: "rejected",
        none: "deferred",
        wrong: "deferred",
    }
    assert done.unrendered == 3
    words = dict(home.query("select message, reason from activations.outbox"))
    assert words["broken"].startswith(
        "models/messages/broken.mjml: line 2: data.price is undefined"
    )
    # Whose template is wrong waits until it is repaired, or the message expires.
    assert words["wrong"].startswith(
        "models/messages/wrong.mjml: line 2: there is no contact.firstname"
    )
    assert words["nowhere"] == "there is no email message 'nowhere' in models/messages"


def test_marketing_is_not_passed_off_as_transactional(home: House) -> None:
    """The proposal's purpose decides who may be written to, so it must not be weaker than the template's."""
    (made,) = home.propose("ada", purpose="transactional")

    home.dispatch()

    words = "models/messages/hello.yml is for marketing, and was proposed as transactional"
    assert home.query("select state, reason from activations.outbox") == [("rejected", words)]
    assert home.mail.messages == [] and made in home.states()


def test_a_text_message_is_scheduled_counted_and_can_be_called_back(home: House) -> None:
    """Handed over shortly before its time, in segments with their price; a cancel reaches the vendor."""
    home.rules(channels={"sms": {"destination": "twilio", "price": 0.075}})
    home.write(
        "ping", "Hi {{ contact.first_name }} ☺ " + "x" * 80, "txt", channel="sms", subject=None
    )
    due = (AS_OF + HOUR).replace(tzinfo=None)
    (made,) = home.propose("ada", channel="sms", message="ping", due_at=due)
    home.dispatch(tools=home.by_twilio())
    assert home.twilio.messages == []

    home.dispatch(AS_OF + 0.75 * HOUR, tools=home.by_twilio())

    assert home.twilio.messages[0]["send_at"] == "2026-06-30T13:00:00Z"
    kept = "select state, segments, cost, vendor_id from activations.outbox"
    assert home.query(kept) == [("handed_over", 2, 0.15, home.twilio.messages[0]["sid"])]

    with home.box() as box:
        assert cancel(box.con, f"select '{made}'", "bought", AS_OF + 0.8 * HOUR) == 1
    home.dispatch(AS_OF + 0.85 * HOUR, tools=home.by_twilio())

    assert home.twilio.messages[0]["status"] == "canceled"
    assert home.states() == {made: "cancelled"}
    home.dispatch(AS_OF + 0.9 * HOUR, tools=home.by_twilio())
    assert len(home.twilio.messages) == 1


def test_a_cancel_after_its_time_is_put_on_record_as_too_late(home: House) -> None:
    """A mail server calls nothing back, and what went out went out."""
    (made,) = home.propose("ada")
    home.dispatch()
    with home.box() as box:
        assert cancel(box.con, f"select '{made}'", "bought", AS_OF + HOUR) == 0
        assert ("too_late", "bought") in box.decisions()
    assert home.states() == {made: "handed_over"}


def test_without_credentials_everything_is_decided_and_nothing_sent(home: House) -> None:
    """A dry run says which variable is missing."""
    del home.environ["MILLRACE_SMTP_URL"]
    home.propose("ada")

    done = home.dispatch()["email"]

    assert done.reason == "dry run: MILLRACE_SMTP_URL is not set"
    assert done.verdicts == {"cleared": 1}
    assert home.mail.messages == []


def test_marketing_mail_that_nobody_could_leave_is_not_sent(home: House) -> None:
    """Without the front door's address there is no link to unsubscribe by; it goes once there is one."""
    (made,) = home.propose("ada")
    door, home.settings = home.settings, replace(home.settings, public_url=None)
    home.dispatch()
    assert home.states() == {made: "deferred"}
    ((reason,),) = home.query("select reason from activations.outbox")
    assert "MILLRACE_COLLECTOR_PUBLIC_URL" in reason

    home.settings = door
    home.dispatch(AS_OF + HOUR)
    assert home.states() == {made: "handed_over"}


def test_a_refused_address_is_rejected_for_good_and_a_busy_server_gets_it_later(
    home: House,
) -> None:
    """The engine's own rules of retrying hold, and the outbox says where each message stands."""
    ada, ben = home.propose("ada", "ben")
    home.mail.refused = {
        "ada@mail.example": "550 5.1.1 no such user",
        "ben@mail.example": "450 4.2.1 full",
    }
    home.dispatch()
    assert home.states() == {ada: "rejected", ben: "deferred"}

    home.mail.refused = {}
    home.dispatch(AS_OF + HOUR)

    assert home.states() == {ada: "rejected", ben: "handed_over"}
    assert [m["To"] for m in home.mail.messages] == ["ben@mail.example"]
