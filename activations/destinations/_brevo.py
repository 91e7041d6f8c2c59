"""What every connector to a Brevo account shares: address and token."""

from __future__ import annotations

from abc import ABC

from typing_extensions import override

from activations.connector import Call, Request
from activations.token_account import TokenAccount


class BrevoAccount(TokenAccount, ABC):
    """One account: https://developers.brevo.com/docs/how-it-works (2026-11). Each connector has limits of its own."""

    key_in = "MILLRACE_BREVO_TOKEN"
    url_in = "MILLRACE_BREVO_URL"
    scale_in = "MILLRACE_BREVO_RATE_SCALE"
    vendor_url = "https://api.brevo.com"
    header = ("api-key", "{}")

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/account"))
