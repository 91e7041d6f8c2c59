"""The ASGI application: the Segment HTTP API, webhooks, forms and links, answered once what they brought is on disk."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from collector import segment
from collector.decisions import PREFIX, Feed
from collector.errors import Refused
from collector.fetch import Fetch
from collector.forms.limit import Limit
from collector.forms.page import notice
from collector.forms.routes import Forms
from collector.links import Links
from collector.received import Received
from collector.settings import MOST_BODY, MOST_EVENT, Settings
from collector.signatures import matches
from collector.spool import Full, Spool
from collector.webhooks import Webhook, webhooks
from warehouse import clock

RETRY_SECONDS = 5
# No contract speaks for it: the next run reports the files, and they wait for a person.
TOO_LARGE = "too_large"


def application(settings: Settings, fetch: Fetch | None = None) -> Starlette:
    """The front door for one installation; its spool opens and closes with the server."""
    return Collector(settings, fetch).app


class Collector:
    """Routes and the spool behind them."""

    def __init__(self, settings: Settings, fetch: Fetch | None = None) -> None:
        self.settings = settings
        self.hooks = webhooks(fetch)
        self.spool: Spool | None = None
        forms = Forms(settings, self._receive, self._keep, Limit(settings.form_posts_per_minute))
        links = Links(settings, self._receive, self._keep, forms.forms)
        cors = Middleware(
            _OpenToPages,
            allow_origins=["*"],
            allow_methods=["POST", "GET"],
            allow_headers=["authorization", "content-type", "x-retry-count", "if-none-match"],
            expose_headers=["ETag"],
            max_age=86_400,
        )
        self.app = Starlette(
            routes=[
                Route("/healthz", self.healthy),
                Route("/v1/{kind}", self.segment, methods=["POST"]),
                Route("/webhooks/{vendor}", self.webhook, methods=["POST"]),
                # Mandrill and others ask first whether somebody is there.
                Route("/webhooks/{vendor}", self.present, methods=["GET", "HEAD"]),
                *forms.routes,
                *links.routes,
                *Feed(settings).routes,
            ],
            middleware=[cors],
            exception_handlers={
                Refused: _refuse,
                segment.BadRequest: _bad,
                Full: _busy,
                OSError: _broken,
            },
            lifespan=self._lifespan,
        )

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self.spool = Spool(self.settings.landing)
        yield
        await run_in_threadpool(self.spool.close)

    async def healthy(self, _: Request) -> Response:
        """Whether the process answers."""
        return JSONResponse({"ok": True})

    async def present(self, request: Request) -> Response:
        """Whether a vendor's webhook exists; says nothing else. One whose records come in the address takes them."""
        if self._hook(request).by_query and request.method == "GET" and request.url.query:
            return await self.webhook(request)
        return Response()

    async def segment(self, request: Request) -> Response:
        """One call or a batch of the Segment HTTP API. A bad item of a batch never costs the others."""
        kind = request.path_params["kind"]
        if kind not in segment.TYPES and kind not in segment.BATCHES:
            raise Refused(404, "not_found", f"there is no /v1/{kind}")
        received = await self._receive(request)
        body = segment.parse(received.body)
        known = list(self.settings.write_keys)
        key = next(
            (k for k in segment.write_keys(received.headers, body) if matches(k, known)), None
        )
        if key is None:
            raise Refused(401, "unauthorized", "the write key is missing or unknown")
        calls = segment.calls(kind, body)
        lines = [segment.line(call, key, received.received_at) for call in calls]
        await self._keep(segment.TABLE, lines)
        return JSONResponse({"success": True})

    async def webhook(self, request: Request) -> Response:
        """One request of a vendor. What is authentic is kept, even when nobody can read it."""
        hook = self._hook(request)
        secrets = self.settings.secrets.get(hook.name)
        if not secrets:
            raise Refused(401, "unauthorized", f"{hook.secrets} is not set")
        received = await self._receive(request)
        await run_in_threadpool(hook.verify, received, secrets)
        try:
            rows = hook.rows(received)
        except (ValueError, KeyError, TypeError, AttributeError):
            # The loader puts a line that is no object into quarantine, with the text as it came.
            rows = [received.body.decode("utf-8", errors="replace")]
        moment = received.received_at.isoformat().replace("+00:00", "Z")
        stamped = [{"received_at": moment, **row} if isinstance(row, dict) else row for row in rows]
        await self._keep(hook.table, [json.dumps(row).encode() for row in stamped])
        if hook.after is not None:
            await run_in_threadpool(hook.after, received)
        return JSONResponse({"success": True})

    def _hook(self, request: Request) -> Webhook:
        hook = self.hooks.get(request.path_params["vendor"])
        if hook is None:
            raise Refused(404, "not_found", "there is no such webhook")
        return hook

    async def _keep(self, table: str, lines: list[bytes]) -> None:
        """Return when every line is on disk; what is too large to land is kept apart. Raises Full or OSError."""
        if self.spool is None:
            raise Full
        small = [line for line in lines if len(line) <= MOST_EVENT]
        waiting = [self.spool.append(table, small)] if small else []
        if len(small) < len(lines):
            large = [line for line in lines if len(line) > MOST_EVENT]
            waiting.append(self.spool.append(f"{TOO_LARGE}/{table.replace('/', '_')}", large))
        await asyncio.gather(*(asyncio.wrap_future(future) for future in waiting))

    async def _receive(self, request: Request) -> Received:
        """The request with its whole body, unpacked; Refused when it is larger than we take."""
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BODY:
                raise Refused(413, "too_large", f"a body may have {MOST_BODY} bytes")
        headers = {name.lower(): value for name, value in request.headers.items()}
        raw = _unzip(bytes(body)) if headers.get("content-encoding") == "gzip" else bytes(body)
        url = str(request.url)
        if self.settings.public_url:
            query = f"?{request.url.query}" if request.url.query else ""
            url = f"{self.settings.public_url}{request.url.path}{query}"
        return Received(url, headers, raw, clock.now())


class _OpenToPages(CORSMiddleware):
    """Any page may send events and read decisions; who may use a form says the form, and links are for people."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(("/v1/", PREFIX)):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def _unzip(body: bytes) -> bytes:
    unpack = zlib.decompressobj(wbits=31)
    try:
        raw = unpack.decompress(body, MOST_BODY + 1)
    except zlib.error as error:
        raise Refused(400, "bad_request", "the body is not gzip") from error
    if len(raw) > MOST_BODY:
        raise Refused(413, "too_large", f"a body may have {MOST_BODY} bytes, unpacked")
    return raw


def _answer(status: int, code: str, message: str, retry: bool = False) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if retry else None
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)  # noqa: S101 - registered for it
    if "text/html" in request.headers.get("accept", ""):
        text = error.message[:1].upper() + error.message[1:] + "."
        return notice("This did not work", text, status=error.status, headers=error.headers)
    told = {"code": error.code, "message": error.message}
    return JSONResponse(told, status_code=error.status, headers=error.headers)


async def _bad(_: Request, error: Exception) -> Response:
    return _answer(400, "bad_request", str(error))


async def _busy(_: Request, __: Exception) -> Response:
    # 429 with seconds: the one answer that every SDK waits for without counting it as a failure.
    return _answer(429, "busy", "too much waits to be written; come back later", retry=True)


async def _broken(_: Request, __: Exception) -> Response:
    return _answer(429, "not_written", "the disk did not take it; come back later", retry=True)
