"""A real Kannel on loopback: bearerbox, smsbox and its fake SMS centre, with a receiver of delivery reports."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote_to_bytes

import pytest

from tests.activations.postgres import free_port

MISSING = "Kannel is not here: apt-get install -y kannel kannel-extras, as .ci/run does ({name} is missing)"
FOLDERS = ("/usr/sbin", "/usr/lib/kannel/test")
WITHIN_SECONDS = 20.0
USER, PASSWORD = "shop", "kannel-secret"
CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = {password}
smsbox-port = {box}
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {center}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {gateway}

group = sendsms-user
username = {user}
password = {password}
max-messages = 10
concatenation = true
"""
T = TypeVar("T")


@dataclass
class Gateway:
    """A running Kannel: where to submit, what its SMS centre got, which delivery reports came back."""

    url: str
    report_url: str
    log: Path  # of the fake SMS centre
    reports: list[str] = field(default_factory=list)

    def messages(self) -> list[tuple[str, str]]:
        """(number, text) of each message at the SMS centre."""
        found = []
        for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines():
            if "Got message" not in line:
                continue
            words = line.partition("<")[2].removesuffix(">").split(" ", 3)
            found.append((words[1], _text(words[2], words[3])))
        return found


def _text(kind: str, data: str) -> str:
    if kind == "ucs-2":
        return unquote_to_bytes(data.replace("+", "%20")).decode("utf-16-be")
    return data


def program(name: str) -> str:
    """Where one of Kannel's programs is; skips the test where it is not."""
    path = os.pathsep.join([*FOLDERS, os.environ.get("PATH", "")])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(MISSING.format(name=name))
    return found


def until(look: Callable[[], T], what: str) -> T:
    """What `look` finds, as soon as that is something."""
    end = time.monotonic() + WITHIN_SECONDS
    while not (found := look()):
        if time.monotonic() > end:
            raise RuntimeError(f"Kannel: {what} within {WITHIN_SECONDS:.0f} s")
        time.sleep(0.05)
    return found


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """Kannel in `folder`, taking messages; gone at the end."""
    programs = [program(name) for name in ("bearerbox", "smsbox", "fakesmsc")]
    ports = {name: free_port() for name in ("admin", "box", "center", "gateway")}
    known = {"user": USER, "password": PASSWORD}
    (folder / "kannel.conf").write_text(CONFIGURATION.format(**ports, **known), encoding="utf-8")
    center = ["-H", "127.0.0.1", "-r", str(ports["center"]), "-m", "0", "1 2 text unused"]
    arguments = [["kannel.conf"], ["kannel.conf"], center]
    status = f"http://127.0.0.1:{ports['admin']}/status.txt?password={PASSWORD}"
    with ExitStack() as stack:
        reports: list[str] = []
        server = HTTPServer(("127.0.0.1", 0), _keeping(reports))
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        for line, word in zip(
            ([one, *more] for one, more in zip(programs, arguments, strict=True)),
            ("Status: running", "smsbox:", "(online"),
            strict=True,
        ):
            stack.enter_context(_running(line, folder))
            until(lambda word=word: word in _page(status), f"no {word} in its status")
        url = f"http://127.0.0.1:{ports['gateway']}"
        until(lambda: _page(f"{url}/cgi-bin/sendsms"), "smsbox does not listen")
        report = f"http://127.0.0.1:{server.server_port}/report"
        yield Gateway(url, report, folder / "fakesmsc.log", reports)


@contextmanager
def _running(command: list[str], folder: Path) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=5)


def _page(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        return f"HTTP {error.code}"
    except OSError:
        return ""


def _keeping(reports: list[str]) -> type[BaseHTTPRequestHandler]:
    class Reports(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            reports.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    return Reports
