"""What a vendor holds for later is called back where the vendor does that, by valid requests; else it is too late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from openapi_core import Config, OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest
from requests import Request

from activations.destinations.sendgrid_mail import SendGridMail
from activations.outbox import cancel
from activations.run import Tools
from tests.activations import test_described, test_openapi
from tests.activations.outbox.conftest import AS_OF, HOUR
from tests.activations.outbox.house import House, house
from tests.activations.scripted import Adapter, Vendor, answers
from tests.activations.vendors import brevo_mail, sendgrid_mail
from warehouse.connection import connect

DUE = (AS_OF + HOUR).replace(tzinfo=None)
HANDED_OVER, CALLED_BACK = AS_OF + 0.75 * HOUR, AS_OF + 0.85 * HOUR


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        yield made


def tools(home: House, vendor: Vendor) -> Tools:
    return Tools(timer=home.clock.timer(), adapter=Adapter(vendor))


def handed_over_and_cancelled(home: House, destination: str, vendor: Vendor, **environ: str) -> str:
    """One scheduled message, cancelled while the vendor has it; returns its id."""
    home.environ |= environ
    home.rules(channels={"email": {"destination": destination}})
    (made,) = home.propose("ada", due_at=DUE)
    home.dispatch(HANDED_OVER, tools(home, vendor))
    assert home.states() == {made: "handed_over"}
    with home.box() as box:
        assert cancel(box.con, f"select '{made}'", "bought", HANDED_OVER) == 1
    return made


def test_brevo_lets_go_of_a_scheduled_mail(home: House) -> None:
    """By its own id, as its description says."""
    vendor = brevo_mail.BrevoMail()
    made = handed_over_and_cancelled(home, "brevo_mail", vendor, **brevo_mail.KINDS[0].environ)
    assert vendor.messages[0]["scheduledAt"] == "2026-06-30T13:00:00Z"

    home.dispatch(CALLED_BACK, tools(home, vendor))

    assert home.states() == {made: "cancelled"}
    assert vendor.messages[0]["scheduledAt"] is None
    asked = [request for request in vendor.requests if request.method == "DELETE"]
    assert len(asked) == 1
    assert test_described.check("brevo_mail", asked[0])


def test_a_vendor_that_was_not_reached_is_asked_again(home: House) -> None:
    """The request stays until somebody has answered it."""
    vendor = brevo_mail.BrevoMail()
    made = handed_over_and_cancelled(home, "brevo_mail", vendor, **brevo_mail.KINDS[0].environ)
    vendor.faults = [answers(503)] * 9
    home.dispatch(CALLED_BACK, tools(home, vendor))
    assert home.states() == {made: "handed_over"}

    vendor.faults = []
    home.dispatch(CALLED_BACK + 0.01 * HOUR, tools(home, vendor))

    assert home.states() == {made: "cancelled"}


def test_a_vendor_that_has_sent_it_says_so(home: House) -> None:
    """Too late, with its own words."""
    vendor = brevo_mail.BrevoMail()
    made = handed_over_and_cancelled(home, "brevo_mail", vendor, **brevo_mail.KINDS[0].environ)
    vendor.messages[0]["scheduledAt"] = None
    home.dispatch(CALLED_BACK, tools(home, vendor))

    assert home.states() == {made: "handed_over"}
    with connect(home.settings) as con:
        told = con.execute(
            "select reason from activations.outbox_decisions where decision = 'too_late'"
        )
        assert told.fetchall() == [("404: no such message",)]


def reasons(home: House) -> list[str]:
    """Why messages were not called back."""
    with connect(home.settings) as con:
        told = con.execute(
            "select reason from activations.outbox_decisions where decision = 'too_late'"
        )
        return [reason for (reason,) in told.fetchall()]


def test_a_vendor_that_calls_nothing_back_makes_it_too_late(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that schedules, and cannot cancel."""
    monkeypatch.setattr(SendGridMail, "can_cancel", False)
    vendor = sendgrid_mail.SendGridMail()
    made = handed_over_and_cancelled(
        home, "sendgrid_mail", vendor, **sendgrid_mail.KINDS[0].environ
    )

    home.dispatch(CALLED_BACK, tools(home, vendor))

    assert home.states() == {made: "handed_over"}
    assert reasons(home) == ["the vendor calls no message back"]


def test_sendgrid_cancels_the_batch_of_one_message(home: House) -> None:
    """Each message that can still be called back has one of its own; asking twice is no refusal."""
    vendor = sendgrid_mail.SendGridMail()
    made = handed_over_and_cancelled(
        home, "sendgrid_mail", vendor, **sendgrid_mail.KINDS[0].environ
    )
    assert vendor.messages[0]["batch_id"] == "B1"
    vendor.cancelled = ["B1"]  # by a run that did not live to hear of it

    home.dispatch(HANDED_OVER + 0.02 * HOUR, tools(home, vendor))

    assert home.states() == {made: "cancelled"}
    asked = [one for one in vendor.requests if "scheduled_sends" in str(one.url)]
    assert [one.method for one in asked] == ["POST", "GET"]
    assert all(test_described.check("sendgrid_mail", one) for one in asked)


def test_sendgrid_cancels_once(home: House) -> None:
    """The usual way: one request."""
    vendor = sendgrid_mail.SendGridMail()
    made = handed_over_and_cancelled(
        home, "sendgrid_mail", vendor, **sendgrid_mail.KINDS[0].environ
    )

    home.dispatch(HANDED_OVER + 0.02 * HOUR, tools(home, vendor))

    assert home.states() == {made: "cancelled"} and vendor.cancelled == ["B1"]
    assert sum("scheduled_sends" in str(one.url) for one in vendor.requests) == 1


def test_sendgrid_promises_nothing_in_the_last_ten_minutes(home: House) -> None:
    """It is asked all the same, and the message counts as sent."""
    vendor = sendgrid_mail.SendGridMail()
    made = handed_over_and_cancelled(
        home, "sendgrid_mail", vendor, **sendgrid_mail.KINDS[0].environ
    )

    home.dispatch(CALLED_BACK, tools(home, vendor))

    assert home.states() == {made: "handed_over"}
    assert vendor.cancelled == ["B1"]
    assert reasons(home) == [
        "asked less than 10 minutes before its time, when SendGrid promises nothing"
    ]


@pytest.mark.parametrize("status", [403, 400])
def test_a_key_of_sendgrid_that_may_make_no_batch_sends_all_the_same(
    home: House, status: int
) -> None:
    """Without one, and so without a way back; it is asked for one once a run."""
    vendor = sendgrid_mail.SendGridMail(may_batch=status)
    made = handed_over_and_cancelled(
        home, "sendgrid_mail", vendor, **sendgrid_mail.KINDS[0].environ
    )
    assert "batch_id" not in vendor.messages[0]

    home.dispatch(HANDED_OVER + 0.02 * HOUR, tools(home, vendor))

    assert home.states() == {made: "handed_over"}
    assert reasons(home) == ["handed over too near its time, or by a key that may not make batches"]


def test_twilios_request_is_valid_by_its_description(home: House) -> None:
    """The update of one message."""
    home.rules(channels={"sms": {"destination": "twilio"}})
    home.write("ping", "Hi", "txt", channel="sms", subject=None)
    (made,) = home.propose("ada", channel="sms", message="ping", due_at=DUE)
    home.dispatch(HANDED_OVER, home.by_twilio())
    with home.box() as box:
        cancel(box.con, f"select '{made}'", "bought", HANDED_OVER)
    home.dispatch(CALLED_BACK, home.by_twilio())
    assert home.states() == {made: "cancelled"}
    sent = home.twilio.requests[-1]
    path = "/2010-04-01/Accounts/{AccountSid}/Messages/{Sid}.json"
    document = test_described.document_of(test_openapi.FILES["twilio"])
    spec = {**document, "paths": {path: document["paths"][path]}}

    api = OpenAPI.from_dict(spec, config=Config(spec_validator_cls=None))
    again = Request(sent.method, sent.url, headers=dict(sent.headers), data=sent.body)
    api.validate_request(RequestsOpenAPIRequest(again))


def test_what_came_back_closes_a_message(home: House) -> None:
    """Delivered, or failed after all, by our own key in the vendor's events; an opened mail stays delivered."""
    ada, ben, cyd = home.propose("ada", "ben", "cyd")
    home.dispatch()
    with connect(home.settings) as con:
        keys = dict(
            con.execute("select right(key, 32), key from activations.acknowledged").fetchall()
        )
        assert keys[ada] == f"cart:{ada}"
        con.execute(
            "create table marts.fct_messages (message_key varchar, channel varchar, sent_at timestamp, "
            "delivered_at timestamp, failed_at timestamp, failure varchar)"
        )
        at = datetime(2026, 6, 30, 12, 1)
        con.execute(
            "insert into marts.fct_messages values (?, 'email', ?, ?, null, null)",
            [keys[ada], at, at],
        )
        con.execute(
            "insert into marts.fct_messages values (?, 'email', ?, null, ?, 'hard')",
            [keys[ben], at, at],
        )

    home.dispatch(AS_OF + HOUR)

    assert home.states() == {ada: "delivered", ben: "rejected", cyd: "handed_over"}
    assert len(home.mail.messages) == 3
