"""The engine's own promises: halving, doubts, leases, forgetfulness of the warehouse, answers and redaction."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from activations import answers as reading
from activations import leases, redact
from activations.connector import Outcome, Rate
from activations.errors import LeaseError, StopError
from activations.ledger import Ledger, open_ledger
from activations.pace import Limiter
from activations.schema import RUN
from tests.activations.conftest import AS_OF, KINDS, Clock, Desk, desk_for
from tests.activations.scripted import (
    Killed,
    answers,
    sent_form,
    sent_json,
    times_out,
    vanishes,
)
from tests.activations.test_conformance import age_attempts, assert_each_once, die_at
from warehouse import clock
from warehouse.settings import Settings


def test_a_poison_row_is_found_by_halving(hubspot: Desk) -> None:
    """One conflict fails all 100: 99 arrive, 1 is rejected, within 2 * ceil(log2 100) + 1 requests."""
    hubspot.vendor.whole_batch_conflict = True
    hubspot.vendor.bad_keys = {"D42"}
    hubspot.fill(hubspot.rows(100))

    result = hubspot.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (99, 1)
    assert len(hubspot.vendor.requests) <= 15


@pytest.mark.parametrize(("kind", "relaxed"), [("hubspot", True), ("twilio", False)])
def test_only_what_may_be_repeated_is_committed_without_a_sync_to_disk(
    kind: str, relaxed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each connection is as strict as before when it comes back."""
    said: list[str] = []

    class Watched(Ledger):
        def __init__(self, url: str) -> None:
            super().__init__(url)
            sa.event.listen(
                self.engine, "connect", lambda con, _: con.set_trace_callback(said.append)
            )
            self.engine.dispose()

    monkeypatch.setattr("activations.ledger.Ledger", Watched)
    desk = desk_for(KINDS[kind], tmp_path / "home")
    desk.fill(desk.rows(3))

    assert desk.go().counts["delivered"] == 3

    levels = [text for text in said if "pragma synchronous = " in text]
    assert levels == ["pragma synchronous = normal", "pragma synchronous = full"] * (
        len(levels) // 2
    )
    assert bool(levels) == relaxed
    # The commit that closes the run comes after, at the strict level.
    closes = [
        n for n, text in enumerate(said) if "UPDATE act_run" in text and "finished_at" in text
    ]
    assert not relaxed or closes[-1] > said.index(levels[-1])


def test_too_large_is_halved_once(hubspot: Desk) -> None:
    """413 is not a row's fault until a half fails too."""
    hubspot.vendor.faults = [answers(413)]
    hubspot.fill(hubspot.rows(10))

    assert hubspot.go().counts["delivered"] == 10
    assert [len(sent_json(r)["inputs"]) for r in hubspot.vendor.requests] == [10, 5, 5]


def test_a_send_without_an_answer_is_never_repeated_but_looked_up(twilio: Desk) -> None:
    """The vendor took it, the answer was lost: in doubt, then found, sent once."""
    twilio.vendor.faults = [times_out]
    twilio.fill(twilio.rows(3))

    first = twilio.go()
    second = twilio.later()

    assert (first.counts["delivered"], first.counts["in_doubt"]) == (2, 1)
    assert second.counts["unchanged"] == 3
    assert len(twilio.vendor.writes()) == 3
    outcomes = twilio.query(
        "select outcome, count(*) from raw_activations.receipts group by 1 order by 1"
    )
    assert outcomes == [("delivered", 3), ("in_doubt", 1)]


def test_a_send_in_doubt_waits_before_it_counts_as_lost(twilio: Desk) -> None:
    """A list read too early may not show what is on its way."""
    twilio.vendor.faults = [vanishes]
    twilio.fill(twilio.rows(1))
    twilio.go()

    assert twilio.later().counts["in_doubt"] == 1
    assert len(twilio.vendor.writes()) == 1


def test_many_doubts_in_a_row_stop_the_run(twilio: Desk) -> None:
    """A vendor that answers nobody gets three messages, not all of them."""
    twilio.vendor.faults = [times_out] * 20
    twilio.fill(twilio.rows(20))

    result = twilio.go()

    assert (result.counts["in_doubt"], result.counts["deferred"]) == (3, 17)


def test_a_warehouse_that_forgot_does_not_send_again(twilio: Desk) -> None:
    """The ledger remembers messages that a restored backup of the warehouse does not."""
    twilio.fill(twilio.rows(3))
    twilio.go()
    twilio.query("delete from activations.acknowledged")

    result = twilio.later()

    assert result.counts["suppressed"] == 3
    assert len(twilio.vendor.messages) == 3
    assert twilio.later().counts["unchanged"] == 3


@pytest.mark.parametrize(
    ("send_at", "state", "sent"),
    [
        ("2026-06-30 00:01:00", "delivered", "2026-06-30T00:06:00Z"),
        ("2026-06-29 23:30:00", "delivered", "2026-06-30T00:06:00Z"),
        ("2026-06-29 20:00:00", "rejected", None),
        ("2026-07-10 12:00:00", "delivered", "2026-07-10T12:00:00Z"),
        ("2026-08-10 12:00:00", "deferred", None),
    ],
)
def test_send_times_keep_the_vendors_window(
    twilio: Desk, send_at: str, state: str, sent: str | None
) -> None:
    """Too near moves to the floor, stale is refused, too far waits until it is nearer."""
    twilio.fill([{**twilio.kind.row(0), "SendAt": send_at}])

    assert twilio.go().counts[state] == 1
    assert [sent_form(r)["SendAt"] for r in twilio.vendor.writes()] == ([sent] if sent else [])


def test_a_message_that_was_too_early_goes_when_its_time_is_nearer(twilio: Desk) -> None:
    """Deferred is not forgotten, and not a failed attempt."""
    twilio.fill([{**twilio.kind.row(0), "SendAt": "2026-08-10 12:00:00"}])
    twilio.go()

    assert twilio.go(AS_OF + timedelta(days=20)).counts["delivered"] == 1


def test_the_callback_carries_our_key(twilio: Desk) -> None:
    """Status events can be matched to the message they are about."""
    twilio.fill(twilio.rows(1))
    twilio.go()

    assert (
        twilio.vendor.messages[0]["callback"] == "https://shop.example/status?message_key=cart%3A0"
    )


def test_tags_of_others_are_left_alone(activecampaign: Desk) -> None:
    """We take away what we gave, nothing else, and give only what is new."""
    desk = activecampaign
    desk.fill(desk.rows(30))
    desk.go()
    desk.vendor.contact("person3@example.com")["tags"].add("theirs")
    desk.vendor.tag("theirs")
    rows = desk.rows(30)
    rows[3]["tags"] = "shop,new"
    desk.fill(rows)

    assert desk.later().counts["delivered"] == 1
    assert desk.vendor.state()["person3@example.com"]["tags"] == ["new", "shop", "theirs"]


def test_the_importers_400_is_a_wait(activecampaign: Desk) -> None:
    """It says "Rate limit exceeded." with status 400: nothing is rejected for it."""
    activecampaign.vendor.throttle_imports = 2
    activecampaign.fill(activecampaign.rows(40))

    assert activecampaign.go().counts["delivered"] == 40
    assert sum(activecampaign.clock.waits) >= 120


def test_an_import_that_names_bad_contacts_is_sent_again_without_them(activecampaign: Desk) -> None:
    """Validation names positions and queues nothing: one more request, not halving."""
    reasons = {"success": 0, "message": "did not pass validation", "failureReasons": [
        {"contact": 5, "failureReason": "Field 'email' incorrect format"}]}  # fmt: skip
    activecampaign.vendor.faults = [answers(400, body=reasons)]
    activecampaign.fill(activecampaign.rows(40))

    counts = activecampaign.go().counts

    assert (counts["delivered"], counts["rejected"]) == (39, 1)


def test_only_one_process_delivers_a_sync(hubspot: Desk) -> None:
    """The other one exits cleanly and says why."""
    hubspot.fill(hubspot.rows(2))
    with (
        open_ledger(hubspot.settings) as ledger,
        leases.hold(ledger.engine, hubspot.sync.name, hubspot.clock.timer()),
    ):
        result = hubspot.go()

    assert "another process" in str(result.reason)
    assert hubspot.vendor.requests == []


def test_a_late_write_of_a_former_holder_is_refused(settings: Settings) -> None:
    """A process that slept through its lease must not write over its successor's work."""
    timer = Clock().timer()
    with open_ledger(settings) as ledger, leases.hold(ledger.engine, "sync", timer) as old:
        with ledger.engine.begin() as con:
            con.execute(
                sa.text("update act_lease set expires_at = :then"), {"then": clock.naive(AS_OF)}
            )
        with (
            leases.hold(ledger.engine, "sync", timer) as new,
            pytest.raises(LeaseError, match="taken over"),
        ):
            leases.prolong(ledger.engine, old)
    assert new.fence == old.fence + 1


def test_a_dead_process_of_this_machine_holds_nothing(settings: Settings) -> None:
    """After kill -9 nobody waits for the lease to run out."""
    with (
        open_ledger(settings) as ledger,
        leases.hold(ledger.engine, "sync", Clock().timer()) as lease,
    ):
        host = lease.holder.split(":")[0]
        with ledger.engine.begin() as con:
            con.execute(
                sa.text("update act_lease set holder = :dead"), {"dead": f"{host}:4194304:x"}
            )
        with leases.hold(ledger.engine, "sync", Clock().timer()):
            pass


def test_payloads_are_forgotten_once_settled(hubspot: Desk) -> None:
    """The ledger keeps keyed hashes, not people."""
    hubspot.fill(hubspot.rows(3))
    hubspot.go()

    with sa.create_engine(hubspot.settings.ledger_url).connect() as con:
        assert con.execute(sa.text("select count(*) from act_payload")).scalar_one() == 0
        assert con.execute(sa.text("select count(*) from act_plan")).scalar_one() == 3


def test_the_limiter_never_lets_more_through_than_stated() -> None:
    """Five a second is five in any second, bursts included."""
    time = Clock()
    limiter = Limiter([Rate(5, 1.0), Rate(3, 10.0, "slow")], 1.0, time.timer())
    starts = []
    for number in range(23):
        name = "slow" if number % 4 == 0 else ""
        time.sleep(limiter.wait(name))
        limiter.took(name)
        starts.append((time.time, name))

    for moment, _ in starts:
        assert sum(moment <= other < moment + 1.0 for other, _ in starts) <= 5
        assert sum(moment <= other < moment + 10.0 for other, name in starts if name) <= 3


def reply(
    status: int, headers: dict[str, str] | None = None, text: str = "{}"
) -> requests.Response:
    response = requests.Response()
    response.status_code, response._content = status, text.encode()
    response.headers.update(headers or {})
    return response


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Tue, 30 Jun 2026 00:00:30 GMT"}, 30),
        ({"X-RateLimit-Reset": str(int(AS_OF.timestamp()) + 12)}, 12),
        ({"RateLimit-Reset": "4"}, 4),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_waits_are_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, a date, an epoch, a countdown, or nothing."""
    assert reading.wait_seconds(reply(429, headers), AS_OF) == seconds


def test_redirects_are_not_followed() -> None:
    """A token must not travel to wherever an answer points."""
    with pytest.raises(StopError, match="redirects"):
        reading.classify(reply(302, {"Location": "https://elsewhere"}))


@pytest.mark.parametrize("words", ["ann@example.com", "+1 (415) 555-0101", "s3cret", "Firstname"])
def test_redaction_strikes_out(words: str) -> None:
    """Addresses, numbers, secrets and the row's own values."""
    clean = redact.text(f"could not take {words}!", ["s3cret"], ["Firstname"])

    assert words not in str(clean)
    assert str(clean).startswith("could not take [")


def test_an_unknown_row_in_a_report_is_an_error_not_a_guess(hubspot: Desk) -> None:
    """Marking the wrong row delivered would lose the right one."""
    from activations.errors import LedgerError

    body: dict[str, Any] = {
        "status": "COMPLETE",
        "results": [{"id": "1", "objectWriteTraceId": "999"}],
    }
    hubspot.vendor.faults = [answers(200, body=body)]
    hubspot.fill(hubspot.rows(2))

    with pytest.raises(LedgerError, match="not in its batch"):
        hubspot.go()
    assert hubspot.later().counts["delivered"] == 2


def test_an_answer_in_another_shape_delivers_nothing(twilio: Desk) -> None:
    """A message without its id may have been sent: in doubt."""
    twilio.vendor.faults = [answers(201, body={"hello": 1})]
    twilio.fill(twilio.rows(1))

    assert twilio.go().counts["in_doubt"] == 1


def test_two_processes_may_open_a_new_ledger_at_once(settings: Settings) -> None:
    """The first run of two syncs in parallel must not fail for a table that exists already."""
    with ThreadPoolExecutor(8) as pool:
        ledgers = list(pool.map(lambda _: open_ledger(settings), range(8)))

    for ledger in ledgers:
        assert ledger.unfinished("nothing") == []
        ledger.close()


def test_a_settled_run_is_read_again_only_when_something_comes_of_it(twilio: Desk) -> None:
    """What is known is not looked at by the next settlement; a doubt that is cleared later comes home."""
    twilio.vendor.faults = [times_out]
    twilio.fill(twilio.rows(3))
    assert twilio.go().counts["in_doubt"] == 1
    with open_ledger(twilio.settings) as ledger:
        assert ledger.unsettled() == []
        [doubt] = ledger.in_doubt(twilio.sync.name)
        with ledger.engine.connect() as con:
            assert con.execute(sa.select(RUN.c.is_settled)).scalars().all() == [True]

        # The process ends here: the run is not counted anew.
        with leases.hold(ledger.engine, twilio.sync.name, Clock().timer()) as lease:
            outcome = Outcome(doubt["seq"], "acked", vendor_id="SM1")
            ledger.resolve(lease, doubt["run_id"], [outcome])

        assert [row["seq"] for row in ledger.unsettled(twilio.sync.name)] == [doubt["seq"]]
        assert ledger.unsettled("another") == []


@pytest.mark.parametrize(
    ("method", "nth"),
    [("begin", 1), ("turn", 1), ("turn", 2), ("finish", 1), ("mark_settled", 1)],
)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("name", ["hubspot", "twilio"])
def test_every_write_to_the_ledger_is_a_place_to_die(
    name: str, method: str, nth: int, when: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also between the warehouse's commit and the ledger's mark; in the end each row is there once."""
    desk = desk_for(KINDS[name], tmp_path / "home")
    die_at(method, when, monkeypatch, nth)
    desk.fill(desk.rows(25))
    with pytest.raises(Killed):
        desk.go()

    desk.go()
    age_attempts(desk)
    desk.go()

    assert_each_once(desk, 25)
    delivered = desk.query(
        "select count(*), count(distinct entity_key_hash) from raw_activations.receipts "
        "where outcome = 'delivered'"
    )
    assert delivered == [(25, 25)]
