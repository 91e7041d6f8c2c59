"""The sample shop at a chosen size: its landing files, one more day of events, and its endpoints in a process apart."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from examples.shop.__main__ import END, environment
from examples.shop.generate import generate
from warehouse.settings import ROOT, Settings, load

SEED = 7
AS_OF = datetime(END.year, END.month, END.day, tzinfo=UTC)
NEXT_DAY = AS_OF + timedelta(days=1)
NEXT_HOUR = NEXT_DAY + timedelta(hours=1)
MOST_MEMORY = "6GB"


def settings(home: Path, as_of: datetime = AS_OF, ledger_url: str = "") -> Settings:
    """An installation at `home`; memory as `MILLRACE_MEMORY_LIMIT` says, else `MOST_MEMORY`."""
    os.environ.setdefault("MILLRACE_MEMORY_LIMIT", MOST_MEMORY)
    own = {"MILLRACE_HOME": str(home), "MILLRACE_LEDGER_URL": ledger_url}
    found = load({**os.environ, **own})
    return replace(found, as_of=as_of)


def land(home: Path, cache: Path | None, contacts: int) -> None:
    """Put the landing files below `home`, generated once per size when there is a `cache`."""
    source = (cache or home / "generated") / f"shop-{contacts}-{SEED}"
    if not (source / "complete").exists():
        generate(source, contacts, SEED, END)
        (source / "complete").touch()
    # Links: the files are never written to, and a copy of a gigabyte would be read back from the page cache.
    shutil.copytree(source / "landing", home / "landing", copy_function=_link)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def land_another_day(home: Path, share: int = 100) -> None:
    """Land the day after the last: one in `share` sessions' and messages' events again, with new ids and times."""
    _land_again(home, share, NEXT_DAY - timedelta(days=1), hours=24, prefix="d1-")


def land_another_hour(home: Path, share: int = 100) -> None:
    """Land the hour after that day in the same way."""
    _land_again(home, share, NEXT_DAY, hours=1, prefix="h1-")


def _land_again(home: Path, share: int, start: datetime, hours: int, prefix: str) -> None:
    """One in `share` of what was landed, moved to `hours` from `start` on, 1 or 24; every id gets the prefix.

    A small share is drawn from every tenth block, for reading all of a large shop would take minutes.
    """
    step = 10 if share > 100 else 1
    moment, kept = (
        (start.strftime("%Y-%m-%d"), "")
        if hours == 24
        else (start.strftime("%Y-%m-%dT%H"), r"T\d\d")
    )
    times = "timestamp|originalTimestamp|sentAt|receivedAt"
    moved = rf"""regexp_replace(j, '"({times})":"\d{{4}}-\d\d-\d\d{kept}', '"\1":"{moment}', 'g')"""
    seconds = "cast(json ->> 'timestamp' as bigint)"
    shifted = (
        f"""replace(j, '"timestamp":' || {seconds}, """
        f"""'"timestamp":' || ({int(start.timestamp())} + {seconds} % {hours * 3600}))"""
    )
    lines = {
        "segment": ("json ->> 'messageId'", _renamed(moved, ("messageId",), prefix)),
        "sendgrid": (
            "json ->> 'sg_message_id'",
            _renamed(shifted, ("sg_event_id", "sg_message_id", "message_key"), prefix),
        ),
    }
    with duckdb.connect() as con:
        con.execute("set enable_progress_bar = false")
        for source, (unit, line) in lines.items():
            folder = home / "landing" / source / "events"
            blocks = [str(path) for path in sorted(folder.glob("block_*.ndjson.gz"))[::step]]
            found = con.execute(
                f"select {line} from (select json, cast(json as varchar) as j "
                f"from read_ndjson_objects({blocks})) "
                f"where hash({unit}) % {max(1, round(share / step))} = 0 order by all"
            ).fetchall()
            name = f"from_{start:%Y%m%d%H}.ndjson.gz"
            with gzip.open(folder / name, "wt", compresslevel=3) as out:
                out.writelines(text + "\n" for (text,) in found)


def _renamed(expression: str, names: tuple[str, ...], prefix: str) -> str:
    for name in names:
        expression = f"""replace({expression}, '"{name}":"', '"{name}":"{prefix}')"""
    return expression


@contextmanager
def endpoints(state: Path | None = None) -> Iterator[str]:
    """Serve the shop's endpoints from another process, as a vendor would; yields their base URL."""
    command = [sys.executable, "-m", "examples.shop.endpoints"]
    command += ["--state", str(state)] if state else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.send_signal(signal.SIGTERM)


def environ(
    home: Path, url: str, as_of: datetime = AS_OF, rate_scale: int = 100_000
) -> dict[str, str]:
    """The shop's environment at `as_of`, at a pace at which only our own work takes time."""
    scales = {
        f"MILLRACE_{name}_RATE_SCALE": str(rate_scale)
        for name in ("ACTIVECAMPAIGN", "TWILIO", "HUBSPOT")
    }
    return {**environment(home, url), **scales, "MILLRACE_AS_OF": as_of.isoformat()}
