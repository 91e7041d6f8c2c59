"""What every connector to an ActiveCampaign account shares: address, token, and one rate for all of them."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

import requests
from typing_extensions import override

from activations.connector import Connector, Rate, scale

API = "/api/3"
PER_SECOND = Rate(5, 1.0)


class ActiveCampaignAccount(Connector, ABC):
    """One account, found by its own URL: https://developers.activecampaign.com/reference/authentication (2026-11)."""

    needs = ("MILLRACE_ACTIVECAMPAIGN_URL", "MILLRACE_ACTIVECAMPAIGN_TOKEN")
    rates: ClassVar[tuple[Rate, ...]] = (PER_SECOND,)

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url, self._token = (environ[name] for name in self.needs)
        self.rate_scale = scale(environ, "MILLRACE_ACTIVECAMPAIGN_RATE_SCALE")

    @property
    @override
    def account(self) -> str:
        return f"activecampaign:{self.base_url}"  # one limit for all that talk to it

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["Api-Token"] = self._token
