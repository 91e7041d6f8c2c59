"""The endpoints as one local HTTP server: read, work or fail, commit and record, then reply."""

from __future__ import annotations

import hashlib
import json
import socket
import socketserver
import sys
import threading
from datetime import UTC, datetime
from typing import Any, Protocol

from examples.shop.endpoints import activecampaign, control, hubspot, mail, slack, twilio
from examples.shop.endpoints.exchange import Answer, Context, Request
from examples.shop.endpoints.faults import Faults, Rule
from examples.shop.endpoints.state import Body, Objects, Store
from examples.shop.endpoints.wire import MalformedRequestError, read_request, reset, write_answer


class Vendor(Protocol):
    """What a vendor's module offers."""

    def prepare(self, objects: Objects) -> None:
        """Set the account up; called at every start."""

    def answer(self, context: Context, path: str) -> Answer:
        """Do the work of one request."""

    def rate_limited(self, context: Context, path: str, rule: Rule) -> Answer:
        """Refuse one request the way this vendor does."""

    def state(self, objects: Objects) -> Body:
        """Everything it keeps, in an order that does not depend on arrival."""


VENDORS: dict[str, Vendor] = {
    "activecampaign": activecampaign,
    "twilio": twilio,
    "hubspot": hubspot,
    "slack": slack,
    "mail": mail,
}
SECRET_HEADERS = ("authorization", "api-token", "cookie")
LOST_ANSWERS = ("status", "timeout", "reset")
# The sample shop's year ends here, and so do its clocks.
SAMPLE_NOW = datetime(2026, 6, 30, tzinfo=UTC)


class Endpoints:
    """The vendors behind one store, one clock and one set of faults; no socket in sight."""

    def __init__(self, store: Store, faults: Faults, now: datetime = SAMPLE_NOW) -> None:
        self.store, self.faults, self.now = store, faults, now
        with store.transaction() as connection:
            for name, vendor in VENDORS.items():
                vendor.prepare(Objects(connection, name))

    def handle(self, request: Request) -> tuple[Answer, Rule | None]:
        """The answer, committed and recorded, and the fault that says whether it is delivered."""
        if request.path.startswith("/_"):
            return control.answer(self, request), None
        rule = self.faults.pick(request.method, request.path, request.body)
        with self.store.transaction() as connection:
            answer = self._work(request, rule, connection)
            if rule and rule.kind == "status":
                answer = _failure(rule)
            _record(connection, request, answer, rule)
        return answer, rule

    def _work(self, request: Request, rule: Rule | None, connection: Any) -> Answer:
        if rule and rule.kind in LOST_ANSWERS and not rule.applied:
            return Answer(500)
        _, name, *rest = request.path.split("/", 2)
        vendor = VENDORS.get(name)
        if vendor is None:
            return Answer(404, {"message": f"Paths start with one of {', '.join(VENDORS)}"})
        refuses = rule.refuses if rule and rule.kind == "partial" else _never
        context = Context(request, Objects(connection, name), self.now, datetime.now(UTC), refuses)
        path = "/" + "".join(rest)
        if rule and rule.kind == "rate_limited":
            return vendor.rate_limited(context, path, rule)
        return vendor.answer(context, path)

    def state(self) -> Body:
        """Every vendor's state and its digest; the order of arrival leaves no trace."""
        with self.store.transaction() as connection:
            vendors = {n: one.state(Objects(connection, n)) for n, one in VENDORS.items()}
        digests = {
            name: hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest()
            for name, one in vendors.items()
        }
        return {**vendors, "digest": digests}


def _never(row: Any) -> bool:
    return False


def _failure(rule: Rule) -> Answer:
    seconds = rule.retry_after
    headers = {} if seconds is None else {"Retry-After": f"{seconds:g}"}
    return Answer(rule.status, {"message": "The sample shop was asked to fail here."}, headers)


def _record(connection: Any, request: Request, answer: Answer, rule: Rule | None) -> None:
    headers = {n: "(left out)" if n in SECRET_HEADERS else v for n, v in request.headers.items()}
    is_silent = rule is not None and rule.kind in ("timeout", "reset")
    connection.execute(
        "insert into requests (method, path, query, headers, body, status, fault)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        (
            request.method,
            request.path,
            json.dumps(request.query),
            json.dumps(headers),
            request.body.decode("utf-8", "replace"),
            None if is_silent else answer.status,
            rule.kind if rule else None,
        ),
    )


class Connection(socketserver.StreamRequestHandler):
    """One client's connection: request after request until either side closes."""

    disable_nagle_algorithm = True
    server: Server

    def handle(self) -> None:
        """Serve until the client closes, a fault cuts the line or the server stops."""
        self.server.lines.add(self.connection)
        try:
            while self._exchange():
                pass
        except OSError:
            # The client went away, or the server is stopping and has cut the line.
            return
        finally:
            self.server.lines.discard(self.connection)

    def _exchange(self) -> bool:
        try:
            request = read_request(self.rfile)
        except MalformedRequestError as error:
            write_answer(self.connection, Answer(400, {"message": str(error)}))
            return False
        if request is None or self.server.stopping.is_set():
            return False
        answer, rule = self.server.endpoints.handle(request)
        if rule and rule.kind in ("slow", "timeout"):
            self.server.stopping.wait(rule.seconds)
        if rule and rule.kind in ("timeout", "reset"):
            if rule.kind == "reset":
                reset(self.connection)
            return False
        write_answer(self.connection, answer)
        return request.headers.get("connection", "").lower() != "close"


class Server(socketserver.ThreadingTCPServer):
    """A thread per connection on the loopback interface."""

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, endpoints: Endpoints, port: int = 0) -> None:
        self.endpoints = endpoints
        self.stopping = threading.Event()
        self.lines: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), Connection)

    @property
    def url(self) -> str:
        """Where the server listens, without a trailing slash."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A handler's mistake is the shop's own: say it, the client sees the line cut."""
        print(f"the shop's endpoints failed: {sys.exc_info()[1]!r}", file=sys.stderr)

    def stop(self) -> None:
        """Stop accepting, cut the open connections, wait for their threads, close the state."""
        self.stopping.set()
        self.shutdown()
        for line in list(self.lines):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # closed in the meantime
        self.server_close()
        self.endpoints.store.close()
