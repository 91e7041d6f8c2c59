"""One request as it arrived: address, headers, raw bytes and the moment; parsed only by whoever needs it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
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
        """The fields of a form-encoded or multipart body, in their order, empty ones too; attached files are none."""
        if self.is_multipart():
            return [(name, value) for name, value, is_file in self.parts() if not is_file]
        return parse_qsl(self.body.decode("utf-8", errors="replace"), keep_blank_values=True)

    def is_multipart(self) -> bool:
        """Whether the body says that it is `multipart/form-data`."""
        return self.header("content-type").lower().startswith("multipart/form-data")

    def parts(self) -> list[tuple[str, str, bool]]:
        """Name, text and whether it is a file, for each part of a multipart body; none when it is no such thing."""
        head = b"Content-Type: " + self.header("content-type").encode() + b"\r\n\r\n"
        message = BytesParser(policy=HTTP).parsebytes(head + self.body)
        found = []
        for part in message.iter_parts() if message.is_multipart() else ():
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if isinstance(name, str) and isinstance(content, bytes):
                text = content.decode("utf-8", errors="replace")
                found.append((name, text, part.get_filename() is not None))
        return found

    def query(self) -> dict[str, str]:
        """The parameters of the address."""
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))
