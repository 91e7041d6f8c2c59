"""Measures the warehouse as it grows: a full build, 100 000 new events, and nothing new, at 1, 3 and 10 times the data.

Options come from the environment: BENCH_CONTACTS (the largest size), BENCH_SIZES, BENCH_HOME, BENCH_CACHE (README.md).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from benchmarks import build, job, load, measure, shop
from benchmarks.spine import report
from warehouse.connection import configure
from warehouse.dialect import literal

NAME = "warehouse"
CONTACTS, SIZES = 1_000_000, "1,3,10"
NEW_EVENTS = 100_000
# One pass over what the events are, and what a contact is to them.
SEGMENT = "messageId, type, event, userId, anonymousId, timestamp, properties, traits"
TYPES = {"timestamp": "TIMESTAMP", "properties": "JSON", "traits": "JSON"}
SENDGRID = "sg_event_id, event, email, timestamp, url, useragent, campaign, sg_message_id"


def plain_pass(home: Path) -> measure.Clock:
    """How long DuckDB alone takes for one pass.

    It reads the landed events, sorts them by person and time, writes them once, and makes one aggregate per person.
    Nothing is checked, tested, deduplicated or kept current.
    """
    installation = shop.settings(home)
    path = home / "pass.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        configure(con, installation)
        with measure.timed() as whole:
            con.execute(f"""
                create table visits as select {SEGMENT}
                from read_json({literal(installation.landing / "segment/events/*.gz")}, format = 'newline_delimited',
                    columns = {{{_columns(SEGMENT, TYPES)}}})
                order by coalesce(userId, anonymousId), timestamp""")
            con.execute(f"""
                create table mails as select {SENDGRID}
                from read_json({literal(installation.landing / "sendgrid/events/*.gz")}, format = 'newline_delimited',
                    columns = {{{_columns(SENDGRID, {"timestamp": "BIGINT"})}}})
                order by email, timestamp""")
            con.execute("""
                create table people as
                select coalesce(userId, anonymousId) as person, count(*) as events, max(timestamp) as last_at,
                    count(*) filter (where event = 'Order Completed') as orders
                from visits group by 1
                union all
                select email, count(*), max(to_timestamp(timestamp)), count(*) filter (where event = 'click')
                from mails group by 1""")
            con.execute("checkpoint")
    path.unlink()
    return whole


def _columns(names: str, types: dict[str, str]) -> str:
    return ", ".join(f"'{name}': '{types.get(name, 'VARCHAR')}'" for name in names.split(", "))


class Size:
    """One size of the shop, measured from landing to marts."""

    def __init__(self, home: Path, cache: Path | None, contacts: int) -> None:
        self.home, self.cache, self.contacts = home, cache, contacts
        self.peak = 0.0

    def step(self, label: str, function: Any, *arguments: object, ours: bool = True) -> Any:
        """Run one step apart; its peak memory counts when the step is ours."""
        with measure.timed() as whole:
            result, peak = measure.isolated(function, *arguments)
        self.peak = max(self.peak, peak if ours else 0.0)
        text = f"{self.contacts:>9,} contacts  {label:<34}{whole.seconds:9.1f} s {peak:6.2f} GB"
        measure.console.print(text)
        return result

    def measure(self) -> measure.Figures:
        """All steps of this size."""
        self.step("land", shop.land, self.home, self.cache, self.contacts, ours=False)
        bare = self.step("plain pass", plain_pass, self.home, ours=False)
        landed = self.step("load", load.ours, self.home, shop.AS_OF)
        full = self.step("build, full", build.ours, self.home)
        report(f"full build, {self.contacts:,} contacts", full)
        share = max(1, round(landed["rows"] / NEW_EVENTS))
        day = self.news("another day", shop.land_another_day, share, shop.NEXT_DAY)
        hour = self.news("another hour", shop.land_another_hour, share, shop.NEXT_HOUR)
        same = self.step("build, nothing new", build.ours, self.home)
        arguments = (self.home, "http://127.0.0.1:9", shop.NEXT_HOUR, "refresh")
        self.step("refresh job", job.cold, *arguments)
        idle = self.step("refresh job, nothing new", job.cold, *arguments)
        whole = landed["seconds"] + full.seconds
        cpu = landed["cpu_seconds"] + full.cpu_seconds
        return {
            "contacts": self.contacts,
            "rows": landed["rows"],
            "plain_seconds": bare.seconds,
            "load_seconds": landed["seconds"],
            "build_seconds": full.seconds,
            "full_seconds": whole,
            "build_ratio": whole / bare.seconds,
            "full_cpu_seconds": cpu,
            "build_cpu_ratio": cpu / bare.cpu_seconds,
            **{f"delta_{name}": value for name, value in hour.items()},
            "delta_share": hour["seconds"] / whole,
            "delta_cpu_share": hour["cpu_seconds"] / cpu,
            "delta_whole_share": (hour["seconds"] + hour["rest_seconds"]) / whole,
            **{f"day_{name}": value for name, value in day.items()},
            "day_share": day["seconds"] / whole,
            "day_cpu_share": day["cpu_seconds"] / cpu,
            "day_whole_share": (day["seconds"] + day["rest_seconds"]) / whole,
            "idle_models": same.models,
            "noop_seconds": idle["seconds"],
            "failures": len(full.failed) + hour["failures"] + day["failures"],
            "peak_gb": self.peak,
        }

    def news(self, name: str, land: Any, share: int, as_of: datetime) -> measure.Figures:
        """Land, load and build one in `share` of all events again, as news up to `as_of`."""
        self.step(f"land {name}", land, self.home, share, ours=False)
        loaded = self.step(f"load {name}", load.ours, self.home, as_of)
        built = self.step(f"build what decides, {name}", build.ours, self.home, True)
        report(f"what decides after {name}, {self.contacts:,} contacts", built)
        rest = self.step(f"build the rest, {name}", build.ours, self.home)
        report(f"the rest after {name}, {self.contacts:,} contacts", rest)
        return {
            "rows": loaded["rows"],
            "seconds": loaded["seconds"] + built.seconds,
            "cpu_seconds": loaded["cpu_seconds"] + built.cpu_seconds,
            "models": built.models,
            "rest_seconds": rest.seconds,
            "rest_models": rest.models,
            "failures": len(built.failed) + len(rest.failed),
        }


def main() -> None:
    """Measure every size, print the figures, and write them to `out/warehouse.json`."""
    env = os.environ
    most = int(env.get("BENCH_CONTACTS") or CONTACTS)
    sizes = sorted(float(size) for size in (env.get("BENCH_SIZES") or SIZES).split(","))
    cache = Path(env["BENCH_CACHE"]).resolve() if env.get("BENCH_CACHE") else None
    figures: measure.Figures = {}
    found: dict[float, measure.Figures] = {}
    for size in sizes:
        contacts = round(most * size / sizes[-1])
        folder = tempfile.mkdtemp(prefix="millrace-bench-", dir=env.get("BENCH_HOME"))
        try:
            found[size] = Size(Path(folder), cache, contacts).measure()
        finally:
            shutil.rmtree(folder)
        figures |= {f"x{size:g}_{name}": value for name, value in found[size].items()}
    first, last = found[sizes[0]], found[sizes[-1]]
    grown = last["rows"] / first["rows"]
    figures = {
        **{
            name: last[name]
            for name in (
                "contacts",
                "rows",
                "build_ratio",
                "build_cpu_ratio",
                "delta_share",
                "delta_cpu_share",
                "day_share",
                "day_cpu_share",
            )
        },
        "noop_seconds": last["noop_seconds"],
        # Seconds per row at the largest size over seconds per row at the smallest: 1 is linear.
        "growth_10x": last["full_seconds"] / first["full_seconds"] / grown,
        "delta_growth_10x": last["delta_seconds"] / first["delta_seconds"],
        "peak_gb": max(size["peak_gb"] for size in found.values()),
        **figures,
    }
    measure.show(NAME, figures)
    measure.console.print(f"written to {measure.write(NAME, figures)}")


if __name__ == "__main__":
    main()
