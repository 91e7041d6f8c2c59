"""The one resource: which installation a run works on, read from the environment when the run starts."""

import os
from collections.abc import Mapping
from datetime import datetime

import dagster as dg

from warehouse import clock
from warehouse.connection import connect
from warehouse.contract import Contract, contracts
from warehouse.internal import ensure
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings, load


class Installation(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Settings, manifest and contracts of the installation named by `MILLRACE_HOME`."""

    def settings(self) -> Settings:
        """Where things are."""
        return load()

    def environ(self) -> Mapping[str, str]:
        """Endpoints and secrets, for whoever delivers."""
        return os.environ

    def manifest(self) -> Manifest:
        """What `models/` declares."""
        return load_manifest(self.settings(), refresh=False)

    def contracts(self) -> dict[str, Contract]:
        """The landing contracts, by `<source>.<table>`."""
        return contracts(self.manifest())

    def as_of(self) -> datetime:
        """The moment this run decides for: what the clock asset last wrote, else the clock itself."""
        settings = self.settings()
        if settings.as_of is None and settings.database.exists():
            with connect(settings) as con:
                ensure(con, {})
                rows = con.execute("select as_of from raw_millrace.clock").fetchall()
            if rows:
                return clock.aware(rows[0][0])
        return clock.as_of(settings)
