"""The pull from ActiveCampaign against a real HTTP server: nothing lost, few repeats, whatever happens meanwhile."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from loaders import activecampaign, activecampaign_read
from loaders.errors import (
    CredentialsError,
    LoaderError,
    RefusedError,
    RunningError,
    UnavailableError,
)
from tests.loaders.conftest import Account


def test_first_pull_brings_everything_and_the_second_nothing(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is written once; a pull without changes costs requests but no file."""
    monkeypatch.setattr(activecampaign_read, "SETTLED_SECONDS", 0)
    ids = account.contacts(230)
    account.tag(ids[0], "vip")
    account.plant_crm()
    first = account.pull()
    assert first.rows["contacts"] == 230
    assert Counter(row["id"] for row in account.landed("contacts")) == Counter(ids)
    assert account.newest("deals")["1"]["value"] == "104405500"
    files = sorted(account.settings.landing.rglob("*"))
    second = account.pull()
    assert sum(second.rows.values()) == 0, second.rows
    assert sorted(account.settings.landing.rglob("*")) == files


def test_changed_contacts_are_pulled_with_their_tags_values_and_lists(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 150 contacts one changes; only that one is read again, and the tag it lost is told as gone."""
    monkeypatch.setattr(activecampaign_read, "SETTLED_SECONDS", 0)
    ids = account.contacts(150)
    field = account.send("POST", "/fields", {"field": {"title": "Size", "type": "text"}})
    link = account.tag(ids[7], "vip")
    account.pull()
    before = len(account.shop.requests())
    account.send("DELETE", f"/contactTags/{link}")
    value = {"field": field["field"]["id"], "value": "12"}
    account.contact("c7@example.org", firstName="Bea", fieldValues=[value])
    result = account.pull()
    assert result.rows["contacts"] == 1
    assert account.newest("contacts")[ids[7]]["firstName"] == "Bea"
    assert [row["value"] for row in account.landed("field_values") if "value" in row] == ["12"]
    assert account.landed("contact_tags")[-1]["millrace_read_of"] == ids[7]
    assert account.landed("contact_tags")[-1]["id"] == f"read:{ids[7]}"
    paths = Counter(account.paths(before))
    assert paths[f"contacts/{ids[7]}/contactTags"] == 1
    assert not any(f"contacts/{one}/contactTags" in paths for one in ids if one != ids[7])


def test_deletions_are_found_by_the_sweep(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deal and a contact vanish without a trace; the next sweep writes both once more, as gone."""
    ids = account.contacts(250)
    account.plant_crm(deals=120)
    account.pull()
    account.send("DELETE", f"/contacts/{ids[100]}")
    account.shop.uproot("deal", 77)
    monkeypatch.setattr(
        activecampaign_read.Reader, "_known", lambda self, name: sorted(map(int, ids))
    )
    account.pull()
    assert "millrace_is_gone" not in account.newest("contacts")[ids[100]]
    monkeypatch.setattr(activecampaign_read, "SWEEP_EVERY", timedelta(0))
    account.pull()
    gone = {
        table: [row["id"] for row in account.newest(table).values() if row.get("millrace_is_gone")]
        for table in ("contacts", "deals")
    }
    assert gone == {"contacts": [ids[100]], "deals": ["77"]}
    assert account.landed("contact_tags")[-1]["millrace_read_of"] == "*"


def test_pull_killed_in_the_middle_loses_nothing(account: Account) -> None:
    """Killed at random moments, again and again, then run to its end: every row is there."""
    ids = account.contacts(900)
    tagged = [account.tag(one, f"tag {one}") for one in ids[:230]]
    account.plant_crm(deals=350)
    rng = random.Random(3)
    code = "import sys; from cli.main import main; sys.argv = ['millrace', 'pull', 'activecampaign']; main()"
    kills = 0
    while kills < 4:
        child = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import loaders.activecampaign as a\na.CHUNK_PAGES = 7\n" + code,
            ],
            env={**os.environ, **account.environ(scale=25)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seen = len(account.shop.requests())
        while child.poll() is None and len(account.shop.requests()) < seen + rng.randrange(1, 30):
            time.sleep(0.005)
        if child.poll() is not None:
            break
        time.sleep(rng.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
        kills += 1
    assert kills > 1
    account.pull()
    assert set(account.newest("contacts")) == set(ids)
    assert set(tagged) <= set(account.newest("contact_tags"))
    assert set(account.newest("deals")) == {str(n) for n in range(1, 351)}
    repeats = Counter(row["id"] for row in account.landed("contacts"))
    assert max(repeats.values()) <= kills + 2
    assert not list(account.settings.landing.rglob(".*")), "half-written files are taken away"


def test_limits_are_waited_for_and_everything_still_comes(account: Account) -> None:
    """Every third request is refused with 429, some with 500, some with a reset; nothing is missing."""
    ids = account.contacts(420)
    account.shop.inject(
        {"kind": "rate_limited", "path": "/activecampaign/", "every": 3, "retry_after": 0.05},
        {"kind": "status", "status": 500, "path": "/contacts", "nth": [2]},
        {"kind": "reset", "path": "/tags", "nth": [1]},
    )
    account.pull("tags", "contacts", "contact_tags")
    assert set(account.newest("contacts")) == set(ids)


def test_five_requests_a_second_for_all_processes_together(account: Account) -> None:
    """Two pulls of one account at their own pace never see a 429 from a server that counts."""
    account.contacts(900)
    account.shop.inject({"kind": "rate_limited", "path": "/activecampaign/", "per_second": 5})
    seen = len(account.shop.requests())
    started = time.monotonic()
    account.pull("contacts", "tags", "lists", scale=1)
    rate = (len(account.shop.requests()) - seen) / (time.monotonic() - started)
    assert {one["status"] for one in account.shop.requests(seen)} == {200}
    assert rate <= 5


def test_second_pull_at_the_same_time_is_told_so(account: Account) -> None:
    """One pull at a time; the other is an error that says why."""
    account.contacts(300)
    caught: list[Exception] = []
    account.shop.inject({"kind": "slow", "seconds": 1.0, "times": 1})
    first = threading.Thread(target=account.pull, args=("contacts",))
    first.start()
    while not any(one == "contacts" for one in account.paths()):
        time.sleep(0.01)
    try:
        account.pull("tags")
    except RunningError as error:
        caught.append(error)
    first.join()
    assert caught
    assert len(account.newest("contacts")) == 300


def test_wrong_token_is_said_without_showing_it(account: Account) -> None:
    """A few 403 in a row stop the pull; neither token nor query is in the message."""
    environ = account.environ() | {"MILLRACE_ACTIVECAMPAIGN_TOKEN": "s3cret"}
    with pytest.raises(CredentialsError, match="token is not accepted") as caught:
        activecampaign.pull(account.settings, environ)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(CredentialsError, match="MILLRACE_ACTIVECAMPAIGN_TOKEN is not set"):
        activecampaign.pull(account.settings, environ | {"MILLRACE_ACTIVECAMPAIGN_TOKEN": ""})
    with pytest.raises(LoaderError, match="no table nonsense"):
        account.pull("nonsense")


def test_passing_403_is_retried_and_a_table_that_stays_forbidden_stops_no_other(
    account: Account,
) -> None:
    """One 403 now and then is the vendor's habit; deals may be closed to this user for good."""
    ids = account.contacts(30)
    account.shop.inject(
        {"kind": "status", "status": 403, "path": "/contacts$", "times": 1},
        {"kind": "status", "status": 403, "path": "/deals$"},
    )
    with pytest.raises(RefusedError, match="deals: activecampaign: HTTP 403"):
        account.pull()
    assert set(account.newest("contacts")) == set(ids)
    assert {
        one["status"] for one in account.shop.requests() if one["path"].endswith("messages")
    } == {200}


def test_error_in_the_middle_keeps_what_came_before(account: Account) -> None:
    """The third page fails for good; two pages are in the landing folder and are not asked for again."""
    ids = account.contacts(420)
    account.shop.inject({"kind": "status", "status": 400, "path": "/contacts$", "nth": [3]})
    with pytest.raises(RefusedError):
        account.pull("contacts")
    assert len(account.newest("contacts")) == 200
    account.shop.heal()
    before = len(account.shop.requests())
    account.pull("contacts")
    assert account.shop.requests(before)[0]["query"]["id_greater"] == ids[199]
    assert set(account.newest("contacts")) == set(ids)


def test_rows_that_move_while_paging_are_not_lost(account: Account) -> None:
    """Deals before the cursor vanish between two pages; the reading steps back instead of skipping."""
    account.plant_crm(deals=450)
    lock = threading.Lock()
    doomed = iter(range(1, 400, 7))

    def shrink(table: str, rows: int, total: int) -> None:
        with lock:
            account.shop.uproot("deal", *(next(doomed, 0) for _ in range(12)))

    activecampaign.pull(account.settings, account.environ(), ("deals",), shrink)
    left = {str(n) for n in range(1, 451)} - {str(n) for n in range(1, 400, 7)}
    assert left <= set(account.newest("deals"))


def test_changes_behind_the_cursor_come_with_the_next_pull(account: Account) -> None:
    """A contact that was read already changes while the pull goes on."""
    account.contacts(350)
    changed: list[str] = []

    def change(table: str, rows: int, total: int) -> None:
        if table == "contacts" and rows == 200 and not changed:
            changed.append(account.contact("c3@example.org", lastName="Late"))

    activecampaign.pull(account.settings, account.environ(), ("contacts",), change)
    assert account.newest("contacts")[changed[0]].get("lastName") != "Late"
    account.pull("contacts")
    assert account.newest("contacts")[changed[0]]["lastName"] == "Late"


def test_next_watermark_means_the_same_with_and_without_its_offset() -> None:
    """An hour before the earlier of the newest change and the start, in the account's offset."""
    started = datetime(2026, 6, 30, 12, tzinfo=UTC).isoformat()
    late = activecampaign_read.since("2026-06-30T09:00:00-05:00", started)
    early = activecampaign_read.since("2026-06-30T03:00:00-05:00", started)
    assert (late, early) == ("2026-06-30T06:00:00-05:00", "2026-06-30T02:00:00-05:00")
    assert activecampaign_read.since("0000-00-00 00:00:00", started) == ""


def test_nothing_is_sent_to_the_makers_of_dlt(account: Account) -> None:
    """A pull in a process of its own connects to the account and to nobody else."""
    code = (
        "import socket, sys\n"
        "reached = []\n"
        "original = socket.socket.connect\n"
        "socket.socket.connect = lambda self, to: (reached.append(to), original(self, to))[1]\n"
        "import os\n"
        "from loaders import activecampaign\n"
        "from warehouse.settings import load\n"
        "activecampaign.pull(load(), os.environ, ('tags', 'lists'))\n"
        "print({to[0] for to in reached})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **account.environ()},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "{'127.0.0.1'}"


def test_vendor_that_never_answers_is_given_up(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six tries, then an error that says what to do."""
    monkeypatch.setattr("loaders.session.BASE_SECONDS", 0.001)
    account.shop.inject({"kind": "status", "status": 503})
    with pytest.raises(UnavailableError, match=r"HTTP 503 .* pull later"):
        account.pull("tags")
    assert len(account.paths()) == 6
