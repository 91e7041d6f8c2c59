"""Real data beside the project, landed and run through the same job as any user's; skipped where it is absent."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import pytest

from tests.conftest import SHARED
from warehouse import builds, clock
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import FileResult, load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

DATA = SHARED / "data"
SENT_AT = "2026-05-01T10:00:00.000Z"


def need(path: Path) -> Path:
    """`path`, or skip: the data sets lie beside the project and are not part of it."""
    if not path.exists():
        pytest.skip(
            f"{path.name} is not here: real data lies beside the project, in ../shared/data"
        )
    return path


def payloads(path: Path) -> list[dict[str, Any]]:
    """The recorded webhook bodies of one file, one event each."""
    found: list[dict[str, Any]] = []
    for line in need(path).read_text(encoding="utf-8").splitlines():
        body = json.loads(line)["payload"]
        found += body if isinstance(body, list) else [body]
    return found


def as_lines(rows: list[dict[str, Any]]) -> str:
    """NDJSON."""
    return "".join(json.dumps(row) + "\n" for row in rows)


def segment_calls() -> list[dict[str, Any]]:
    """The published samples as an SDK would send them: with the envelope that the samples leave out."""
    folder = DATA / "fixtures" / "segment_spec"
    calls = []
    for path in sorted(need(folder).glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
            sample = json.loads(line)
            envelope = {
                "messageId": f"{path.stem}-{number}",
                "userId": "u-1",
                "anonymousId": "d-1",
                "timestamp": SENT_AT,
            }
            calls.append({**envelope, **{k: v for k, v in sample.items() if v is not None}})
    return calls


def status_callbacks() -> list[dict[str, str]]:
    """The form bodies as the collector lands them: one JSON object each, with the time of receipt."""
    path = need(DATA / "fixtures" / "twilio" / "status_callbacks.form")
    bodies = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return [
        {**dict(parse_qsl(body, keep_blank_values=True)), "received_at": SENT_AT} for body in bodies
    ]


def land_everything(landing: Path) -> dict[str, int]:
    """Put every real file where its contract looks for it; returns records per table."""

    def copy(source: str, table: str, path: Path) -> None:
        target = landing / source / table / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(need(path), target)

    def write(source: str, table: str, rows: list[Any]) -> int:
        target = landing / source / table / "events.ndjson"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(as_lines(rows), encoding="utf-8")
        return len(rows)

    maven = DATA / "maven_crm_opportunities"
    for table in ("accounts", "products", "sales_pipeline", "sales_teams"):
        copy("maven", table, maven / f"{table}.csv")
    copy("rees46", "events", DATA / "rees46_oct2019_slice" / "2019-Oct-slice.csv.gz")
    copy("dirty_email", "email_events", DATA / "dirty_email_events" / "email_events_1000.csv")
    hooks = DATA / "fixtures" / "esp_webhooks"
    return {
        "maven.accounts": 85,
        "maven.products": 7,
        "maven.sales_teams": 35,
        "maven.sales_pipeline": 8800,
        "rees46.events": 17434,
        "dirty_email.email_events": 1000,
        "segment.events": write("segment", "events", segment_calls()),
        "sendgrid.events": write("sendgrid", "events", payloads(hooks / "sendgrid_webhooks.jsonl")),
        "amazon_ses.events": write(
            "amazon_ses", "events", payloads(hooks / "amazon_ses_webhooks.jsonl")
        ),
        "postmark.events": write("postmark", "events", payloads(hooks / "postmark_webhooks.jsonl")),
        "twilio.message_status": write("twilio", "message_status", status_callbacks()),
    }


class Run:
    """What one run over the real data left behind."""

    def __init__(self, settings: Settings, landed: dict[str, int]) -> None:
        self.settings = settings
        self.landed = landed
        self.files: dict[str, list[FileResult]] = {}
        self.failed: list[str] = []

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the warehouse."""
        with connect(self.settings) as con:
            return con.execute(sql).fetchall()


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything landed, loaded and built once."""
    need(DATA)
    settings = load({"MILLRACE_HOME": str(tmp_path_factory.mktemp("real"))})
    run = Run(settings, land_everything(settings.landing))
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, datetime(2019, 11, 1, tzinfo=UTC))
        for label, contract in known.items():
            run.files[label] = load_table(con, settings, contract, clock.now())
    for part in builds.phases(manifest, list(manifest.models)):
        run.failed += [
            f"{result.kind} {result.name}: {result.message}"
            for result in build(settings, part)
            if not result.passed
        ]
    yield run


@pytest.fixture
def con(real: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse after the run."""
    with connect(real.settings) as connection:
        yield connection
