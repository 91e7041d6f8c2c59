"""Limits as vendors state them: no window ever holds more than it may, whoever uses it and however they end."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import requests
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from activations import answers as reading
from activations import leases, run
from activations.channel import ASKED_SECONDS, Channel
from activations.connector import Connector, Limits, Outcome, Rate, Request, Row, Target
from activations.errors import BudgetError, LeaseError, RefusedError, StopError, ThrottledError
from activations.ledger import Ledger
from activations.pace import LONG_SECONDS, Limiter, Timer, Window
from activations.run import Tools
from activations.usage import Usage
from tests.activations.conftest import AS_OF, Clock, Desk, model
from tests.activations.scripted import Adapter, Answer, Handler, Vendor, sent_json
from warehouse import clock
from warehouse.manifest import Manifest

RATES = st.lists(
    st.builds(
        Rate,
        count=st.integers(1, 8),
        seconds=st.sampled_from([0.5, 1.0, 10.0, LONG_SECONDS, 3_600.0, 86_400.0]),
        name=st.sampled_from(["", "slow"]),
        by_cost=st.booleans(),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda rate: (rate.count, rate.seconds, rate.name, rate.by_cost),
)
# Time before a request, its rate, its cost, and what happens to the process before it.
USES = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.001, 0.3, 1.0, 7.0, 500.0, 20_000.0]),
        st.sampled_from(["", "slow"]),
        st.integers(1, 3),
        st.sampled_from(["goes on", "goes on", "goes on", "ends", "dies"]),
    ),
    max_size=25,
)


def timer_of(time: Clock) -> Timer:
    return replace(time.timer(), wall=lambda: AS_OF + timedelta(seconds=time.time))


@hypothesis_settings(max_examples=120, deadline=None)
@given(rates=RATES, uses=USES)
def test_no_window_is_ever_exceeded(rates: list[Rate], uses: list[Any]) -> None:
    """Per second, minute or day, by count or cost: over processes that follow each other, end well or are killed."""
    time = Clock()
    timer = timer_of(time)
    ledger = Ledger("sqlite://")
    taken: list[tuple[float, str, int]] = []
    with leases.hold(ledger.engine, "account", timer) as lease:
        limiter = Limiter(rates, 1.0, timer)
        usage = Usage(ledger.engine, limiter, timer)
        usage.open(lease)
        for gap, name, cost, fate in uses:
            time.time += gap
            if fate != "goes on":
                if fate == "ends":
                    usage.close(lease)
                limiter = Limiter(rates, 1.0, timer)
                usage = Usage(ledger.engine, limiter, timer)
                usage.open(lease)
            try:
                time.time += limiter.wait(name, cost)
            except StopError:
                assert any(rate.by_cost and cost > rate.count for rate in rates)
                continue
            usage.take(lease, name, cost)
            taken.append((time.time, name, cost))
    ledger.close()

    for rate in rates:
        mine = [(at, cost) for at, name, cost in taken if rate.name in ("", name)]
        for start, _ in mine:
            within = [cost for at, cost in mine if start <= at < start + rate.seconds]
            assert (sum(within) if rate.by_cost else len(within)) <= rate.count


@hypothesis_settings(deadline=None)
@given(
    count=st.integers(1, 5),
    gaps=st.lists(st.floats(0, 3, allow_nan=False), min_size=1, max_size=30),
)
def test_nobody_waits_longer_than_they_must(count: int, gaps: list[float]) -> None:
    """A window that was kept too strictly would cost the customer hours: one request earlier would be too many."""
    window, now, starts = Window(Rate(count, 2.0)), 0.0, list[float]()
    for gap in gaps:
        now += gap
        waited = window.wait(now, 1)
        now += waited
        if waited > 1e-3:
            before = [start for start in starts if start > now - 1e-3 - 2.0]
            assert len(before) == count
        window.take(now, 1)
        starts.append(now)


def test_a_million_requests_of_a_day_stay_a_small_list() -> None:
    """What is kept in the ledger does not grow with the allowance."""
    window = Window(Rate(1_000_000, 86_400.0))
    for number in range(20_000):
        window.take(number * 4.0, 1)

    assert window.used() == 20_000
    assert len(json.dumps(window.dump(80_000.0))) < 10_000


def test_a_request_that_no_window_can_hold_is_refused_not_waited_for() -> None:
    """Waiting for ever would look like a vendor that is slow."""
    with pytest.raises(StopError, match="costs 6"):
        Limiter([Rate(5, 1.0, by_cost=True)], 1.0, Clock().timer()).wait("", 6)


class Scripted(Vendor):
    """Answers from a list, then 200."""

    def __init__(self, *script: Answer) -> None:
        super().__init__()
        self.script = list(script)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        return self.script.pop(0) if self.script else (200, {}, {"ok": True})


class Fake(Connector):
    """A destination that says "slow down" in every way there is, and bills tokens a day."""

    name = "fake"
    objects: ClassVar[dict[str, frozenset[str]]] = {"thing": frozenset({"append"})}
    needs = ()
    limits = Limits("thing", 1, 1_000)
    rates = (Rate(2, 1.0), Rate(10, 86_400.0, by_cost=True))
    replay_safe = False

    def configure(self, environ: Any) -> None:
        self.base_url = "https://fake.example"

    @property
    def secrets(self) -> tuple[str, ...]:
        return ()

    def authorise(self, session: requests.Session) -> None:
        return

    def check(self, call: Any) -> None:
        return

    def encode(self, row: Row) -> Any:
        return dict(row.payload)

    def send(self, call: Any, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        yield from ()

    def classify(self, response: requests.Response) -> None:
        slow = reading.says(response, "rate limit", "REQUEST_LIMIT_EXCEEDED", '"status": "1"')
        if slow and response.status_code != 429:
            raise ThrottledError(reading.wait_seconds(response))
        super().classify(response)


def channel(ledger: Ledger, lease: leases.Lease, vendor: Vendor, time: Clock, budget: float) -> Any:
    session = requests.Session()
    session.mount("https://", Adapter(vendor))
    fake = Fake({}, Target("thing", "id", "append"), clock.now)
    return Channel(fake, session, time.timer(), budget, ledger.engine, (lease,))


@pytest.mark.parametrize(
    ("headers", "least"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9"}, 9),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "{epoch}"}, 28),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "17"}, 17),
        ({"x-sib-ratelimit-remaining": "0", "x-sib-ratelimit-reset": "5"}, 5),
        (
            {
                "X-HubSpot-RateLimit-Remaining": "0",
                "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            },
            10,
        ),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "9"}, 0),
        ({"X-RateLimit-Remaining": "0"}, 0),
    ],
)
def test_an_answer_that_says_nothing_is_left_is_heeded_before_a_refusal(
    headers: dict[str, str], least: float, tmp_path: Path
) -> None:
    """The request that used the window up was accepted; the next waits, in this process and the next."""
    ledger, time = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}"), Clock()
    epoch = str(int(clock.now().timestamp()) + 30)
    told = {name: value.replace("{epoch}", epoch) for name, value in headers.items()}
    vendor = Vendor()
    vendor.handle = lambda request: (200, told, {})  # type: ignore[method-assign]
    with leases.hold(ledger.engine, "account", time.timer()) as lease:
        call = channel(ledger, lease, vendor, time, 600.0)
        call(Request("POST", "/things", json={}))
        before = time.time
        call(Request("POST", "/things", json={}))
        assert least <= time.time - before <= least + 2
        assert leases.paused_seconds(ledger.engine, lease) >= min(least, 1) - 1
        assert (leases.paused_seconds(ledger.engine, lease) > 0) == (least > 0)
    ledger.close()


@pytest.mark.parametrize(
    ("answer", "least"),
    [
        ((429, {"Retry-After": "7"}, {}), 7),
        ((429, {"X-RateLimit-Reset": "12"}, {}), 12),
        ((429, {}, {}), 1),
        ((400, {}, {"message": "Rate limit exceeded."}), 1),
        ((403, {"Retry-After": "9"}, [{"errorCode": "REQUEST_LIMIT_EXCEEDED"}]), 9),
        ((403, {}, "<html>rate limit</html>"), 1),
        ((200, {}, {"messages": [{"status": "1"}]}), 1),
    ],
)
def test_slow_down_is_understood_whatever_its_status(answer: Answer, least: float) -> None:
    """Even a request that must not be repeated is: it was refused, so nothing was done."""
    time, vendor = Clock(), Scripted(answer)
    ledger = Ledger("sqlite://")
    with leases.hold(ledger.engine, "fake", time.timer()) as lease:
        call = channel(ledger, lease, vendor, time, 600.0)

        assert call(Request("POST", "/things", json={"a": 1})).json() == {"ok": True}
        assert leases.paused_seconds(ledger.engine, lease) > 0

    assert len(vendor.requests) == 2
    assert sum(time.waits) >= least


def test_other_refusals_are_not_taken_for_a_limit() -> None:
    """A 400 that means the row, and a 403 that means the token."""
    for status, error in ((400, RefusedError), (403, StopError)):
        time, ledger = Clock(), Ledger("sqlite://")
        with leases.hold(ledger.engine, "fake", time.timer()) as lease:
            call = channel(ledger, lease, Scripted((status, {}, {"message": "no"})), time, 600.0)
            with pytest.raises(error):
                call(Request("POST", "/things", json={"a": 1}))


def test_a_days_tokens_are_one_allowance_for_every_run() -> None:
    """What the first run spent the second cannot; it stops instead of waiting until tomorrow."""
    time, ledger, vendor = Clock(), Ledger("sqlite://"), Scripted()
    spend = Request("POST", "/things", json={"a": 1}, cost=4)
    for allowed in (2, 0):
        with leases.hold(ledger.engine, "fake", time.timer()) as lease:
            call = channel(ledger, lease, vendor, time, 600.0)
            for _ in range(allowed):
                call(spend)
            with pytest.raises(BudgetError):
                call(spend)
            call.close()

    assert len(vendor.requests) == 2
    with ledger.engine.connect() as con:
        rates = set(
            con.execute(sa.text("select rate from act_usage where is_open = false")).scalars()
        )
    assert rates == {"all: 2 requests in 1 s", "all: 10 cost in 86400 s"}


def test_milliseconds_are_told_from_seconds() -> None:
    """Some vendors count their reset in thousandths."""
    response = requests.Response()
    response.status_code = 429
    response.headers["X-RateLimit-Reset"] = str(int((AS_OF.timestamp() + 12) * 1000))

    assert reading.wait_seconds(response, AS_OF) == 12


def test_who_waits_with_more_urgency_is_next() -> None:
    """A backfill may not take an account that a message waits for, and a dead waiter keeps nobody."""
    time, ledger = Clock(), Ledger("sqlite://")
    row = {"name": "account", "holder": "other", "priority": 0, "seen_at": clock.naive(clock.now())}
    from activations.schema import WAITER

    with ledger.engine.begin() as con:
        con.execute(sa.insert(WAITER), row)
    with pytest.raises(LeaseError), leases.hold(ledger.engine, "account", time.timer(), 5.0, 2):
        pass
    with leases.hold(ledger.engine, "account", time.timer(), 5.0, 0):
        pass
    with ledger.engine.begin() as con:
        con.execute(
            sa.update(WAITER).values(seen_at=clock.naive(clock.now() - timedelta(minutes=1)))
        )
    with leases.hold(ledger.engine, "account", time.timer(), 5.0, 2):
        with pytest.raises(LeaseError), leases.hold(ledger.engine, "account", time.timer(), 1.0):
            pass
        with ledger.engine.connect() as con:
            assert con.execute(sa.select(WAITER)).all() == [], "the dead waiter is forgotten"


def test_a_backfill_lets_changes_of_the_same_account_go_first(hubspot: Desk) -> None:
    """The more urgent sync waits for one batch, not for the whole backfill; both arrive, under one limit."""
    urgent = replace(hubspot, sync=hubspot.sync.model_copy(update={"name": "sync_hubspot_urgent"}))
    urgent.sync = urgent.sync.model_copy(update={"relation": "syncs.urgent"})
    hubspot.environ["MILLRACE_HUBSPOT_RATE_SCALE"] = urgent.environ["MILLRACE_HUBSPOT_RATE_SCALE"] = "1000"  # fmt: skip
    urgent.fill(urgent.rows(1))
    started: list[threading.Thread] = []
    results: dict[str, Any] = {}

    def go(desk: Desk) -> None:
        manifest = Manifest(models={desk.sync.name: model(desk.kind)}, sources={})
        tools = Tools(timer=Timer(), adapter=Adapter(hubspot.vendor), parallel=1)
        results[desk.sync.name] = run.run_sync(
            desk.settings, manifest, desk.sync, AS_OF, desk.environ, tools=tools
        )

    go(urgent)
    urgent.fill([{**urgent.kind.row(0), "dealname": "urgent"}])
    hubspot.fill(hubspot.rows(500))

    def waits_for_a_rival(request: requests.PreparedRequest, handle: Handler) -> Answer:
        started.append(threading.Thread(target=go, args=(urgent,)))
        started[0].start()
        engine = sa.create_engine(hubspot.settings.ledger_url)
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with engine.connect() as con:
                if con.execute(sa.text("select count(*) from act_waiter")).scalar():
                    break
            time.sleep(0.02)
        time.sleep(ASKED_SECONDS)
        return handle(request)

    hubspot.vendor.faults = [waits_for_a_rival]
    before = len(hubspot.vendor.requests)
    # The urgent one lists itself as such: its sync has accepted rows, the backfill has none.
    go(hubspot)
    started[0].join()

    assert results[hubspot.sync.name].counts["delivered"] == 500
    assert results[urgent.sync.name].counts["delivered"] == 1
    names = [
        {item["properties"]["dealname"] for item in sent_json(request)["inputs"]}
        for request in hubspot.vendor.requests[before:]
    ]
    assert names.index({"urgent"}) == 1
