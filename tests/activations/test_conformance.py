"""What every destination keeps, whoever wrote its connector: a new connector is finished when these pass on it."""

from __future__ import annotations

import inspect
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count as counting
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from activations import destinations
from activations.channel import encoded
from activations.connector import Call, Connector, Limits, Outcome, Request, Row
from activations.deliver import Engine
from activations.errors import ActivationError
from activations.ledger import Ledger
from tests.activations import vendors
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for
from tests.activations.scripted import (
    Adapter,
    Killed,
    answers,
    dies_after,
    dies_before,
    refuses_connection,
    vanishes,
)
from warehouse import clock


def test_every_object_of_every_destination_is_tested_here() -> None:
    """A connector that nobody tries does not count: write its stand-in, `tests/activations/vendors/<name>.py`."""
    assert vendors.names() == destinations.names()
    offered = {
        (name, thing)
        for name in destinations.names()
        for thing in destinations.connector(name).objects
    }
    tried = {(k.destination, name) for k in KINDS.values() for name in (k.object, *k.alike)}
    assert tried == offered


@pytest.mark.parametrize("name", destinations.names())
def test_every_destination_says_where_it_reaches_people(name: str) -> None:
    """A touch without a channel cannot be accounted for."""
    connector = destinations.connector(name)
    channels = {"email", "sms", "push", "crm", "notify", "onsite", "files"}

    assert connector.channel in channels
    for thing, (channel, column) in connector.addresses.items():
        assert channel in ("email", "sms")
        assert column in connector.required[thing], "an address that may be missing proves nothing"


@pytest.mark.parametrize("name", destinations.names())
def test_limits_say_where_they_come_from(name: str) -> None:
    """The page, and when somebody read it: numbers of vendors change."""
    text = inspect.getmodule(destinations.connector(name)).__doc__ or ""  # type: ignore[union-attr]

    assert "No vendor." in text or (
        "https://" in text and re.search(r"(read|stated) 20\d\d-\d\d", text)
    )


def can_tell(desk: Desk) -> bool:
    """Whether a row in doubt can be repeated, or looked up at the vendor."""
    connector = destinations.connector(desk.kind.destination)
    asks = connector.reconcile is not Connector.reconcile and desk.kind.knows_absence
    return connector.replay_safe or asks


def assert_each_once(desk: Desk, count: int) -> None:
    """All are there once; where the vendor cannot be asked, one at most is missing, and it is on the list of doubts."""
    acknowledged = desk.query("select count(*) from activations.acknowledged")[0][0]
    doubts = desk.query("select state, count(*) from activations.retries group by 1")
    held = len(desk.vendor.state())
    if can_tell(desk):
        assert (held, acknowledged, doubts) == (count, count, [])
    else:
        assert doubts in ([], [("in_doubt", count - acknowledged)])
        assert acknowledged >= count - 1
        assert acknowledged <= held <= count


def test_everything_arrives(desk: Desk) -> None:
    """The vendor holds exactly the model's rows."""
    desk.fill(desk.rows(30))

    result = desk.go()

    assert result.counts["delivered"] == 30
    assert len(desk.vendor.state()) == 30
    assert desk.query("select count(*) from activations.acknowledged") == [(30,)]
    assert desk.query("select outcome, count(*) from raw_activations.receipts group by 1") == [
        ("delivered", 30)
    ]


@pytest.mark.parametrize("name", sorted(name for name, kind in KINDS.items() if kind.alike))
def test_objects_that_differ_only_in_their_name_arrive_too(name: str, tmp_path: Path) -> None:
    """The same rows as another object of the same destination."""
    for thing in KINDS[name].alike:
        desk = desk_for(KINDS[name], tmp_path / thing)
        desk.change(object=thing)
        desk.fill(desk.rows(3))

        assert desk.go().counts["delivered"] == 3
        assert len(desk.vendor.state()) == 3


def test_a_second_run_sends_nothing(desk: Desk) -> None:
    """Nothing changed, so not one request leaves, reads included."""
    desk.fill(desk.rows(30))
    desk.go()
    before = len(desk.vendor.requests)

    result = desk.later()

    assert result.counts["unchanged"] == 30
    assert len(desk.vendor.requests) == before


@pytest.mark.parametrize(("old", "new"), [(None, 1), (1, None)])
def test_a_change_to_or_from_null_is_sent(desk: Desk, old: Any, new: Any) -> None:
    """A comparison with = would lose both; messages go out once whatever changes."""
    rows = desk.rows(3)
    values = {None: None, 1: rows[0][desk.kind.changing]}
    rows[0][desk.kind.changing] = values[old]
    desk.fill(rows)
    desk.go()
    rows[0][desk.kind.changing] = values[new]
    desk.fill(rows)
    before, seen = len(desk.vendor.writes()), len(desk.vendor.requests)

    result = desk.later()

    if desk.kind.mode == "append":
        assert result.counts["unchanged"] + result.counts["delivered"] == 3
        assert result.counts["unchanged"] >= (3 if old else 2)
    else:
        assert result.counts["delivered"] == 1
        assert dict(result.plan.changed_columns) == {desk.kind.changing: 1}
        if not desk.kind.carries_values:  # the membership was looked at again
            assert len(desk.vendor.requests) > seen
            return
        assert len(desk.vendor.writes()) > before
        kept = desk.vendor.state().get(desk.kind.vendor_key(0), {})
        named = desk.kind.custom.get(desk.kind.changing, desk.kind.changing)
        held = kept.get(named)
        assert (None if held in (None, "") else str(held)) == (
            None if new is None else str(values[1])
        )


def test_a_row_that_leaves_is_kept_unless_the_sync_mirrors(desk: Desk) -> None:
    """Upsert and append never take anything away."""
    desk.fill(desk.rows(3))
    desk.go()
    desk.fill(desk.rows(1))

    desk.later()

    assert len(desk.vendor.state()) == 3


def test_mirror_removes_what_it_delivered_and_nothing_else(desk: Desk) -> None:
    """One batch mixes additions and removals; a record of somebody else's stays."""
    connector = destinations.connector(desk.kind.destination)
    if "mirror" not in connector.objects[desk.kind.object]:
        pytest.skip(f"{connector.name} has nothing to remove")
    removal = desk.kind.removal or sorted(connector.removals)[0]
    desk.change(mode="mirror", on_remove=removal)
    desk.fill(desk.rows(3))
    desk.go()
    foreign = desk.vendor.foreign()
    desk.fill([desk.kind.row(0), desk.kind.row(7)])

    result = desk.later()

    left = set(desk.vendor.state()) - {foreign}
    assert left == {desk.kind.vendor_key(0), desk.kind.vendor_key(7)}
    assert result.counts["delivered"] == 3
    desk.fill(desk.rows(2))
    desk.later()
    assert desk.kind.vendor_key(1) in desk.vendor.state(), "re-entry adds again"


def test_batches_keep_the_limits(desk: Desk) -> None:
    """Rows and encoded bytes; the stand-ins refuse what the vendors would."""
    rows = desk.rows(130)
    limits = destinations.connector(desk.kind.destination).limits
    if not desk.kind.long:
        pytest.skip("it has no text that could be long")
    for row in rows[:20]:
        row[desk.kind.long] = "ü" * min(desk.kind.longest, limits.max_bytes // 13)
    desk.fill(rows)

    result = desk.go()

    assert result.counts["delivered"] == 130
    for request in desk.vendor.writes():
        assert len(request.body or b"") <= limits.max_bytes


def test_a_row_too_large_for_any_request_is_rejected_alone(desk: Desk) -> None:
    """It is refused here, with a reason, and the others go; invalid in the plan where the vendor limits rows."""
    rows = desk.rows(3)
    if not desk.kind.long:
        pytest.skip("it has no text that could be long")
    connector = destinations.connector(desk.kind.destination)
    rows[1][desk.kind.long] = "x" * (connector.limits.max_bytes + 1)
    desk.fill(rows)

    result = desk.go()

    if most := connector.row_bytes.get(desk.kind.object):
        assert (result.counts["delivered"], result.counts["invalid"]) == (2, 1)
        assert result.plan is not None
        assert f"{most:,} bytes" in result.plan.invalid[0][0]
        return
    assert (result.counts["delivered"], result.counts["rejected"]) == (2, 1)
    assert desk.query("select code from activations.retries") == [("too_large",)]
    assert desk.query("select code from raw_activations.receipts where outcome = 'rejected'") == [
        ("too_large",)
    ]


@pytest.mark.parametrize("how", ["seconds", "date", "nothing"])
def test_429_waits_as_told_and_counts_against_nobody(desk: Desk, how: str) -> None:
    """No request before the stated time; the row's attempt is not used up."""
    # Far enough off that a busy machine cannot come near it before it reads the answer.
    date = format_datetime(clock.now() + timedelta(seconds=120), usegmt=True)
    headers = {"seconds": {"Retry-After": "7"}, "date": {"Retry-After": date}, "nothing": {}}[how]
    desk.vendor.faults = [answers(429, headers)]
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["delivered"] == 2
    least = {"seconds": 7, "date": 60, "nothing": 1}[how]
    assert sum(desk.clock.waits) >= least


def test_the_vendors_own_words_for_slow_down_are_understood(desk: Desk) -> None:
    """Each way it has, status and body: no request before the time, no row harmed, nothing sent twice."""
    if not desk.kind.throttles:
        pytest.skip("it has no words of its own for that")
    for throttle in desk.kind.throttles:
        desk.vendor.faults.append(answers(throttle.status, throttle.headers, throttle.body))
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["delivered"] == 2
    assert desk.vendor.faults == []
    assert sum(desk.clock.waits) >= sum(t.least_seconds for t in desk.kind.throttles)


def test_a_wait_beyond_the_budget_defers_the_rows(desk: Desk) -> None:
    """The run ends, says why, and the next one sends them."""
    desk.change(budget_seconds=60.0)
    desk.vendor.faults = [answers(429, {"Retry-After": "3600"})]
    desk.fill(desk.rows(3))

    result = desk.go()

    assert result.counts["deferred"] == 3
    assert "budget" in str(result.reason)
    with sa.create_engine(desk.settings.ledger_url).begin() as con:
        con.execute(sa.text("update act_lease set not_before = null"))
    assert desk.later().counts["delivered"] == 3
    assert len(desk.vendor.state()) == 3


def test_an_account_that_asked_to_wait_is_left_alone_by_the_next_run_too(desk: Desk) -> None:
    """Other syncs to the same account know of the wait."""
    desk.change(budget_seconds=60.0)
    desk.vendor.faults = [answers(429, {"Retry-After": "3600"})]
    desk.fill(desk.rows(3))
    desk.go()
    before = len(desk.vendor.requests)

    result = desk.later()

    assert result.counts["deferred"] == 3
    assert len(desk.vendor.requests) == before


def test_a_refused_connection_is_tried_again(desk: Desk) -> None:
    """Nothing was sent, so even a message may be tried again."""
    desk.vendor.faults = [refuses_connection, refuses_connection]
    desk.fill(desk.rows(2))

    assert desk.go().counts["delivered"] == 2
    assert len(desk.vendor.state()) == 2


def test_5xx_is_transient(desk: Desk) -> None:
    """Repeated where that is harmless; elsewhere in doubt, and not one more request is made for that row."""
    desk.vendor.faults = [answers(503)]
    desk.fill(desk.rows(2))

    result = desk.go()

    if destinations.connector(desk.kind.destination).replay_safe:
        assert result.counts["delivered"] == 2
    else:
        assert (result.counts["delivered"], result.counts["in_doubt"]) == (1, 1)
        assert len(desk.vendor.writes()) == 2


def test_401_stops_the_run_at_once(desk: Desk) -> None:
    """No halving, no retries: one request, and everything waits for a better token."""
    desk.vendor.faults = [answers(401, body={"message": "no"})] * 50
    desk.fill(desk.rows(30))

    result = desk.go()

    assert result.counts["deferred"] == 30
    assert len(desk.vendor.writes()) == 1
    assert "401" in str(result.reason)


def test_a_page_of_html_is_no_success(desk: Desk) -> None:
    """A proxy's answer with status 200 delivers nothing."""
    desk.vendor.faults = [answers(200, body="<html>hello</html>")]
    desk.fill(desk.rows(1))

    result = desk.go()

    assert result.counts["delivered"] == 0
    assert result.counts["deferred"] + result.counts["in_doubt"] == 1


def skip_where_nothing_is_refused(desk: Desk) -> None:
    if not desk.kind.refuses_rows:
        pytest.skip("it takes every row")


def test_an_answer_that_closes_an_address_is_learnt(desk: Desk) -> None:
    """Whoever the vendor says has left is closed for everybody: by address, with the receipt that proves it."""
    if not desk.kind.learns:
        pytest.skip("its answers tell nothing of an address")
    channel, column = destinations.connector(desk.kind.destination).addresses[desk.kind.object]
    rows = desk.rows(4)
    desk.vendor.left_keys = {desk.kind.vendor_key(2)}
    desk.fill(rows)

    desk.go()

    ((address, *told),) = desk.query(
        "select address, o.channel, o.status, r.destination from raw_activations.opt_outs as o "
        "join raw_activations.receipts as r using (receipt_id)"
    )
    assert address == str(rows[2][column]).lower()
    assert told == [channel, desk.kind.learns, desk.kind.destination]
    if desk.kind.mode != "append":
        return
    # The next message to the same address is held back, though the model knows nothing yet.
    before = len(desk.vendor.writes())
    desk.fill([{**rows[2], desk.kind.key: "another-message"}])
    result = desk.later()
    assert result.counts["suppressed"] == 1
    assert len(desk.vendor.writes()) == before


@pytest.mark.parametrize("count", [5, 60])
def test_one_bad_row_fails_alone(desk: Desk, count: int) -> None:
    """Exactly that row is rejected, with the vendor's reason; it is not sent again before its time."""
    skip_where_nothing_is_refused(desk)
    desk.vendor.bad_keys = {desk.kind.vendor_key(3)}
    desk.fill(desk.rows(count))

    result = desk.go()

    assert (result.counts["delivered"], result.counts["rejected"]) == (count - 1, 1)
    assert desk.kind.vendor_key(3) not in desk.vendor.state()
    ((code, message),) = desk.query(
        "select code, message from raw_activations.receipts where outcome = 'rejected'"
    )
    assert code and message
    before = len(desk.vendor.writes())
    again = desk.go()
    assert again.counts["deferred"] + again.counts["rejected"] == 1
    assert len(desk.vendor.writes()) == before


def test_a_rejected_row_comes_back_with_backoff_and_is_parked_in_the_end(desk: Desk) -> None:
    """Its data does not change, yet it is tried again; not for ever."""
    skip_where_nothing_is_refused(desk)
    desk.vendor.bad_keys = {desk.kind.vendor_key(0)}
    desk.fill([{**row, **dict.fromkeys(desk.kind.times)} for row in desk.rows(1)])
    is_permanent = desk.kind.is_permanent
    tries = 0
    for day in range(8):
        before = len(desk.vendor.writes())
        result = desk.go(AS_OF + timedelta(days=day))
        tries += len(desk.vendor.writes()) > before
        assert result.counts["rejected"] == 1

    assert tries == (1 if is_permanent else 5)
    state = "barred" if is_permanent else "parked"
    assert desk.query("select state from activations.retries") == [(state,)]


def test_a_newer_value_replaces_a_rejected_one_at_once(desk: Desk) -> None:
    """New data deserves a new chance, whatever the backoff says (unless the vendor said never)."""
    skip_where_nothing_is_refused(desk)
    if desk.kind.mode == "append" or desk.kind.is_permanent:
        pytest.skip("a message has no newer value, and some refusals are for ever")
    desk.vendor.bad_keys = {desk.kind.vendor_key(0)}
    rows = desk.rows(1)
    desk.fill(rows)
    desk.go()
    desk.vendor.bad_keys = set()
    rows[0][desk.kind.changing] = 77
    desk.fill(rows)

    assert desk.go().counts["delivered"] == 1
    assert desk.query("select count(*) from activations.retries") == [(0,)]


@pytest.mark.parametrize("fault", [dies_before, dies_after])
@pytest.mark.parametrize("count", [3, 45])
def test_a_crash_around_a_request_neither_loses_nor_repeats(
    desk: Desk, fault: Any, count: int
) -> None:
    """Killed just before the vendor took it, or just after: in the end the vendor holds each row once."""
    desk.vendor.faults = [fault]
    desk.fill(desk.rows(count))
    with pytest.raises(Killed):
        desk.go()

    first = desk.go()

    if fault is dies_before and not destinations.connector(desk.kind.destination).replay_safe:
        assert first.counts["in_doubt"] == 1, (
            "nobody knows yet: too early to say that it never arrived"
        )
        age_attempts(desk)
        desk.go()
    assert_each_once(desk, count)


def test_a_kill_repeats_no_more_batches_than_requests_may_be_open(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vendor took all that had set out, and nothing was written down: so many go again, and none of sends."""
    connector = destinations.connector(desk.kind.destination)
    calls = sent_by(connector, monkeypatch)
    two_rows_a_batch(monkeypatch)
    original, turns = Ledger.turn, counting(1)

    def dying(self: Ledger, *args: Any, **kwargs: Any) -> None:
        if next(turns) == 2:  # the first one writes the first intents
            until(lambda: len(calls) >= connector.parallel, 60.0)
            until(lambda: len(calls) > connector.parallel, 0.2)  # one too many
            raise Killed
        original(self, *args, **kwargs)

    monkeypatch.setattr(Ledger, "turn", dying)
    desk.parallel = None  # as many as the vendor allows
    count = 4 * connector.parallel * min(connector.limits.max_rows, 2) + 30
    desk.fill(desk.rows(count))
    with pytest.raises(Killed):
        desk.go()
    before = list(calls)

    desk.go()
    age_attempts(desk)
    desk.go()

    assert len(before) == connector.parallel
    again = [rows for rows in before if any(rows & later for later in calls[len(before) :])]
    assert len(again) == (connector.parallel if connector.replay_safe else 0)
    if can_tell(desk):
        assert_each_once(desk, count)


def until(happens: Callable[[], bool], seconds: float) -> None:
    """Wait until something happens elsewhere, and no longer than so long."""
    patience = time.monotonic() + seconds
    while not happens() and time.monotonic() < patience:
        time.sleep(0.005)


def sent_by(connector: type[Connector], monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """The keys of each batch that the connector was given to send, as it goes on."""
    original, calls = connector.send, list[set[str]]()

    def told(self: Connector, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        calls.append({row.key_hash for row in rows})
        return original(self, call, lane, rows)

    monkeypatch.setattr(connector, "send", told)
    return calls


def two_rows_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many batches of few rows."""
    original = Engine._batches

    def small(self: Engine, rows: Any, total: int) -> Iterator[tuple[Limits, list[Row]]]:
        for lane, packed in original(self, rows, total):
            for start in range(0, len(packed), 2):
                yield lane, packed[start : start + 2]

    monkeypatch.setattr(Engine, "_batches", small)


def age_attempts(desk: Desk) -> None:
    """Make every attempt an hour older."""
    old = clock.naive(clock.now() - timedelta(hours=1))
    with sa.create_engine(desk.settings.ledger_url).begin() as con:
        con.execute(sa.text("update act_plan set attempted_at = :old"), {"old": old})


@pytest.mark.parametrize(("nth", "when"), [(1, "after"), (2, "before")])
def test_a_crash_around_a_commit_neither_loses_nor_repeats(
    desk: Desk, nth: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written down but not sent, and sent but not written down; test_deliver.py has all the other places to die."""
    die_at("turn", when, monkeypatch, nth)
    desk.fill(desk.rows(25))
    with pytest.raises(Killed):
        desk.go()

    desk.go()
    age_attempts(desk)
    desk.go()

    assert_each_once(desk, 25)
    delivered = desk.query(
        "select count(*) - count(distinct entity_key_hash) from raw_activations.receipts "
        "where outcome = 'delivered'"
    )
    assert delivered == [(0,)]


def die_at(method: str, when: str, monkeypatch: pytest.MonkeyPatch, nth: int = 1) -> None:
    """End the process the `nth` time that the ledger does `method`."""
    original = getattr(Ledger, method)
    times = counting(1)

    def dying(self: Ledger, *args: Any, **kwargs: Any) -> Any:
        is_last = next(times) == nth
        if is_last and when == "before":
            raise Killed
        value = original(self, *args, **kwargs)
        if is_last:
            raise Killed
        return value

    monkeypatch.setattr(Ledger, method, dying)


def test_a_request_that_vanished_is_sent_again_only_when_that_is_safe(desk: Desk) -> None:
    """After the quiet time the vendor's own list says whether it arrived."""
    desk.vendor.faults = [vanishes]
    desk.fill(desk.rows(2))
    desk.go()
    age_attempts(desk)

    desk.go()

    assert len(desk.vendor.state()) == (2 if can_tell(desk) else 1)
    assert_each_once(desk, 2)


def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    """Not to the vendor, not to the ledger, not to the warehouse."""
    desk.fill(desk.rows(3))

    result = desk.go(dry_run=True)

    assert result.plan is not None
    assert result.plan.counts["create"] == 3
    assert desk.vendor.requests == []
    assert not (desk.settings.home / "ledger.sqlite").exists()
    assert desk.query("select count(*) from activations.plans") == [(0,)]


def test_without_credentials_a_sync_is_planned_and_says_what_is_missing(desk: Desk) -> None:
    """An installation without accounts still shows what it would do."""
    desk.environ = {}
    desk.fill(desk.rows(3))

    result = desk.go()

    variable = destinations.connector(desk.kind.destination).needs[0]
    assert result.reason == f"dry run: {variable} is not set"
    assert desk.query("select creates from activations.plans") == [(3,)]
    assert desk.vendor.requests == []


def test_every_request_has_a_timeout(desk: Desk) -> None:
    """A vendor that hangs must not hang us."""
    desk.fill(desk.rows(25))
    desk.go()

    assert desk.vendor.timeouts
    assert all(isinstance(timeout, tuple) and all(timeout) for timeout in desk.vendor.timeouts)


def test_no_secret_and_no_personal_data_is_kept(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Ledger, receipts, reasons and logs hold keyed hashes; payloads are gone once a run is settled."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, "filelock")
    bad = desk.kind.vendor_key(0)
    desk.vendor.bad_keys = {bad}
    desk.fill(desk.rows(3))
    first = desk.go()
    hidden = [desk.kind.environ[variable] for variable in desk.kind.secrets]
    leak = {"message": f"token {hidden[0] if hidden else ''} for {bad}"}
    rows = desk.rows(4)
    desk.fill(rows)
    desk.vendor.faults = [answers(401, body=leak)]
    second = desk.go()

    ledger = (desk.settings.home / "ledger.sqlite").read_bytes()
    with sa.create_engine(desk.settings.ledger_url).connect() as con:
        texts = [
            str(con.execute(sa.text(f"select * from {t}")).all())
            for t in ("act_run", "act_plan", "act_attempt")
        ]
    texts += [str(desk.query("select * from raw_activations.receipts")), caplog.text]
    texts += [str(first.reason), str(second.reason), json.dumps(dict(second.counts))]
    for row in rows:
        for word in [*(str(row[name]) for name in desk.kind.private), *hidden]:
            assert not [text for text in texts if word in text], word
    for word in hidden:
        assert word.encode() not in ledger


def test_every_run_accounts_for_every_row(desk: Desk) -> None:
    """rows_in = unchanged + delivered + rejected + invalid + deferred + in_doubt + suppressed, and it is stored."""
    rows = [*desk.rows(6), desk.kind.row(2), {**desk.kind.row(9), desk.kind.key: None}]
    desk.vendor.bad_keys = {desk.kind.vendor_key(0)} if desk.kind.refuses_rows else set()
    desk.fill(rows)

    counts = desk.go().counts

    assert counts["rows_in"] == 8
    assert counts["invalid"] == 3
    assert sum(n for name, n in counts.items() if name != "rows_in") == 8
    with sa.create_engine(desk.settings.ledger_url).connect() as con:
        stored = con.execute(sa.text("select * from act_run")).mappings().one()
    assert {name: stored[name] for name in counts} == dict(counts)


def test_the_check_request_tells_good_credentials_from_bad(desk: Desk) -> None:
    """`check` writes nothing, and raises when it is refused."""
    connector = destinations.connector(desk.kind.destination)(
        desk.environ, desk.sync.target(), lambda: datetime.now(UTC)
    )
    with requests.Session() as session:
        for scheme in ("http", "https", connector.base_url.partition("://")[0]):
            session.mount(f"{scheme}://", Adapter(desk.vendor))
        connector.authorise(session)

        def call(request: Request) -> requests.Response:
            data, headers = encoded(request)
            url = connector.base_url.rstrip("/") + request.path
            response = session.request(
                request.method, url, params=request.params, data=data, headers=headers
            )
            connector.classify(response)
            return response

        connector.check(call)  # type: ignore[arg-type]
        assert desk.vendor.requests
        assert desk.vendor.writes() == []
        desk.vendor.is_locked = True
        with pytest.raises(ActivationError):
            connector.check(call)  # type: ignore[arg-type]
