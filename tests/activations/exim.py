"""A real mail server on loopback: Exim, which keeps what it takes for its domain in a mailbox on disk."""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

import pytest

from tests.activations.postgres import free_port

MISSING = "Exim is not here: apt-get install -y --no-install-recommends exim4-daemon-light, as .ci/run does"
WITHIN_SECONDS = 20.0
ACCOUNT = "Debian-exim"
CONFIGURATION = """
primary_hostname = mx.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
domainlist local_domains = example.com
acl_smtp_rcpt = judge

begin acl
judge:
  deny    local_parts = nobody
          message = 5.1.1 no such user here
  defer   local_parts = full
          message = 4.2.2 mailbox is full
  accept  domains = +local_domains
  deny    message = 5.7.1 we do not relay

begin routers
mailbox:
  driver = accept
  domains = +local_domains
  transport = keep

begin transports
keep:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  user = {account}
  envelope_to_add
  return_path_add
  delivery_date_add

begin retry
*  *  F,1h,1m
"""


@dataclass(frozen=True)
class Server:
    """A running Exim: where it listens, and what is in its mailbox."""

    port: int
    folder: Path

    def messages(self, count: int) -> list[EmailMessage]:
        """The messages that were delivered, by recipient, once there are so many."""
        new = self.folder / "mail" / "new"
        _until(lambda: new.is_dir() and len(list(new.iterdir())) >= count, self)
        found = [
            cast(EmailMessage, message_from_bytes(path.read_bytes(), policy=policy.default))
            for path in new.iterdir()
        ]
        return sorted(found, key=lambda message: str(message["Envelope-to"]))

    def log(self) -> str:
        """What Exim wrote down."""
        return "\n".join(path.read_text() for path in sorted((self.folder / "log").glob("*log")))


@contextmanager
def server() -> Iterator[Server]:
    """Exim with a spool and a mailbox of its own; gone at the end. Skips where it cannot run."""
    program = shutil.which("exim4", path=f"/usr/sbin:{os.environ.get('PATH', '')}")
    if program is None:
        pytest.skip(MISSING)
    if os.geteuid() != 0:
        pytest.skip("Exim takes a configuration of our own from root only; CI runs as root")
    # Exim works under an account of its own, which has to reach the folder.
    with tempfile.TemporaryDirectory(prefix="millrace-exim-") as name:
        made = Server(free_port(), Path(name))
        made.folder.chmod(0o755)
        account = pwd.getpwnam(ACCOUNT)
        for part in ("spool", "log", "mail"):
            (made.folder / part).mkdir()
            os.chown(made.folder / part, account.pw_uid, account.pw_gid)
        text = CONFIGURATION.format(folder=name, port=made.port, account=ACCOUNT)
        (made.folder / "exim.conf").write_text(text, encoding="utf-8")
        command = [program, "-C", f"{name}/exim.conf", "-bdf", "-q1m"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            try:
                _until(lambda: _greets(made.port), made, running)
                yield made
            finally:
                running.terminate()


def _greets(port: int) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", port, timeout=1) as client:
            return client.noop()[0] == 250
    except OSError:
        return False


def _until(
    look: Callable[[], bool], server: Server, running: subprocess.Popen[str] | None = None
) -> None:
    end = time.monotonic() + WITHIN_SECONDS
    while not look():
        if time.monotonic() > end or (running is not None and running.poll() is not None):
            words = running.stderr.read() if running and running.stderr and running.poll() else ""
            raise RuntimeError(f"Exim is not as expected: {words}{server.log()}")
        time.sleep(0.05)
