"""The on-site decision feed: what is decided for a contact or a visitor, as JSON that a web page can read and cache.

`GET /decisions/<name>` takes the opaque name of a contact, `GET /decisions/anonymous/<id>` an anonymous id that nobody
can guess. Nobody there and nothing decided look alike.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.errors import Refused
from collector.settings import Settings
from warehouse import clock, decisions

MAX_AGE = 60  # seconds for which a page may show what it has
PREFIX = "/decisions/"


class Feed:
    """The routes; the store is read at each request."""

    def __init__(self, settings: Settings) -> None:
        self._key, self._folder = settings.feed_key, settings.home / decisions.FOLDER
        self.routes = [
            Route("/decisions/anonymous/{visitor}", self.visitor, methods=["GET", "HEAD"]),
            Route("/decisions/{name}", self.contact, methods=["GET", "HEAD"]),
        ]

    async def contact(self, request: Request) -> Response:
        """By the opaque name that the shop's own server has put into the page."""
        self._must_be_open()
        return await self._answer(request, str(request.path_params["name"]))

    async def visitor(self, request: Request) -> Response:
        """By the anonymous id that the page has."""
        key = self._must_be_open()
        visitor = str(request.path_params["visitor"])
        is_good = decisions.is_unguessable(visitor)
        name = decisions.opaque(key, decisions.ANONYMOUS, visitor) if is_good else ""
        return await self._answer(request, name)

    def _must_be_open(self) -> str:
        if self._key is None:
            raise Refused(404, "not_found", "MILLRACE_FEED_KEY is not set, so nothing is decided")
        return self._key

    async def _answer(self, request: Request, name: str) -> Response:
        body = await run_in_threadpool(_body, self._folder, name, clock.now())
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Cache-Control": f"private, max-age={MAX_AGE}"}
        known = request.headers.get("if-none-match", "")
        if tag in (part.strip().removeprefix("W/") for part in known.split(",")) or known == "*":
            return Response(status_code=304, headers=headers)
        return Response(body, media_type="application/json", headers=headers)


def _body(folder: Path, name: str, now: datetime) -> bytes:
    found = {"decisions": decisions.read(folder, name, now)}
    return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode()
