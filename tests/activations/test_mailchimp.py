"""Mailchimp's batch operations: what their archive says of each row, and what becomes of one that cannot be had."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.activations.conftest import KINDS, Desk, desk_for
from tests.activations.scripted import passes, sent_json, times_out
from tests.activations.test_described import check, documents
from tests.activations.vendors.mailchimp import DESCRIPTIONS, name_of

MANY = 60


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A mirror whose members are all there."""
    made = desk_for(KINDS["mailchimp"], tmp_path / "home")
    made.change(mode="mirror", on_remove="archive", budget_seconds=300.0)
    made.fill(made.rows(MANY + 5))
    assert made.go().counts["delivered"] == MANY + 5
    made.vendor.requests.clear()
    return made


def operations(desk: Desk) -> list[dict[str, Any]]:
    return [one for made in desk.vendor.batches.values() for one in made]


def archives_asked(desk: Desk) -> int:
    return sum(str(one.url).startswith(desk.vendor.archive_url) for one in desk.vendor.requests)


def test_many_removals_are_one_job(desk: Desk) -> None:
    """One request for all of them, one look, one archive; a second run has nothing to do."""
    desk.fill(desk.rows(5))

    result = desk.later(override=True)

    assert result.counts["delivered"] == MANY
    assert len(desk.vendor.state()) == 5
    assert len(desk.vendor.requests) == 4, "and one for the audience's fields"
    assert {one["method"] for one in operations(desk)} == {"DELETE"}
    assert desk.query("select distinct outcome from raw_activations.receipts") == [("delivered",)]
    assert desk.later(override=True).requests == 0


def test_every_operation_is_valid_by_the_vendors_own_description(desk: Desk) -> None:
    """Each is a request of its own, and must be one that the vendor describes."""
    documents(DESCRIPTIONS)
    rows = [{**row, "tags": "shop", "lname": None} for row in desk.rows(30)]
    desk.fill(rows)
    desk.later(override=True)

    for one in operations(desk):
        body = json.loads(one["body"]) if "body" in one else None
        url = f"https://us1.api.mailchimp.com/3.0{one['path']}"
        assert check("mailchimp", requests.Request(one["method"], url, json=body).prepare())
    assert {one["method"] for one in operations(desk)} == {"DELETE", "PATCH", "POST"}


def test_each_row_has_its_own_result(desk: Desk) -> None:
    """Who is refused, who is archived already, who left meanwhile, and all the others."""
    desk.vendor.bad_keys = {"person1@example.com"}
    desk.vendor.left_keys = {"person2@example.com"}
    desk.vendor.members[name_of("person3@example.com")]["status"] = "unsubscribed"
    desk.vendor.members[name_of("person40@example.com")]["status"] = "archived"
    desk.fill([{**row, "tags": "shop", "score": 1000} for row in desk.rows(30)])

    result = desk.later(override=True)

    assert (result.counts["delivered"], result.counts["rejected"]) == (MANY + 5 - 2, 2)
    assert desk.vendor.state()["person0@example.com"]["tags"] == ["shop"]
    assert desk.vendor.state()["person0@example.com"]["SCORE"] == 1000
    told = desk.query(
        "select outcome, code, message from raw_activations.receipts where outcome <> 'delivered' order by message"
    )
    assert told == [
        ("rejected", "400", "[email] is in a compliance state"),
        ("rejected", "400", "[email] looks fake"),
    ]
    assert desk.query("select state, count(*) from activations.retries group by 1 order by 1") == [
        ("barred", 1),
        ("waiting", 1),
    ]
    closed = desk.query("select count(*) from raw_activations.opt_outs")
    assert closed == [(2,)], "who left, by the status and by the vendor's words"


def test_an_operation_that_was_hurried_comes_again_without_a_count(desk: Desk) -> None:
    """429 and 5xx of an operation say nothing about its row."""
    desk.fill(desk.rows(5))
    one = desk.vendor.one
    busy = name_of("person9@example.com")
    desk.vendor.one = lambda method, path, sent: (
        (503, {}, {"title": "Busy"}) if busy in path else one(method, path, sent)
    )
    first = desk.later(override=True)
    desk.vendor.one = one

    assert (first.counts["delivered"], first.counts["deferred"]) == (MANY - 1, 1)
    assert desk.later(override=True).counts["delivered"] == 1
    assert len(desk.vendor.state()) == 5


def test_a_stale_address_is_asked_for_anew(desk: Desk) -> None:
    """The file's host says 403 after ten minutes; it says nothing about our credentials."""
    desk.fill(desk.rows(5))
    desk.vendor.archives = [403]

    result = desk.later(override=True)

    assert (result.counts["delivered"], result.reason) == (MANY, None)
    assert archives_asked(desk) == 2


@pytest.mark.parametrize("broken", ["cut", "no gzip", "not json", "403 for ever"])
def test_an_archive_that_cannot_be_read_leaves_the_job_open(desk: Desk, broken: str) -> None:
    """Nothing is marked, sent again or lost: the next look asks for it again."""
    desk.fill(desk.rows(5))
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as files:
        entry = tarfile.TarInfo("0.json")
        entry.size = 1_000
        files.addfile(entry, io.BytesIO(bytes(range(250)) * 4))
    given = {
        "cut": whole.getvalue()[: len(whole.getvalue()) // 2],
        "no gzip": b"<html>no</html>",
        "not json": gzip.compress(gzip.decompress(whole.getvalue())),
        "403 for ever": 403,
    }[broken]
    desk.vendor.archives = [given] * 1_000

    first = desk.later(override=True)
    desk.vendor.archives = []
    second = desk.later(override=True)

    assert (first.counts["submitted"], first.counts["delivered"]) == (MANY, 0)
    assert "still run" in str(first.reason)
    assert second.counts["delivered"] + second.counts["unchanged"] == 5
    assert len(desk.vendor.state()) == 5
    assert len(desk.vendor.batches) == 1, "nothing was asked for twice"


def test_a_row_that_the_archive_leaves_out_is_not_done(desk: Desk) -> None:
    """It comes again with backoff."""
    desk.fill(desk.rows(5))
    packed = desk.vendor.packed
    desk.vendor.packed = lambda asked: packed(asked[1:])

    result = desk.later(override=True)

    assert (result.counts["delivered"], result.counts["rejected"]) == (MANY - 1, 1)
    assert desk.query("select code from activations.retries") == [("unreported",)]


def test_a_lost_answer_of_a_job_does_no_harm(desk: Desk) -> None:
    """Sent again, every operation finds what the first one left."""
    desk.fill(desk.rows(5))
    desk.vendor.faults = [times_out, passes]

    result = desk.later(override=True)

    assert result.counts["delivered"] == MANY
    assert len(desk.vendor.batches) == 2
    assert len(desk.vendor.state()) == 5


@contextmanager
def served(handle: Any) -> Iterator[str]:
    """A real server on loopback whose GETs and POSTs `handle` answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        def do_POST(self) -> None:
            handle(self)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_over_real_http_a_file_that_breaks_off_is_fetched_again(desk: Desk) -> None:
    """Two servers: the API, and a file host that is told no key and once breaks off in the middle."""
    desk.fill(desk.rows(5))
    vendor, seen = desk.vendor, []

    def files(asked: BaseHTTPRequestHandler) -> None:
        seen.append(dict(asked.headers))
        [asked_for] = vendor.batches.values()
        made = packed[0] if packed else vendor.packed(asked_for)
        packed.append(made)
        asked.send_response(200)
        asked.send_header("Content-Length", str(len(made)))
        asked.end_headers()
        asked.wfile.write(made[: len(made) // 2] if len(seen) == 1 else made)
        asked.close_connection = True

    def api(asked: BaseHTTPRequestHandler) -> None:
        body = asked.rfile.read(int(asked.headers.get("Content-Length") or 0))
        url = f"https://us1.api.mailchimp.com{asked.path}"
        request = requests.Request(asked.command, url, dict(asked.headers), data=body).prepare()
        status, _, answer = vendor.answer(request)
        text = json.dumps(answer).encode()
        asked.send_response(status)
        asked.send_header("Content-Length", str(len(text)))
        asked.end_headers()
        asked.wfile.write(text)

    packed: list[bytes] = []
    with served(files) as host, served(api) as url:
        vendor.archive_url, desk.environ["MILLRACE_MAILCHIMP_URL"] = f"{host}/files", url
        desk.vendor = None
        result = desk.later(override=True)
        desk.vendor = vendor

    assert result.counts["delivered"] == MANY
    assert len(seen) == 2
    assert all("Authorization" not in headers for headers in seen)
    assert len(sent_json(vendor.writes()[0])["operations"]) == MANY


def test_a_field_that_the_audience_lacks_is_made_first(desk: Desk) -> None:
    """Or its values would be dropped without a word."""
    assert "SCORE" in desk.vendor.tags
    assert desk.vendor.state()["person3@example.com"]["SCORE"] == 3


def test_a_field_that_no_tag_can_name_stops_the_run(tmp_path: Path) -> None:
    """Before anything is sent, with what to do."""
    desk = desk_for(replace(KINDS["mailchimp"], custom={"score": "BEST_SEND_HOUR"}), tmp_path / "x")
    desk.fill(desk.rows(2))

    result = desk.go()

    assert (result.counts["deferred"], desk.vendor.writes()) == (2, [])
    assert "10 characters" in str(result.reason)
    assert "custom_field" in str(result.reason)
