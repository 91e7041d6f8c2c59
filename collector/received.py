"""One request as it arrived: address, headers, raw bytes and the moment; parsed only by whoever needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Received:
    """`url` is the public address, query included; header names are in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime

    def header(self, name: str) -> str:
        """The header's value, empty when it is missing."""
        return self.headers.get(name.lower(), "")

    def json(self) -> Any:
        """The body as JSON; raises ValueError."""
        return json.loads(self.body)

    def form(self) -> list[tuple[str, str]]:
        """The fields of a form-encoded body, in their order, empty ones included."""
        return parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True)

    def query(self) -> dict[str, str]:
        """The parameters of the address."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
