"""Transports that speak something else than HTTP: they are asked as it is, and answer in its shape."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import BaseAdapter


class Transport(BaseAdapter):
    """One of ours below a session: what a subclass needs of a request is the request and how long it may take."""

    @abstractmethod
    def carry(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response:
        """Do what the request asks for; the status is the one that an HTTP server would give."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """`carry`, called as requests calls its adapters."""
        return self.carry(request, timeout)

    def close(self) -> None:
        """Nothing is kept open, unless a subclass says otherwise."""
        return


def answer(request: requests.PreparedRequest, status: int, body: Any) -> requests.Response:
    """A response as if from a server."""
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response.headers["Content-Type"] = "application/json"
    response._content = json.dumps(body).encode()
    return response
