"""A small installation per destination: a sync model's table, a stand-in for the vendor, time that costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activations import run
from activations.pace import Timer
from activations.run import SyncResult, Tools
from activations.syncs import Sync, load_sync
from tests.activations.scripted import Adapter, Kind
from tests.activations.vendors import kinds
from warehouse.connection import connect
from warehouse.dialect import ident
from warehouse.manifest import Column, Manifest, Model
from warehouse.settings import Settings, load

KINDS = kinds()
ENVIRON = {name: value for kind in KINDS.values() for name, value in kind.environ.items()}
AS_OF = datetime(2026, 6, 30, tzinfo=UTC)
Rows = Sequence[Mapping[str, Any]]


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.time = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def timer(self) -> Timer:
        return Timer(monotonic=lambda: self.time, sleep=self.sleep, jitter=lambda: 0.5)


@dataclass
class Desk:
    """Everything a test handles: the installation, the sync, the vendor and the clock."""

    kind: Kind
    settings: Settings
    sync: Sync
    vendor: Any
    clock: Clock = field(default_factory=Clock)
    environ: dict[str, str] = field(default_factory=lambda: dict(ENVIRON))
    parallel: int | None = 1  # one after the other, so that faults come in a known order

    def fill(self, rows: Rows) -> None:
        """Make `rows` the model's rows."""
        with connect(self.settings) as con:
            con.execute("create schema if not exists syncs")
            columns = ", ".join(f"{ident(n)} {t}" for n, t in self.kind.columns.items())
            con.execute(f"create or replace table {self.sync.relation} ({columns})")
            if rows:
                marks = "(" + ", ".join("?" * len(self.kind.columns)) + ")"
                values = [row.get(name) for row in rows for name in self.kind.columns]
                con.execute(
                    f"insert into {self.sync.relation} values {', '.join([marks] * len(rows))}",
                    values,
                )

    def rows(self, count: int) -> list[dict[str, Any]]:
        return [self.kind.row(number) for number in range(count)]

    def go(
        self, as_of: datetime = AS_OF, dry_run: bool | None = None, **options: Any
    ) -> SyncResult:
        """Run the sync."""
        manifest = Manifest(models={self.sync.name: model(self.kind)}, sources={})
        tools = Tools(
            timer=self.clock.timer(),
            adapter=Adapter(self.vendor) if self.vendor else None,
            parallel=self.parallel,
        )
        return run.run_sync(
            self.settings, manifest, self.sync, as_of, self.environ, dry_run, tools=tools, **options
        )

    def later(self, **options: Any) -> SyncResult:
        """Run the sync a day later."""
        return self.go(AS_OF + timedelta(days=1), **options)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with connect(self.settings) as con:
            return con.execute(sql).fetchall()

    def change(self, **fields: Any) -> None:
        """Use another definition of the sync."""
        self.sync = self.sync.model_copy(update=fields)


def model(kind: Kind, **sync: Any) -> Model:
    """A sync model as the manifest would hold it."""
    declared = {
        "destination": kind.destination,
        "object": kind.object,
        "key": kind.key,
        "mode": kind.mode,
        **kind.meta,
        **sync,
    }
    name = f"sync_{kind.destination}_{kind.object}"
    columns = {
        name: Column(
            name,
            data_type.upper(),
            "",
            {"custom_field": kind.custom[name]} if name in kind.custom else {},
        )
        for name, data_type in kind.columns.items()
    }
    return Model(
        name=name,
        unique_id=f"model.millrace.{name}",
        schema="syncs",
        folder="syncs",
        path=f"models/syncs/{name}.sql",
        description="One row per thing.",
        materialized="view",
        checksum="0",
        columns=columns,
        meta={"sync": declared, "owner": "growth"},
        tags=(),
        depends_on=(),
    )


def desk_for(kind: Kind, home: Any, ledger_url: str | None = None) -> Desk:
    """An installation below `home` with one sync of this kind."""
    environ = {"MILLRACE_HOME": str(home), "MILLRACE_THREADS": "1"}
    settings = replace(load({**environ, "MILLRACE_LEDGER_URL": ledger_url or ""}), as_of=AS_OF)
    return Desk(kind, settings, load_sync(model(kind)), kind.vendor())


@pytest.fixture
def ledger_url() -> str | None:
    """Where the ledger is; None = the file that an installation has by itself."""
    return None


@pytest.fixture(params=sorted(KINDS))
def desk(request: pytest.FixtureRequest, tmp_path: Any, ledger_url: str | None) -> Desk:
    """One installation for each destination."""
    return desk_for(KINDS[request.param], tmp_path / "home", ledger_url)


@pytest.fixture
def hubspot(tmp_path: Any, ledger_url: str | None) -> Desk:
    return desk_for(KINDS["hubspot"], tmp_path / "home", ledger_url)


@pytest.fixture
def twilio(tmp_path: Any, ledger_url: str | None) -> Desk:
    return desk_for(KINDS["twilio"], tmp_path / "home", ledger_url)


@pytest.fixture
def activecampaign(tmp_path: Any, ledger_url: str | None) -> Desk:
    return desk_for(KINDS["activecampaign"], tmp_path / "home", ledger_url)
