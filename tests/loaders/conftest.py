"""An ActiveCampaign account on a local server, with a pull against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.shop.endpoints import Running, serve
from loaders import activecampaign
from loaders.activecampaign import Pulled
from warehouse.settings import Settings, load

DEAL = {
    "title": "Able", "contact": 1, "owner": 1, "group": 1, "stage": 1, "value": 104_405_500,
    "currency": "usd", "status": 0, "cdate": "2026-01-05T10:00:00-05:00",
    "mdate": "2026-01-05T10:00:00-05:00", "edate": None,
}  # fmt: skip


@dataclass
class Account:
    """The account, and the installation that pulls from it."""

    shop: Running
    settings: Settings
    session: requests.Session

    def environ(self, scale: int = 1000) -> dict[str, str]:
        return {
            **self.shop.environment(),
            "MILLRACE_HOME": str(self.settings.home),
            "MILLRACE_ACTIVECAMPAIGN_RATE_SCALE": str(scale),
        }

    def pull(self, *tables: str, scale: int = 1000) -> Pulled:
        return activecampaign.pull(self.settings, self.environ(scale), tables)

    def send(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        environ = self.shop.environment()
        answer = self.session.request(
            method,
            environ["MILLRACE_ACTIVECAMPAIGN_URL"] + "/api/3" + path,
            json=body,
            headers={"Api-Token": environ["MILLRACE_ACTIVECAMPAIGN_TOKEN"]},
            timeout=5,
        )
        answer.raise_for_status()
        return dict(answer.json())

    def contact(self, email: str, **columns: Any) -> str:
        """Create or change a contact; its id."""
        body = {"contact": {"email": email, **columns}}
        return str(self.send("POST", "/contact/sync", body)["contact"]["id"])

    def contacts(self, count: int) -> list[str]:
        """Import this many contacts; their ids."""
        found: list[str] = []
        for first in range(0, count, 250):
            rows = [{"email": f"c{n}@example.org"} for n in range(first, min(first + 250, count))]
            job = self.send("POST", "/import/bulk_import", {"contacts": rows})["batchId"]
            self.send("GET", f"/import/info?batchId={job}")
            found += self.send("GET", f"/import/info?batchId={job}")["success"]
        return found

    def tag(self, contact: str, name: str) -> str:
        """Put a new tag on a contact; the link's id."""
        tag = self.send("POST", "/tags", {"tag": {"tag": name}})["tag"]["id"]
        link = {"contactTag": {"contact": contact, "tag": tag}}
        return str(self.send("POST", "/contactTags", link)["contactTag"]["id"])

    def plant_crm(self, deals: int = 1) -> None:
        """A pipeline with two stages, a user and some deals."""
        self.shop.plant("user", {"id": 1, "username": "ada", "email": "ada@example.org"})
        self.shop.plant("dealGroup", {"id": 1, "title": "Sales", "currency": "usd"})
        stages = [{"id": n, "title": f"Stage {n}", "group": 1, "order": n} for n in (1, 2)]
        self.shop.plant("dealStage", *stages)
        self.shop.plant("deal", *({**DEAL, "id": number} for number in range(1, deals + 1)))

    def paths(self, after: int = 0) -> list[str]:
        """Paths of the requests received, without the base."""
        return [one["path"].partition("/api/3/")[2] for one in self.shop.requests(after)]

    def landed(self, table: str) -> list[dict[str, Any]]:
        """Every row in the table's landing files, in the order in which they were pulled."""
        folder = self.settings.landing / "activecampaign" / table
        lines = [
            one for path in sorted(folder.glob("*.ndjson")) for one in path.read_text().splitlines()
        ]
        rows: list[dict[str, Any]] = [json.loads(one) for one in lines]
        return sorted(rows, key=lambda row: row["millrace_pulled_at"])

    def newest(self, table: str) -> dict[str, dict[str, Any]]:
        """The newest row of each id."""
        return {str(row["id"]): row for row in self.landed(table)}


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    with serve() as shop, requests.Session() as session:
        settings = load({"MILLRACE_HOME": str(tmp_path / "home")})
        yield Account(shop, settings, session)
