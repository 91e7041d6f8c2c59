"""HTTP/1.1 over a socket, as little as is needed: keep-alive, Content-Length, JSON answers."""

from __future__ import annotations

import json
import socket
import struct
from http import HTTPStatus
from io import BufferedIOBase
from urllib.parse import parse_qsl, unquote

from examples.shop.endpoints.exchange import Answer, Request

MOST_BODY_BYTES = 16_000_000
MOST_LINE_BYTES = 65_536


class MalformedRequestError(Exception):
    """The bytes are no request that can be answered; the connection is closed after a 400."""


def read_request(stream: BufferedIOBase) -> Request | None:
    """The next request of a connection, None when the client has closed it.

    Raises:
        MalformedRequestError: bad request line, header or length, or a body sent in chunks.

    """
    line = stream.readline(MOST_LINE_BYTES).decode("latin-1").rstrip("\r\n")
    if not line:
        return None
    parts = line.split(" ")
    if len(parts) != 3:
        raise MalformedRequestError("The request line is not METHOD TARGET VERSION")
    headers: dict[str, str] = {}
    while text := stream.readline(MOST_LINE_BYTES).decode("latin-1").rstrip("\r\n"):
        name, colon, value = text.partition(":")
        if not colon:
            raise MalformedRequestError("A header line has no colon")
        headers[name.strip().lower()] = value.strip()
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdigit() or int(length) > MOST_BODY_BYTES:
        raise MalformedRequestError(f"Send Content-Length, at most {MOST_BODY_BYTES} bytes")
    path, _, query = parts[1].partition("?")
    parameters = dict(parse_qsl(query, keep_blank_values=True))
    return Request(parts[0], unquote(path), parameters, headers, stream.read(int(length)))


def write_answer(connection: socket.socket, answer: Answer) -> None:
    """Send the whole answer in one piece."""
    body = b"" if answer.body is None else json.dumps(answer.body).encode()
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if body:
        lines.append("Content-Type: application/json")
    if answer.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(body)}")
    connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def reset(connection: socket.socket) -> None:
    """Close so that the peer sees a connection reset instead of an end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
