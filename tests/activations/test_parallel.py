"""Several requests of an account at once: as many as its vendor allows, in one budget, and none twice."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from activations import destinations, run
from activations.pace import Timer
from activations.run import Tools
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for, model
from tests.activations.scripted import (
    Adapter,
    Answer,
    Killed,
    answers,
    dies_after,
    passes,
    times_out,
)
from tests.activations.test_conformance import age_attempts, assert_each_once
from tests.activations.vendors.activecampaign import ActiveCampaign
from tests.activations.vendors.twilio import Twilio
from warehouse.manifest import Manifest

ROWS = 60
TAGS = "/api/3/tags"
ANSWER_SECONDS = 0.01


@dataclass
class Slow(Twilio):
    """Takes its time to answer, and counts who waits."""

    open_now: int = 0
    most_open: int = 0
    starts: list[float] = field(default_factory=list)
    guard: Any = field(default_factory=threading.Lock)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        with self.guard:
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            self.starts.append(time.monotonic())
        time.sleep(ANSWER_SECONDS)
        try:
            with self.guard:
                return super().answer(request)
        finally:
            with self.guard:
                self.open_now -= 1


class SlowToFind(ActiveCampaign):
    """Takes its time to say that it knows no such tag."""

    def answer(self, request: requests.PreparedRequest) -> Answer:
        found = super().answer(request)
        if request.method == "GET" and "/tags" in str(request.url):
            time.sleep(ANSWER_SECONDS)
        return found


@pytest.fixture
def sending(tmp_path: Path) -> Desk:
    """Text messages to a slow vendor, sixty of them."""
    desk = desk_for(KINDS["twilio"], tmp_path / "home")
    desk.vendor = Slow()
    desk.fill(desk.rows(ROWS))
    return desk


def go(desk: Desk, timer: Timer | None = None, parallel: int | None = None) -> run.SyncResult:
    """A run with as many requests at once as the vendor allows, in real time."""
    manifest = Manifest(models={desk.sync.name: model(desk.kind)}, sources={})
    tools = Tools(timer or Timer(), Adapter(desk.vendor), parallel)
    return run.run_sync(desk.settings, manifest, desk.sync, AS_OF, desk.environ, tools=tools)


def test_as_many_are_open_as_the_vendor_allows(sending: Desk) -> None:
    """Never more, and each message once; the ledger has a batch and a request for each."""
    assert go(sending).counts["delivered"] == ROWS

    allowed = destinations.connector("twilio").parallel
    assert 1 < sending.vendor.most_open <= allowed
    assert_each_once(sending, ROWS)


def test_they_share_one_window(sending: Desk) -> None:
    """However many are open, no window of the account holds more than it may."""
    sending.environ["MILLRACE_TWILIO_RATE_SCALE"] = "0.25"  # 100 in four seconds
    sending.fill(sending.rows(120))

    assert go(sending).counts["delivered"] == 120

    starts = sorted(sending.vendor.starts)
    assert starts[100] - starts[0] >= 4.0 - ANSWER_SECONDS


def test_a_pause_holds_for_all_of_them(sending: Desk) -> None:
    """One is told to wait: the others start nothing either until then."""
    sending.vendor.faults = [passes] * 20 + [answers(429, {"Retry-After": "0.5"}, {"code": 20429})]

    assert go(sending).counts["delivered"] == ROWS

    gaps = [b - a for a, b in zip(sending.vendor.starts, sending.vendor.starts[1:], strict=False)]
    assert max(gaps) >= 0.4
    assert_each_once(sending, ROWS)


@pytest.mark.parametrize("nth", [0, 7, 30])
def test_killed_in_the_middle_nobody_gets_two(sending: Desk, nth: int) -> None:
    """Those on their way are in doubt, looked up, and each arrives once."""
    sending.vendor.faults = [passes] * nth + [dies_after]
    with pytest.raises(Killed):
        go(sending)
    before = len(sending.vendor.messages)
    go(sending)
    age_attempts(sending)
    go(sending)

    assert before > nth
    assert_each_once(sending, ROWS)


def test_sends_without_an_answer_stop_the_rest(sending: Desk) -> None:
    """Three in a row: no new one starts, and nobody gets two."""
    sending.vendor.faults = [passes] * 10 + [times_out] * ROWS
    first = go(sending)
    sending.vendor.faults = []

    assert "no answer" in str(first.reason)
    assert first.counts["deferred"] > 0
    assert 3 <= first.counts["in_doubt"] <= 3 + destinations.connector("twilio").parallel
    go(sending)
    age_attempts(sending)
    go(sending)
    assert_each_once(sending, ROWS)


def test_batches_of_an_upsert_go_at_once_too(tmp_path: Path) -> None:
    """A refused row is found by its name in its own batch, whoever sent it."""
    desk = desk_for(KINDS["mailchimp"], tmp_path / "home")
    desk.fill(desk.rows(2_600))
    desk.vendor.bad_keys = {desk.kind.vendor_key(number) for number in (3, 777, 1_999)}

    counts = go(desk, desk.clock.timer()).counts

    assert (counts["delivered"], counts["rejected"]) == (2_597, 3)
    assert len(desk.vendor.state()) == 2_597


def test_whoever_asks_first_a_tag_is_made_once(tmp_path: Path) -> None:
    """Contacts that go one by one share the tags that the account lacks, in whatever threads they go."""
    desk = desk_for(KINDS["activecampaign"], tmp_path / "home")
    desk.environ["MILLRACE_ACTIVECAMPAIGN_RATE_SCALE"] = "1000"
    desk.vendor = SlowToFind()
    desk.fill(desk.rows(12))

    assert go(desk).counts["delivered"] == 12

    made = [r.body for r in desk.vendor.requests if r.method == "POST" and r.path_url == TAGS]
    assert 0 < len(made) == len(set(made)) == len(desk.vendor.tags)
