"""The front door in a process of its own on loopback, to be killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEY = "write-key-of-the-shop"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Server:
    """`millrace collect` below `home`."""

    def __init__(self, home: Path, **environ: str) -> None:
        self.home, self.port = home, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ,
            "MILLRACE_HOME": str(home),
            "MILLRACE_COLLECTOR_WRITE_KEYS": KEY,
            **environ,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", "cli.main", "collect", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ)
        for _ in range(400):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, "the collector ended at once"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the collector does not answer")

    def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and wait."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=40) in (0, -signal.SIGTERM)
