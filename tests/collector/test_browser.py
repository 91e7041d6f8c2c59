"""A real browser and a real server: page and snippet work as they are; a kill right after the answer loses nothing."""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from collector.spool import recover
from warehouse.settings import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--dump-dom", "--virtual-time-budget=8000",
]  # fmt: skip
FORM = """
title: Letter
fields:
  - {name: email, type: email, label: E-mail, required: true}
consents:
  - {name: news, channel: email, text: Send it, version: "1", opt_in: single, required: true}
after: {message: It is with us}
least_seconds: 0
origins: ["http://127.0.0.1:%d"]
"""
START = """
import sys, uvicorn
from pathlib import Path
from collector.app import application
from collector.settings import read
home, forms, port = sys.argv[1:]
keys = {"MILLRACE_COLLECTOR_SIGNING_KEY": "k" * 32, "MILLRACE_HOME": home}
uvicorn.run(application(read(keys, Path(forms))), port=int(port), log_level="warning")
"""
# The shop's own page: the snippet, an SDK that knows the device, and a visitor who types and sends.
EMBEDDING = """<!doctype html><html><body><script>
  window.analytics = { user: () => ({ anonymousId: () => "device-7" }) };
</script><div id="here"></div><script src="%s/forms/letter.js" data-target="#here"></script><script>
  const form = document.querySelector("#here form");
  form.elements.email.value = "nobody";
  form.requestSubmit();
  const timer = setInterval(() => {
    if (document.querySelector("#here .wrong") && form.elements.email.value === "nobody") {
      document.body.dataset.told = document.querySelector("#here .wrong").textContent;
      form.elements.email.value = "ada@mail.example";
      form.elements.consent_news.checked = true;
      form.requestSubmit();
    }
    if (document.querySelector("#here p.millrace-said[role=status]")) clearInterval(timer);
  }, 50);
</script></body></html>"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and writes no log."""

    def log_message(self, *_: object) -> None:
        pass


class Door:
    """The front door in a process of its own, and a shop's web server beside it."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.site = home / "site"
        self.site.mkdir()
        self.shop = HTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(self.site)))
        Thread(target=self.shop.serve_forever, daemon=True).start()
        forms = home / "models" / "forms"
        forms.mkdir(parents=True)
        (forms / "letter.yml").write_text(FORM % self.shop.server_port, encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(home), str(forms), str(self.port)], cwd=ROOT
        )
        for _ in range(400):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
                return
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, "the front door ended at once"
                time.sleep(0.05)
        raise RuntimeError("the front door does not answer")

    def browse(self, html: str) -> str:
        """What a browser shows after a visit to a page of the shop's."""
        assert CHROMIUM is not None
        (self.site / "index.html").write_text(html, encoding="utf-8")
        address = f"http://127.0.0.1:{self.shop.server_port}/index.html"
        command = [CHROMIUM, *OPTIONS, f"--user-data-dir={self.home / 'browser'}", address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=True)
        return done.stdout

    def landed(self) -> list[dict[str, Any]]:
        """Kill the front door at once; what the next one finds and publishes."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)
        recover(self.home / "landing")
        files = sorted((self.home / "landing/forms/submissions").glob("collector-*.ndjson"))
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    found = Door(tmp_path)
    yield found
    found.process.kill()
    found.process.wait(timeout=30)
    found.shop.shutdown()
    found.shop.server_close()


def test_killed_right_after_its_answer_it_has_lost_nothing(door: Door) -> None:
    """Killed (-9) in the moment of the 200: whoever was thanked is on disk."""
    fields = {"email": "ada@mail.example", "consent_news": "true"}
    body = urllib.parse.urlencode(fields).encode()
    with urllib.request.urlopen(f"{door.url}/forms/letter", data=body, timeout=30) as answer:
        assert answer.status == 200
        rows = door.landed()

    assert [row["email"] for row in rows] == ["ada@mail.example"]


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
def test_a_page_that_embeds_the_form_sends_it(door: Door) -> None:
    """From another origin, by the snippet: first what is wrong is said beside its field, then it is sent."""
    shown = door.browse(EMBEDDING % door.url)

    [row] = door.landed()
    assert "It is with us" in shown
    assert 'data-told="E-mail must be one address' in shown
    assert (row["email"], row["anonymous_id"]) == ("ada@mail.example", "device-7")
    assert row["page_url"].endswith("/index.html")
    assert [said["name"] for said in row["consents"]] == ["news"]
    assert row["suspicion"] is None


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed here")
def test_the_page_works_by_itself(door: Door) -> None:
    """The hosted form, as a browser sends it without any script of ours; a visitor fills it in."""
    with urllib.request.urlopen(f"{door.url}/forms/letter", timeout=30) as answer:
        page = answer.read().decode()
    assert "<script" not in page
    base = f'<base href="{door.url}/forms/letter">'
    visitor = """<script>
      const form = document.querySelector("form");
      form.elements.email.value = "ada@mail.example";
      form.elements.consent_news.checked = true;
      form.requestSubmit();
    </script>"""
    shown = door.browse(
        re.sub("<head>", f"<head>{base}", page).replace("</body>", f"{visitor}</body>")
    )

    [row] = door.landed()
    assert "It is with us" in shown
    assert (row["email"], row["suspicion"], bool(row["shown_at"])) == (
        "ada@mail.example",
        None,
        True,
    )
