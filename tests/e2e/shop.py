"""Runs the sample shop in a child process, as `make run` does, and takes the fingerprint of what it left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from examples.shop.endpoints import serve
from warehouse.connection import connect
from warehouse.dialect import ident
from warehouse.settings import load

ROOT = Path(__file__).resolve().parents[2]
CONTACTS = 1000
AS_OF = "2026-06-30T00:00:00Z"
SCHEMAS = ("intermediate", "marts", "scores", "segments", "syncs", "reports", "ml")
# When something happened to be done is not what was done.
VOLATILE = {"_loaded_at", "_batch", "batch", "_file_id", "quarantined_at", "computed_at"}


# Of what was handed over: when, and under which names the machine and the vendor keep it.
ATTEMPT = {"touch_id", "receipt_id", "vendor_id", "occurred_at", "received_at"}
# What depends on whether a message arrived, which nobody knows of one in doubt.
BY_ARRIVAL = (
    "intermediate.int_touches__",
    "marts.fct_touches",
    "intermediate.int_journeys__",
    "reports.rpt_journey",
)


def start(home: Path) -> subprocess.Popen[str]:
    """The shop's whole job, in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "examples.shop", "--home", str(home), "--contacts", str(CONTACTS)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        env={**os.environ, "COLUMNS": "160"},
    )


def run(home: Path) -> str:
    """Run it to its end; returns what it printed. Fails with the output when it fails."""
    process = start(home)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    return output


def kill(process: subprocess.Popen[str]) -> None:
    """Kill -9 for the process and whatever it started."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def warehouse_digest(home: Path) -> dict[str, tuple[int, Any]]:
    """Rows and an order-independent hash of every built table, and of what was loaded."""
    settings = load({"MILLRACE_HOME": str(home)})
    digest: dict[str, tuple[int, Any]] = {}
    with connect(settings) as con:
        tables = con.execute(
            "select table_schema, table_name, list(column_name) from information_schema.columns "
            "where table_schema in (select unnest(?)) or table_schema like 'raw_%' "
            "group by all order by all",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, table, columns in tables:
            if schema == "raw_activations":
                continue
            kept = [ident(name) for name in sorted(columns) if name not in VOLATILE]
            # Deliveries carry the time of the attempt; the endpoints' state stands for them.
            where = "where kind <> 'delivery'" if table == "fct_timeline" else ""
            if table in ("fct_touches", "int_touches__receipts"):
                handed_over = f"starts_with({ident('touch_id')}, 'receipt:')"
                kept = [
                    f"case when not {handed_over} then {name} end"
                    if name.strip('"') in ATTEMPT
                    else name
                    for name in kept
                ]
            # The sum, not the exclusive or, which would miss rows that are there twice.
            [row] = con.execute(
                f"select count(*), sum(hash({', '.join(kept)})::hugeint % 1000000007) "
                f"from {ident(schema, table)} {where}"
            ).fetchall()
            digest[f"{schema}.{table}"] = row
    return digest


def known(digest: dict[str, tuple[int, Any]], doubts: int) -> dict[str, tuple[int, Any]]:
    """The digest; with messages in doubt, without what depends on their arrival."""
    if not doubts:
        return digest
    return {name: row for name, row in digest.items() if not name.startswith(BY_ARRIVAL)}


def endpoint_state(home: Path) -> Any:
    """What the vendors hold, without ids and times; mail apart, for a mail server cannot be asked."""
    with serve(state=home / "shop" / "endpoints.sqlite") as endpoints:
        state = endpoints.state()
    del state["mail"], state["digest"]["mail"]
    return state


def mail(home: Path) -> dict[str, Any]:
    """What the mail server holds, by Message-ID."""
    with serve(state=home / "shop" / "endpoints.sqlite") as endpoints:
        return {row["message_id"]: row for row in endpoints.state()["mail"]["messages"]}


def in_doubt(home: Path) -> int:
    """Messages of which nobody knows whether they arrived."""
    with connect(load({"MILLRACE_HOME": str(home)})) as con:
        query = "select count(*) from activations.outbox where state = 'in_doubt'"
        return int(con.execute(query).fetchall()[0][0])
