"""The same table sent to the same endpoint by drt-core, in an environment of its own; DuckDB source, REST destination.

drt 1.2.1 compares snapshots only where its source is a warehouse server; from DuckDB it sends either everything
(`full`) or what a column says is newer than the last run (`cursor`). Both are measured.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import duckdb

from benchmarks.measure import Figures, timed
from warehouse.settings import ROOT

HOME = ROOT / ".venv-drt"
BATCH = 100
PROJECT = "name: bench\nprofile: default\n"
PROFILE = "default:\n  type: duckdb\n  database: {database}\n"
# The body that our connector sends, as a template of theirs.
TEMPLATE = (
    '{"inputs":[{% for r in rows %}{"id":{{ r.deal_id | tojson_safe }},"idProperty":"millrace_deal_id",'
    '"objectWriteTraceId":"{{ loop.index }}","properties":{'
    '"dealname":{{ r.dealname | tojson_safe }},"amount":"{{ r.amount }}","pipeline":{{ r.pipeline | tojson_safe }},'
    '"dealstage":{{ r.dealstage | tojson_safe }},"win_probability":"{{ r.win_probability }}",'
    '"win_probability_reason":{{ r.win_probability_reason | tojson_safe }}}}'
    "{% if not loop.last %},{% endif %}{% endfor %}]}"
)
SYNC = """name: deals
model: {model}
destination:
  type: rest_api
  url: {url}/hubspot/crm/v3/objects/deals/batch/upsert
  method: POST
  headers: {{Content-Type: application/json, Authorization: Bearer {token}}}
  body_mode: batch
  batch_template: >-
    {template}
  max_records_per_request: {batch}
sync:
{mode}
  batch_size: {batch}
  rate_limit: {{requests_per_second: 100000}}
  on_error: fail
"""
MODES = {
    "full": "  mode: full",
    "cursor": "  mode: incremental\n  cursor_field: changed_at",
}


def install() -> None:
    """Make the environment from its lock file, once."""
    subprocess.run(["make", "setup-drt"], cwd=ROOT, check=True, capture_output=True, timeout=900)


def prepare(home: Path, url: str, token: str, rows: int, mode: str) -> None:
    """A project of theirs in `home` and a table of `rows` deals, made at moment 1."""
    (home / "syncs").mkdir(parents=True)
    (home / ".drt").mkdir()
    with duckdb.connect(home / "deals.duckdb") as con:
        con.execute(f"""
            create table deals as
            select 'D-' || i as deal_id, 'Deal ' || i as dealname, cast(i * 37 % 90000 as double) as amount,
                'default' as pipeline, 'proposal' as dealstage,
                round(i * 7919 % 10000 / 10000.0, 4) as win_probability,
                'stage proposal; 12 days in stage; owner wins often' as win_probability_reason,
                1 as changed_at
            from range({rows}) as t(i)""")
    (home / "drt_project.yml").write_text(PROJECT, encoding="utf-8")
    (home / ".drt" / "profiles.yml").write_text(
        PROFILE.format(database=home / "deals.duckdb"), encoding="utf-8"
    )
    model = "select * from deals"
    text = SYNC.format(
        model=model, url=url, token=token, template=TEMPLATE, batch=BATCH, mode=MODES[mode]
    )
    (home / "syncs" / "deals.yml").write_text(text, encoding="utf-8")


def change(home: Path, share: int) -> None:
    """One deal in `share` is another at moment 2, and a column says so."""
    with duckdb.connect(home / "deals.duckdb") as con:
        con.execute(
            f"update deals set amount = amount + 1, changed_at = 2 where hash(deal_id) % {share} = 0"
        )


def run(home: Path) -> Figures:
    """One run as a user starts it: a new process, to its end. Raises RuntimeError when it fails."""
    environ = {**os.environ, "HOME": str(home), "DO_NOT_TRACK": "1", "DRT_TELEMETRY": "0"}
    command = [str(HOME / "bin" / "drt"), "run", "--output", "json"]
    with timed() as whole:
        done = subprocess.run(
            command, cwd=home, env=environ, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"drt failed: {done.stdout[-2000:]} {done.stderr[-2000:]}")
    return {"seconds": whole.seconds}
