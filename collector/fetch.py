"""Reads one address of a vendor: over TLS, in little time, never following it elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPRedirectHandler, Request, build_opener

TIMEOUT_SECONDS = 10
MOST_BYTES = 65_536


class FetchError(Exception):
    """The address did not answer with what was asked for."""


# Reads the content at an address, or raises FetchError; tests pass their own.
Fetch = Callable[[str], bytes]


class _Stay(HTTPRedirectHandler):
    """Takes a redirect for an error: whom we may ask was decided on the address that we had."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Nowhere."""


class Fetcher:
    """Reads by urllib."""

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self.timeout_seconds = timeout_seconds
        self._opener = build_opener(_Stay)

    def __call__(self, address: str) -> bytes:
        """The content at the address. Raises FetchError; its message holds no address, for some carry a token."""
        request = Request(address, headers={"User-Agent": "millrace"})  # noqa: S310 - the caller checked it
        try:
            with self._opener.open(request, timeout=self.timeout_seconds) as answer:
                return bytes(answer.read(MOST_BYTES))
        except (OSError, HTTPException) as error:
            raise FetchError(f"{type(error).__name__}: {getattr(error, 'code', error)}") from error
