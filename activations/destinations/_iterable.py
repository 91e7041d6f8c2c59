"""What every connector to an Iterable project shares: address and token."""

from __future__ import annotations

from abc import ABC

from typing_extensions import override

from activations.connector import Call, Request
from activations.token_account import TokenAccount


class IterableAccount(TokenAccount, ABC):
    """One project, and one limit for all that talk to it."""

    shares = "iterable"
    key_in = "MILLRACE_ITERABLE_TOKEN"
    needs = (key_in,)
    url_in = "MILLRACE_ITERABLE_URL"
    scale_in = "MILLRACE_ITERABLE_RATE_SCALE"
    vendor_url = "https://api.iterable.com"
    header = ("Api-Key", "{}")

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/api/lists"))
