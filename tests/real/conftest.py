"""Real data beside the project, landed and run through the same job as any user's; skipped where it is absent."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import pytest

from orchestration.run import RunOutcome, run_job
from tests.conftest import SHARED
from warehouse.connection import connect
from warehouse.settings import Settings, load

DATA = SHARED / "data"
SENT_AT = "2026-05-01T10:00:00.000Z"


def need(path: Path) -> Path:
    """`path`, or skip: the data sets lie beside the project and are not part of it."""
    if not path.exists():
        pytest.skip(
            f"{path.name} is not here: real data lies beside the project, in ../shared/data"
        )
    return path


VENDORS = (
    "amazon_ses",
    "brevo",
    "mailgun",
    "mailjet",
    "mandrill",
    "postmark",
    "resend",
    "sendgrid",
    "sparkpost",
)


def payloads(source: str) -> list[Any]:
    """The recorded webhook bodies of one vendor, tracking and inbound, as far as they are there."""
    folder = need(DATA / "fixtures" / "esp_webhooks")
    lines = [
        line
        for kind in ("webhooks", "inbound")
        if (path := folder / f"{source}_{kind}.jsonl").exists()
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [json.loads(line)["payload"] for line in lines]


def events_in(body: Any) -> int:
    """How many events a recorded body holds."""
    if isinstance(body, list):
        return len(body)
    if "mandrill_events" in body:
        inside = body["mandrill_events"]
        return len(json.loads(inside) if isinstance(inside, str) else inside)
    return 1


def as_lines(rows: list[Any]) -> str:
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
    """Put every real file where its contract looks for it; returns records per table.

    Webhooks land as the vendors post them: bodies that are arrays, or envelopes, stay what they are.
    """

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
    hooks = {source: payloads(source) for source in VENDORS}
    for source, bodies in hooks.items():
        if bodies:
            write(source, "events", bodies)
    return {
        "maven.accounts": 85,
        "maven.products": 7,
        "maven.sales_teams": 35,
        "maven.sales_pipeline": 8800,
        "rees46.events": 17434,
        "dirty_email.email_events": 1000,
        "segment.events": write("segment", "events", segment_calls()),
        **{
            f"{source}.events": sum(events_in(body) for body in bodies)
            for source, bodies in hooks.items()
            if bodies
        },
        "twilio.message_status": write("twilio", "message_status", status_callbacks()),
    }


@dataclass(frozen=True)
class Run:
    """What the whole job over the real data left behind."""

    settings: Settings
    landed: dict[str, int]
    outcome: RunOutcome


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything landed, then the main job through Dagster, once: load, check, build, predict, plan, publish."""
    need(DATA)
    home = tmp_path_factory.mktemp("real")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("MILLRACE_")]:
            patch.delenv(name)
        patch.setenv("MILLRACE_HOME", str(home))
        patch.setenv("MILLRACE_AS_OF", "2019-11-01T00:00:00Z")
        settings = load()
        landed = land_everything(settings.landing)
        yield Run(settings, landed, run_job(settings, "main"))


@pytest.fixture
def con(real: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse after the run."""
    with connect(real.settings) as connection:
        yield connection
