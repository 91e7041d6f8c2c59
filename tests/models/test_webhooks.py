"""Webhooks of every vendor become the same message events, once each, whichever way their bodies land."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.models.lineage import closure
from tests.models.webhooks import (
    AT,
    BROKEN,
    CASES,
    WHO,
    WITHOUT_EVENT,
    as_posted,
    landing_table,
)
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import FileResult, load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

NOW = datetime(2026, 6, 30, tzinfo=UTC)
SEVERAL = ["ann@buyer.example", "bob@buyer.example", "cid@buyer.example"]
MODELS = ["int_messages__unioned", "int_consents__status"]
Row = dict[str, Any]


def special() -> dict[str, list[Any]]:
    """Bodies with a twist: several recipients, no time, another channel."""
    mail = {"messageId": "m-9", "destination": SEVERAL, "timestamp": "2026-06-02T00:00:00Z"}
    ses: list[Any] = [
        {
            "eventType": "Bounce",
            "mail": mail,
            "bounce": {
                "bounceType": "Permanent",
                "timestamp": "2026-06-02T00:00:01Z",
                "bouncedRecipients": [{"emailAddress": a} for a in SEVERAL[:2]],
            },
        },
        {
            "eventType": "Complaint",
            "mail": mail,
            "complaint": {
                "timestamp": "2026-06-02T00:00:02Z",
                "complainedRecipients": [{"emailAddress": a} for a in SEVERAL[1:]],
            },
        },
        {
            "eventType": "Delivery",
            "mail": mail,
            "delivery": {"timestamp": "2026-06-02T00:00:03Z", "recipients": SEVERAL},
        },
        {"eventType": "Open", "mail": mail, "open": {"timestamp": "2026-06-02T00:00:04Z"}},
        {
            "notificationType": "Delivery",
            "mail": {"messageId": "m-8", "destination": SEVERAL[:1]},
            "delivery": {"recipients": SEVERAL[:1]},
        },
    ]
    untimed = {"MessageSid": "SM1", "MessageStatus": "sent", "To": "whatsapp:+15551230001"}
    twilio = [
        {**untimed, "received_at": "2026-06-03T23:59:00Z"},
        {**untimed, "received_at": "2026-06-04T00:01:00Z"},
        {
            "MessageSid": "SM2",
            "SmsStatus": "received",
            "From": "+15551230002",
            "To": "+15550000000",
            "Body": " stop ",
            "received_at": "2026-06-03T12:00:00Z",
        },
        {
            "MessageSid": "SM3",
            "SmsStatus": "received",
            "From": "+15551230003",
            "To": "+15550000000",
            "Body": "please stop by",
            "received_at": "2026-06-03T12:00:00Z",
        },
        {
            "MessageSid": "SM4",
            "MessageStatus": "undelivered",
            "ErrorCode": "21610",
            "To": "+15551230004",
            "received_at": "2026-06-03T12:00:00Z",
        },
        {
            "MessageSid": "SM5",
            "SmsStatus": "received",
            "From": "+15551230005",
            "OptOutType": "START",
            "Body": "anything",
            "received_at": "2026-06-03T12:00:00Z",
        },
    ]
    no_time = {"event": "sent", "MessageID": 9007199254740995, "email": WHO}
    huge = {
        "event": "open",
        "MessageID": 9007199254740997,
        "email": WHO,
        "time": 999999999999999999,
    }
    back = {"RecordType": "SubscriptionChange", "MessageID": "m-5", "Recipient": "put@back.example"}
    own = {"RecordType": "SubscriptionChange", "MessageID": "m-6", "Recipient": "own@will.example"}
    return {
        "amazon_ses": ses,
        "twilio": twilio,
        "vonage": [
            {
                "messageId": "V99",
                "msisdn": "15551230001",
                "status": "delivered",
                "message-timestamp": at,
            }
            for at in ("2026-06-04 00:09:00", "2026-06-03 23:59:00")
        ],
        "mailjet": [[{**no_time, "received_at": "2026-06-05T10:00:00Z"}], huge],
        "postmark": [
            {"FromFull": {"Email": "x@y.example"}, "MessageID": "m-7", "Date": "x"},
            {
                **back,
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "ChangedAt": "2026-06-02T00:00:00Z",
            },
            {
                **back,
                "SuppressSending": False,
                "Origin": "Customer",
                "ChangedAt": "2026-06-03T00:00:00Z",
            },
            {
                **own,
                "SuppressSending": True,
                "SuppressionReason": "ManualSuppression",
                "ChangedAt": "2026-06-02T00:00:00Z",
            },
            {
                **own,
                "SuppressSending": False,
                "Origin": "Recipient",
                "ChangedAt": "2026-06-03T00:00:00Z",
            },
        ],
    }


@dataclass(frozen=True)
class Landed:
    """What the loader said of every file, and the message events that came of it."""

    results: dict[str, list[FileResult]]
    events: list[Row]
    settings: Settings

    def of(self, source: str, **wanted: Any) -> list[Row]:
        """The events of one source with these values."""
        return [
            row for row in self.events if row["source"] == source and wanted.items() <= row.items()
        ]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> Landed:
    """Every case three times: bodies as posted in one file, lines split before, and the lines again."""
    settings = load({"MILLRACE_HOME": str(tmp_path_factory.mktemp("webhooks"))})

    def land(source: str, name: str, bodies: list[Any], indent: int | None = None) -> None:
        path = settings.landing / source / landing_table(source) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(body, indent=indent) + "\n" for body in bodies))

    for source, cases in CASES.items():
        events = [payload for payload, _ in cases]
        land(source, "a-posted.json", as_posted(source, events), indent=2)
        land(source, "b-posted.ndjson", as_posted(source, events))
        # An envelope's key is lost with the envelope, so split lines of SES would be other events.
        land(source, "c-split.ndjson", [] if source == "amazon_ses" else events[::-1])
        land(source, "e-broken.ndjson", list(BROKEN[source]))
    for source, bodies in special().items():
        land(source, "d-special.ndjson", bodies)
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, NOW)
        results = {
            label.split(".")[0]: load_table(con, settings, contract, NOW)
            for label, contract in known.items()
            if label.split(".")[0] in {*CASES, "twilio"}
        }
    failed = [
        f"{r.name}: {r.message}"
        for r in build(settings, closure(manifest, *MODELS), unit_tests=False)
        if not r.passed
    ]
    assert failed == []
    with connect(settings) as con:
        # Its node says to whom a message was.
        found = con.execute(
            "select *, case when regexp_matches(recipient_node, '^(email|phone):') then substr(recipient_node, 7) end "
            "as recipient from intermediate.int_messages__unioned"
        )
        names = [column[0] for column in found.description]
        return Landed(
            results, [dict(zip(names, row, strict=True)) for row in found.fetchall()], settings
        )


@pytest.mark.parametrize("source", sorted(CASES))
def test_every_event_name_becomes_its_canonical_event_once(landed: Landed, source: str) -> None:
    """Mapping, our keys and details; posted, split and repeated are the same event."""
    rows = landed.of(source)
    cases = CASES[source]
    fits = [
        [i for i, row in enumerate(rows) if expected.items() <= row.items()]
        for _, expected in cases
    ]
    taken: dict[int, int] = {}

    def place(case: int, tried: set[int]) -> bool:
        """Give the case a row of its own, moving others to another row that fits them."""
        for row in set(fits[case]) - tried:
            tried.add(row)
            if row not in taken or place(taken[row], tried):
                taken[row] = case
                return True
        return False

    missing = [cases[number] for number in range(len(cases)) if not place(number, set())]

    assert missing == []


@pytest.mark.parametrize("source", sorted(CASES))
def test_repeats_are_one_event(landed: Landed, source: str) -> None:
    """As many events as cases, though each landed two or three times."""
    cases = [row for row in landed.of(source) if row["occurred_at"] < datetime(2026, 6, 1, 23)]

    assert len(cases) == len(CASES[source])
    assert len({row["message_event_id"] for row in cases}) == len(cases)


@pytest.mark.parametrize("source", sorted(CASES))
def test_the_vendors_time_is_taken(landed: Landed, source: str) -> None:
    """Seconds, milliseconds, text or ISO 8601: the moments that the cases state."""
    cases = [row for row in landed.of(source) if row["occurred_at"] < datetime(2026, 6, 1, 23)]

    assert {row["occurred_at_source"] for row in cases} == {"vendor"}
    assert all(
        0 <= (row["occurred_at"] - datetime(2026, 6, 1, 10)).total_seconds() <= 100 for row in cases
    )
    assert all(row["event_date"] == row["occurred_at"].date() for row in cases)


@pytest.mark.parametrize("source", sorted(CASES))
def test_counts_close(landed: Landed, source: str) -> None:
    """Every event of every body is loaded or quarantined, the broken ones each with a reason."""
    cases, extra = len(CASES[source]), WITHOUT_EVENT.get(source, 0)
    results = {result.path.split("/")[-1]: result for result in landed.results[source]}

    for name in ("a-posted.json", "b-posted.ndjson"):
        assert (results[name].status, results[name].rows_loaded) == ("loaded", cases + extra)
    split = 0 if source == "amazon_ses" else cases
    assert (results["c-split.ndjson"].rows_loaded, results["c-split.ndjson"].rows_quarantined) == (
        split,
        0,
    )
    broken = results["e-broken.ndjson"]
    assert (broken.rows_loaded, broken.rows_quarantined) == (0, len(BROKEN[source]))
    with connect(landed.settings) as con:
        rows = con.execute(
            "select reason, original from landing.quarantine where source = ?", [source]
        ).fetchall()
    assert len(rows) == len(BROKEN[source])
    assert all(reason and original for reason, original in rows)


def test_ses_notifications_of_several_recipients_are_one_row_each(landed: Landed) -> None:
    """Each to a message of its own; an opening by one of several is nobody's."""
    rows = [row for row in landed.of("amazon_ses") if str(row["message_id"]).startswith("ses:m-9")]
    seen = {
        event: sorted(r["recipient"] for r in rows if r["event"] == event and r["recipient"])
        for event in ("bounced", "complained", "delivered")
    }

    assert seen == {"bounced": SEVERAL[:2], "complained": SEVERAL[1:], "delivered": SEVERAL}
    assert len({row["message_id"] for row in rows if row["recipient"]}) == 3
    assert [(r["message_id"], r["recipient"]) for r in rows if r["event"] == "opened"] == [
        ("ses:m-9", None)
    ]


def test_an_event_without_a_time_takes_that_of_its_receipt_and_says_so(landed: Landed) -> None:
    """From the collector, else from the load; a time that cannot be one counts as missing."""
    by_collector = landed.of("mailjet", message_id="mailjet:9007199254740995")
    by_load = landed.of("amazon_ses", message_id="ses:m-8")
    impossible = landed.of("mailjet", message_id="mailjet:9007199254740997")

    assert [row["occurred_at"] for row in by_collector] == [datetime(2026, 6, 5, 10)]
    assert [row["occurred_at"] for row in by_load] == [datetime(2026, 6, 30)]
    assert [row["occurred_at"] for row in impossible] == [datetime(2026, 6, 30)]
    assert {row["occurred_at_source"] for row in by_collector + by_load + impossible} == {
        "received"
    }


def test_a_callback_repeated_on_the_next_day_is_one_event_of_the_first(landed: Landed) -> None:
    """Twilio gives no time: the first receipt counts."""
    rows = landed.of("twilio", message_id="twilio:SM1")

    assert [row["occurred_at"] for row in rows] == [datetime(2026, 6, 3, 23, 59)]
    assert rows[0]["recipient_node"] == "phone:+15551230001"


def test_stop_by_text_message_is_an_opt_out_of_its_sender(landed: Landed) -> None:
    """The word alone counts, whether or not Twilio handles it; a sentence with it does not."""
    found = {row["message_id"]: (row["event"], row["recipient"]) for row in landed.of("twilio")}

    assert found["twilio:SM2"] == ("unsubscribed", "+15551230002")
    assert found["twilio:SM3"] == ("inbound", "+15551230003")
    assert found["twilio:SM5"] == ("resubscribed", "+15551230005")
    assert (
        landed.of("twilio", message_id="twilio:SM4")[0]["reject_reason"] == "suppressed_unsubscribe"
    )


def test_a_receipt_of_vonage_that_is_told_again_is_one_event(landed: Landed) -> None:
    """Each try has a time of its own: the first counts."""
    rows = landed.of("vonage", message_id="vonage:V99")

    assert [(row["event"], row["occurred_at"]) for row in rows] == [
        ("delivered", datetime(2026, 6, 3, 23, 59))
    ]


def test_only_the_person_can_come_back(landed: Landed) -> None:
    """Being put back on a list by the sender is nobody's consent."""
    with connect(landed.settings) as con:
        rows = con.execute(
            "select address, status from intermediate.int_consents__status "
            "where address in ('put@back.example', 'own@will.example')"
        ).fetchall()

    assert dict(rows) == {"put@back.example": "opt_out", "own@will.example": "opt_in"}


def test_an_inbound_message_of_postmark_is_kept(landed: Landed) -> None:
    """It has no record type."""
    assert [row["event"] for row in landed.of("postmark", message_id="postmark:m-7")] == ["inbound"]


def test_leaving_without_a_message_is_still_leaving(landed: Landed) -> None:
    """Brevo's unsubscription of a contact names no message."""
    rows = [
        r
        for r in landed.of("brevo", event="unsubscribed")
        if r["message_id"].startswith("brevo:contact:")
    ]

    assert [row["recipient"] for row in rows] == [WHO]


def test_a_repeat_in_a_later_load_is_no_new_event(settings: Settings) -> None:
    """Vendors try again hours later; what has no time of its own stays on the day of its first receipt."""
    manifest = load_manifest(settings)
    known = contracts(manifest)

    def load_and_build(number: int, day: str) -> list[Any]:
        status = {"MessageSid": "SM1", "MessageStatus": "sent", "To": "+15551230001"}
        opened = {"event": "opened", "id": "ev", "timestamp": AT, "recipient": WHO}
        opened["message"] = {"headers": {"message-id": "m"}}
        for folder, body in (
            ("twilio/message_status", {**status, "received_at": f"{day}T23:59:30Z"}),
            ("mailgun/events", {"signature": {"token": str(number)}, "event-data": opened}),
        ):
            path = settings.landing / folder / f"{number}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(body))
        with connect(settings) as con:
            ensure(con, known)
            set_clock(con, NOW)
            results = [
                result
                for label in ("twilio.message_status", "mailgun.events")
                for result in load_table(con, settings, known[label], NOW)
            ]
        assert [result.rows_loaded for result in results] == [1, 1]
        failed = [
            r.message
            for r in build(settings, closure(manifest, *MODELS), unit_tests=False)
            if not r.passed
        ]
        assert failed == []
        with connect(settings) as con:
            return con.execute(
                "select message_event_id, occurred_at, event_date "
                "from intermediate.int_messages__unioned order by 1"
            ).fetchall()

    first = load_and_build(1, "2026-06-01")
    again = load_and_build(2, "2026-06-02")

    assert len(first) == 2
    assert again == first
