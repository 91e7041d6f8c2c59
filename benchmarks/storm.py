"""One sync, killed again and again while it delivers to an endpoint in another process; what the endpoint holds then.

Kills are placed by progress: each at a random number of records that the endpoint has made, in its own part of the
way, then at a random instant within one batch's length. One in four comes before its run has got that far: while it
opens, claims or prepares. Where it hit is read afterwards from the ledger and from what the endpoint has worked off.
"""

from __future__ import annotations

import json
import multiprocessing
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from activations.ledger import open_ledger
from activations.payloads import WHOLE
from activations.schema import PLAN, RUN
from benchmarks.measure import Figures
from benchmarks.shop import endpoints, environ, settings
from benchmarks.storm_child import go
from benchmarks.storm_parts import PARTS, Part
from warehouse.connection import connect

PROCESSES = multiprocessing.get_context("forkserver")
# What a run imports on its way, so that a killed run costs no second of imports; DuckDB looks for pandas.
PRELOADED = ["benchmarks.storm_child", "pandas", "jsonschema"]
PRELOADED += [f"activations.destinations.{part.sync.destination}" for part in PARTS.values()]
POLL_SECONDS = 0.0005
LONGEST_RUN_SECONDS = 600.0
LONGEST_BATCH_SECONDS = (
    0.3  # a longer silence is no batch, but a job that is waited for, or a new run
)
LAST_RUNS = 10
EARLY = 4  # one kill in so many comes before the run's first batch is accepted
QUIET_SECONDS = 0.7  # after so long a message that the endpoint does not list never arrived
PLACES = (
    "accepted_not_recorded",
    "intended_not_accepted",
    "job_running",
    "between_batches",
    "outside_delivery",
)


class Storm:
    """One part on its way: its installation, its endpoint, and where kills have hit so far."""

    def __init__(self, part: Part, home: Path, state: Path, url: str, rows: int, ledger: str):
        self.part, self.home, self.url, self.rows, self.ledger = part, home, url, rows, ledger
        self.settings = settings(home, ledger_url=ledger)
        # Waits that are scaled with the rates must still outlive a slow machine's slowest answer.
        self.environ = environ(home, url, rate_scale=100)
        self.hit: Counter[str] = Counter()
        self.runs = 0
        self._state = state
        self._chance = random.Random(7)
        self._pace = _Pace()
        self._opening = (
            0.5  # seconds from a run's start to what it has accepted first, as last seen
        )
        with connect(self.settings) as con:
            part.fill(con, rows)
        PROCESSES.set_forkserver_preload(PRELOADED)

    def accepted(self) -> int:
        """Records that the endpoint has made; read from its file, so that asking does not slow it down."""
        query = "select coalesce(max(value), 0) from counters where name = ?"
        return int(self._endpoint(query, self.part.counter)[0][0])

    def received(self) -> int:
        """Requests that the endpoint has worked off."""
        return int(self._endpoint("select coalesce(max(number), 0) from requests")[0][0])

    def strike(self, kills: int) -> None:
        """Kill so many runs, fewer where all is sent before. From the middle on messages cannot be looked up."""
        step = self.rows / (kills + 0.5)
        for number in range(kills):
            if self.part.lookup and number == kills // 2:
                self.blind()
            if number % EARLY == EARLY - 1 and self._kill_early():
                continue
            mark, tries = step * (number + self._chance.random()), 0
            while not self._kill_at(mark):
                if self.accepted() >= self.rows:
                    return
                # What is left is in doubt and cannot be looked up: there is nothing to kill. Kills are counted.
                if (tries := tries + 1) == LAST_RUNS:
                    return

    def _kill_at(self, mark: float) -> bool:
        """A run, killed once the endpoint has made so many records, and one at least in this run."""
        before, since = self.accepted(), self.received()
        process, answer = self._start()
        started, is_open = time.monotonic(), False
        until = started + LONGEST_RUN_SECONDS
        while process.is_alive() and time.monotonic() < until:
            now = self.accepted()
            self._pace.saw(now)
            if now > before and not is_open:
                self._opening, is_open = time.monotonic() - started, True
            if now >= mark and now > before:
                _spin(self._chance.random() * self._pace.seconds)
                break
            time.sleep(POLL_SECONDS)
        return self._struck(process, answer, since)

    def _kill_early(self) -> bool:
        """A run, killed at a random instant before its first batch is accepted, as long as that took last."""
        since = self.received()
        process, answer = self._start()
        process.join(self._chance.random() * self._opening)
        return self._struck(process, answer, since)

    def _struck(self, process: BaseProcess, answer: Any, since: int) -> bool:
        """Whether the kill hit before the run ended, counted by where. Raises RuntimeError when the run failed."""
        process.kill()
        process.join()
        answer.close()
        if process.exitcode == -9:
            self.hit[self._place(since)] += 1
            return True
        if process.exitcode:
            raise RuntimeError(f"{self.part.sync.name}: a run failed by itself")
        return False

    def _place(self, since: int) -> str:
        """Where the kill hit; `since` is the last request before the run."""
        with open_ledger(self.settings) as ledger, ledger.engine.connect() as con:
            states = con.execute(sa.select(PLAN.c.state).distinct()).scalars().all()
            found = con.execute(WHOLE.where(PLAN.c.state == "in_flight").limit(1)).mappings()
            flying = next((row["payload"] for row in found), None)
            open_runs = con.execute(sa.select(RUN.c.state).where(RUN.c.state == "delivering")).all()
        if flying:
            key = str(json.loads(flying)["payload"][self.part.sync.key])
            bodies = self._endpoint(
                "select body from requests where number > ? and method = 'POST'", since
            )
            needle = self.part.needle(key)
            return PLACES[0] if any(needle in body for (body,) in bodies) else PLACES[1]
        if "submitted" in states:
            return PLACES[2]
        return PLACES[3] if open_runs else PLACES[4]

    def finish(self) -> None:
        """Run, undisturbed, until a run has nothing to send."""
        for _ in range(LAST_RUNS):
            process, answer = self._start()
            counts, reason = answer.recv()
            process.join()
            answer.close()
            is_blind = bool(requests.get(f"{self.url}/_faults", timeout=60).json())
            doubts = counts.get("in_doubt", 0)
            if counts["rows_in"] == counts["unchanged"] + doubts and (is_blind or not doubts):
                return
            time.sleep(QUIET_SECONDS)
        raise RuntimeError(
            f"{self.part.sync.name}: not done after {LAST_RUNS} runs: {counts}, {reason}"
        )

    def blind(self) -> None:
        """Refuse lookups, as to a key that may send and not read."""
        rule = {"kind": "status", "status": 403, "method": "GET", "path": self.part.lookup}
        requests.post(f"{self.url}/_faults", json=[rule], timeout=60).raise_for_status()

    def heal(self) -> None:
        """Lift every fault."""
        requests.delete(f"{self.url}/_faults", timeout=60).raise_for_status()

    def held(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the endpoint holds, by key; several records where one was sent more than once."""
        state: Mapping[str, Any] = requests.get(f"{self.url}/_state", timeout=300).json()
        found: dict[str, list[tuple[Any, ...]]] = {}
        for key, values in self.part.held(state):
            found.setdefault(key, []).append(values)
        return found

    def model(self) -> dict[str, tuple[Any, ...]]:
        """What the endpoint ought to hold."""
        with connect(self.settings) as con:
            query = f"select {self.part.model} from {self.part.sync.relation}"
            return {str(key): tuple(rest) for key, *rest in con.execute(query).fetchall()}

    def known(self) -> tuple[set[str], set[str]]:
        """Keys, as the endpoint knows them, that the warehouse says were accepted, and that it lists as in doubt."""
        sync, column = self.part.sync, self.part.model.partition(",")[0]
        join = f"select m.{column} from {sync.relation} as m join activations.{{}} as k on lower(m.{sync.key}) = k.key"
        with connect(self.settings) as con:
            found = [
                con.execute(join.format(table) + " where k.sync = ?" + more, [sync.name]).fetchall()
                for table, more in (("acknowledged", ""), ("retries", " and k.state = 'in_doubt'"))
            ]
        return {str(row[0]) for row in found[0]}, {str(row[0]) for row in found[1]}

    def _endpoint(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self._state}?mode=ro", uri=True, timeout=30)) as con:
            return con.execute(query, values).fetchall()

    def _start(self) -> tuple[BaseProcess, Any]:
        self.runs += 1
        ours, theirs = PROCESSES.Pipe(duplex=False)
        arguments = (self.home, self.ledger, self.part.sync, self.environ, theirs)
        process = PROCESSES.Process(target=go, args=arguments)
        process.start()
        theirs.close()
        return process, ours


class _Pace:
    """How long the endpoint takes from one change to the next, as last seen; about a batch's length."""

    def __init__(self) -> None:
        self.seconds = 0.02
        self._last: tuple[int, float] | None = None

    def saw(self, accepted: int) -> None:
        now = time.monotonic()
        if self._last is None or accepted != self._last[0]:
            if self._last is not None and now - self._last[1] < LONGEST_BATCH_SECONDS:
                self.seconds = now - self._last[1]
            self._last = (accepted, now)


def _spin(seconds: float) -> None:
    """Wait so long, exactly: who sleeps wakes up too late for a request that takes two milliseconds."""
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        pass


def verdict(
    part: Part,
    model: Mapping[str, tuple[Any, ...]],
    held: Mapping[str, list[tuple[Any, ...]]],
    accepted: set[str],
    listed: set[str],
) -> Figures:
    """The endpoint beside the model, and what the warehouse knows beside both.

    - `lost`: rows that the endpoint does not hold as the model has them, though nothing is left to send.
    - `foreign`: rows of the endpoint that are not the model's.
    - `duplicate_sends`: messages too many at the endpoint.
    - `in_doubt_unlisted`: rows that the warehouse neither says were accepted nor lists as in doubt.
    """
    copies = sum(len(found) for found in held.values()) - len(held)
    return {
        "lost": sum(
            key not in listed and values not in held.get(key, []) for key, values in model.items()
        ),
        "foreign": len(held.keys() - model.keys()),
        "duplicate_sends": copies if part.is_send else 0,
        "in_doubt_unlisted": len((model.keys() | held.keys()) - accepted - listed),
    }


def weather(name: str, home: Path, rows: int, kills: int, ledger_url: str = "") -> Figures:
    """Deliver a part through so many kills, run to the end, and judge it (see `verdict`); `home` is its own.

    Messages are judged twice: while lookups still fail, when every doubt must be listed (`in_doubt_listed`), and at the
    end, when none may be left.
    """
    part, state = PARTS[name], home / f"{name}-endpoint.sqlite"
    with endpoints(state) as url:
        storm = Storm(part, home / name, state, url, rows, ledger_url)
        storm.strike(kills)
        model = storm.model()
        doubts: Figures = {}
        if part.lookup:
            storm.finish()
            accepted, listed = storm.known()
            doubts = verdict(part, model, storm.held(), accepted, listed)
            doubts["in_doubt_listed"] = len(listed)
            storm.heal()
        storm.finish()
        figures = verdict(part, model, storm.held(), *storm.known())
        return {
            "rows": rows,
            "kills": storm.hit.total(),
            "runs": storm.runs,
            "requests": storm.received(),
            **{one: value + doubts.pop(one, 0) for one, value in figures.items()},
            **doubts,
            **{f"kills_{place}": storm.hit[place] for place in PLACES},
        }
