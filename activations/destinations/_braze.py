"""What every connector to a Braze workspace shares: its own address, and a REST API key."""

from __future__ import annotations

from abc import ABC

from typing_extensions import override

from activations.connector import Call, Request
from activations.token_account import TokenAccount


class BrazeAccount(TokenAccount, ABC):
    """One workspace, found by its own URL."""

    shares = "braze"
    needs = ("MILLRACE_BRAZE_URL", "MILLRACE_BRAZE_TOKEN")
    url_in, key_in = needs
    scale_in = "MILLRACE_BRAZE_RATE_SCALE"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/segments/list", params={"page": "0"}))
