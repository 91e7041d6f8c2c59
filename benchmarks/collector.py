"""Measures the front door under Segment's Python and Node SDKs while it is killed and restarted: lost, doubled, rate.

Options come from the environment: BENCH_EVENTS (half of them from each SDK), BENCH_KILLS, BENCH_HOME.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from benchmarks import measure
from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import ROOT, load
from warehouse.transform import build

NAME = "collector"
EVENTS, KILLS = 100_000, 12
KEY = "write-key-of-the-benchmark"
NODE = Path(__file__).resolve().parent / "segment_node"


class Server:
    """`millrace collect` on one port, to be killed and started again."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = int(listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.environ = {
            **os.environ,
            "MILLRACE_HOME": str(home),
            "MILLRACE_COLLECTOR_WRITE_KEYS": KEY,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "cli.main", "collect", "--port", str(self.port)]
        self.process = subprocess.Popen(command, cwd=ROOT, env=self.environ)
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    raise RuntimeError("the collector ended at once") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("the collector does not answer")

    def end(self, how: signal.Signals) -> None:
        """Send a signal and wait until the process is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)


def install_node(folder: Path) -> Path:
    """The Node sender with its SDK, installed from the lock file below `folder`.

    Raises FileNotFoundError where there is no npm.
    """
    target = folder / "segment_node"
    if not (target / "node_modules").exists():
        target.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json", "send.mjs"):
            shutil.copy2(NODE / name, target / name)
        command = ["npm", "ci", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(command, cwd=target, check=True, capture_output=True, timeout=300)
    return target


@dataclass(frozen=True)
class Sender:
    """One SDK in a process of its own, and the file of the numbers that it got acknowledged."""

    process: subprocess.Popen[str]
    file: Path

    def acknowledged(self) -> set[int]:
        """The numbers of the calls that were answered with success."""
        return set(map(int, self.file.read_text(encoding="utf-8").split()))


def senders(url: str, events: int, node: Path | None, folder: Path) -> list[Sender]:
    """Start the SDKs, each with its share of the calls."""
    folder.mkdir(parents=True, exist_ok=True)
    commands = [[sys.executable, "-m", "benchmarks.segment_python"]]
    if node is not None:
        commands.append(["node", str(node / "send.mjs")])
    share = events // len(commands)
    found = []
    for index, command in enumerate(commands):
        file = folder / f"acknowledged-{index}"
        process = subprocess.Popen(
            [*command, url, KEY, str(index * share), str(share), str(file)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        found.append(Sender(process, file))
    return found


def storm(home: Path, events: int, kills: int, node: Path | None) -> measure.Figures:
    """Send `events` calls while the server is killed `kills` times; load, deduplicate and count what arrived.

    Acknowledged is what the SDKs saw answered with success, call by call; lost is what of it did not arrive. Raises
    RuntimeError when a sender failed, or when all was sent before the last kill.
    """
    server = Server(home)
    chance = random.Random(kills)
    # At random, one in each part of the way: by how much has landed, not by time, which says nothing on other machines.
    marks = [events * (part + chance.random()) / (kills + 0.5) for part in range(kills)]
    server.start()
    try:
        with measure.timed() as whole:
            running = senders(server.url, events, node, home)
            killed = 0
            while any(sender.process.poll() is None for sender in running):
                time.sleep(0.05)
                if killed < kills and _landed(home) >= marks[killed]:
                    server.end(signal.SIGKILL)
                    killed += 1
                    server.start()
            outputs = [sender.process.communicate() for sender in running]
        if any(sender.process.returncode for sender in running):
            raise RuntimeError(f"an SDK failed: {[err[-500:] for _, err in outputs]}")
        if killed < kills:
            raise RuntimeError(f"all was sent after {killed} of {kills} kills: send more")
        server.end(signal.SIGTERM)
    finally:
        server.end(signal.SIGKILL)
    acknowledged = set().union(*(sender.acknowledged() for sender in running))
    return {
        "acknowledged": len(acknowledged),
        **_count(home, acknowledged),
        "kills": killed,
        "given_up": sum(json.loads(out)["failed"] for out, _ in outputs),
        "seconds": whole.seconds,
        "events": events // len(outputs) * len(outputs),
    }


def _landed(home: Path) -> int:
    """Lines on disk so far, published or not."""
    files = (home / "landing" / "segment" / "events").glob("*")
    found = 0
    for path in files:
        try:
            found += path.read_bytes().count(b"\n")
        except FileNotFoundError:
            # Renamed in between: counted at the next look.
            continue
    return found


def _count(home: Path, acknowledged: set[int]) -> measure.Figures:
    """What the loader and the union of events make of the landing files."""
    settings = load({"MILLRACE_HOME": str(home)})
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, clock.now())
        results = load_table(con, settings, known["segment.events"], clock.now())
    names = [
        name
        for name in builds.in_order(manifest)
        if name.startswith("stg_") or name in ("int_events__delivered", "int_events__unioned")
    ]
    failed = [node.message for node in build(settings, names) if not node.passed]
    if failed:
        raise RuntimeError(str(failed))
    with connect(settings) as con:
        number = "cast(json_extract_string(properties, '$.number') as bigint)"
        query = f"select {number}, count(*) from intermediate.int_events__unioned group by all"
        arrived = {int(found): int(rows) for found, rows in con.execute(query).fetchall()}
    landed = sum(result.rows_loaded for result in results)
    rows = sum(arrived.values())
    return {
        "lost": len(acknowledged - arrived.keys()),
        "doubled": rows - len(arrived),
        "landed": landed,
        "repeats": landed - rows,
        "quarantined": sum(result.rows_quarantined for result in results),
    }


def main() -> None:
    """Run with the options of the environment, print the figures, and write them to `out/collector.json`."""
    events = int(os.environ.get("BENCH_EVENTS") or EVENTS)
    kills = int(os.environ.get("BENCH_KILLS") or KILLS)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_HOME")) as home:
        node = install_node(Path(home) / "sdk")
        figures = storm(Path(home) / "storm", events, kills, node)
        calm = storm(Path(home) / "calm", events, 0, node)
    figures["events_per_second"] = calm["events"] / calm["seconds"]
    figures["events_per_second_killed"] = figures["events"] / figures["seconds"]
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")


if __name__ == "__main__":
    main()
