"""What every connector to an Iterable project shares: address, token, and how it says no.

Codes: https://support.iterable.com/hc/en-us/articles/39629320560148-API-Response-Codes; 429 names the seconds in its
body, as `params.rateLimitReset` (https://api.iterable.com/api/docs, both stated 2026-11).
"""

from __future__ import annotations

from abc import ABC

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Request
from activations.errors import RefusedError, StopError, ThrottledError, TooLargeError
from activations.token_account import TokenAccount
from activations.values import json_of

REFUSED = frozenset({400, 404, 409})
TOO_LARGE = "BatchTooLarge"
FULL = "UniqueFieldsLimitExceeded"  # of the project: no row is at fault


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

    @override
    def classify(self, response: requests.Response) -> None:
        """A refusal has a code and words of the vendor's own; "too fast" says in its body for how long."""
        said = json_of(response)
        if response.status_code == 429:
            params = said.get("params")
            seconds = params.get("rateLimitReset") if isinstance(params, dict) else None
            if isinstance(seconds, int | float):
                raise ThrottledError(float(seconds))
            raise ThrottledError(answers.wait_seconds(response))
        if response.status_code in REFUSED and said.get("code"):
            code = str(said["code"])
            words = str(said.get("msg") or code)
            if code == FULL:
                raise StopError(f"HTTP {response.status_code}, Iterable {code}: {words}")
            raise (TooLargeError if code == TOO_LARGE else RefusedError)(code, words)
        answers.classify(response)
