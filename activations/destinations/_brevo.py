"""What every connector to a Brevo account shares: address and token."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping

import requests
from typing_extensions import override

from activations.connector import Call, Connector, Request, scale


class BrevoAccount(Connector, ABC):
    """One account: https://developers.brevo.com/docs/how-it-works (2026-11). Each connector has limits of its own."""

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url = environ.get("MILLRACE_BREVO_URL") or "https://api.brevo.com"
        self.rate_scale = scale(environ, "MILLRACE_BREVO_RATE_SCALE")
        self._token = environ["MILLRACE_BREVO_TOKEN"]

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["api-key"] = self._token

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/account"))
