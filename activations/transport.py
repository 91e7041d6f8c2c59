"""Answers in the shape of HTTP, for transports that speak something else."""

from __future__ import annotations

import json
from typing import Any

import requests


def answer(request: requests.PreparedRequest, status: int, body: Any) -> requests.Response:
    """A response as if from a server."""
    response = requests.Response()
    response.status_code, response.request, response.url = status, request, str(request.url)
    response.headers["Content-Type"] = "application/json"
    response._content = json.dumps(body).encode()
    return response
