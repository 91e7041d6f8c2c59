"""Local endpoints that behave like ActiveCampaign, Twilio, HubSpot, Slack and a mail server, and fail on demand."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from examples.shop.endpoints import activecampaign, control, crm, hubspot, mail, slack, twilio
from examples.shop.endpoints.faults import Faults
from examples.shop.endpoints.server import SAMPLE_NOW, Server
from examples.shop.endpoints.server import Endpoints as _Endpoints
from examples.shop.endpoints.state import Body, Objects, Store

__all__ = ["SAMPLE_NOW", "Running", "serve"]


@dataclass(frozen=True)
class Running:
    """Endpoints that are being served, seen from a test or a script in the same process."""

    server: Server
    mail_url: str

    @property
    def url(self) -> str:
        """The base; each vendor is below its name, as in `<url>/hubspot`."""
        return self.server.url

    def state(self) -> Body:
        """Every vendor's state in a stable order, and its digest."""
        return self.server.endpoints.state()

    def requests(self, after: int = 0) -> list[Body]:
        """What was received, in order; headers without secrets, the status answered, the fault."""
        return self.server.endpoints.store.requests(after)

    def inject(self, *rules: dict[str, Any]) -> None:
        """Put fault rules in force; their fields are those of `faults.Rule`."""
        self.server.endpoints.faults.add(rules)

    def heal(self) -> None:
        """Lift every fault."""
        self.server.endpoints.faults.clear()

    def opt_out(self, *numbers: str) -> None:
        """Let these phone numbers have answered STOP."""
        control.opt_out(self.server.endpoints, list(numbers))

    def plant(self, kind: str, *bodies: Body) -> list[Body]:
        """Put objects that nobody can write over HTTP (deals, activities…) into ActiveCampaign; replaces by id."""
        with self.server.endpoints.store.transaction() as connection:
            objects = Objects(connection, "activecampaign")
            made = []
            for body in bodies:
                row = crm.shaped(kind, body)
                row["id"] = row.get("id") or objects.next_id(kind)
                made.append(objects.put(kind, row["id"], row))
            return made

    def uproot(self, kind: str, *identifiers: object) -> None:
        """Take objects out of ActiveCampaign, without a trace as the vendor does."""
        with self.server.endpoints.store.transaction() as connection:
            for identifier in identifiers:
                Objects(connection, "activecampaign").remove(kind, identifier)

    def environment(self) -> dict[str, str]:
        """The settings with which Millrace pushes here."""
        return {
            "MILLRACE_ACTIVECAMPAIGN_URL": f"{self.url}/activecampaign",
            "MILLRACE_ACTIVECAMPAIGN_TOKEN": activecampaign.ACCOUNT_KEY,
            "MILLRACE_TWILIO_URL": f"{self.url}/twilio",
            "MILLRACE_TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
            "MILLRACE_TWILIO_AUTH_TOKEN": twilio.ACCOUNT_KEY,
            "MILLRACE_TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
            "MILLRACE_HUBSPOT_URL": f"{self.url}/hubspot",
            "MILLRACE_HUBSPOT_TOKEN": hubspot.ACCOUNT_KEY,
            "MILLRACE_SLACK_URL": f"{self.url}/slack",
            "MILLRACE_SLACK_TOKEN": slack.ACCOUNT_KEY,
            "MILLRACE_SMTP_URL": self.mail_url,
            "MILLRACE_SMTP_FROM": "The Shop <letter@shop.example>",
        }


def start(state: Path | None, port: int, now: datetime, faults: Iterable[dict[str, Any]]) -> Server:
    """A server that is bound but not yet serving.

    Raises:
        ValueError: a fault rule is malformed.
        OSError: the port is taken.

    """
    return Server(_Endpoints(Store(state), Faults(faults), now), port)


@contextmanager
def serve(
    state: Path | None = None,
    *,
    port: int = 0,
    now: datetime = SAMPLE_NOW,
    faults: Iterable[dict[str, Any]] = (),
) -> Iterator[Running]:
    """Serve in this process for the length of the block, on a free port unless one is given.

    Args:
        state: the SQLite file that keeps what was accepted; in memory without one.
        port: 0 takes a free one.
        now: aware; the moment from which scheduling windows count, it stands still. Times of
            creation are real ones, as a caller compares them with its own clock.
        faults: rules as for `Running.inject`.

    """
    server = start(state, port, now, faults)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="shop endpoints")
    thread.start()
    try:
        with mail.serving(server.endpoints) as mail_url:
            yield Running(server, mail_url)
    finally:
        server.stop()
        thread.join()
