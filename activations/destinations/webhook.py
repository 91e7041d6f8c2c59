"""A signed webhook of your own: rows as JSON, signed the way of Standard Webhooks.

Specification: https://github.com/standard-webhooks/standard-webhooks (spec/standard-webhooks.md, stated 2026-11).
`POST` of `{"sync", "rows": [{"operation", "key", "fields"}]}` with `webhook-id` (the same when a batch is sent again,
so that a receiver can tell), `webhook-timestamp` and `webhook-signature` (HMAC-SHA256, `v1,…`). The receiver answers
2xx, or 207 with `{"results": [{"index", "status", "error"}]}` where it refuses some; 409: it has the batch already.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Rate, Request, Row, Takes, scale
from activations.errors import DefinitionError, InDoubtError, RefusedError, StopError
from warehouse import clock

BATCH = Limits("batch", max_rows=100, max_bytes=1_000_000)  # ours to say: what any receiver takes
HTML = "text/html"


class Webhook(Connector):
    """Rows of any object to one address. Receivers keep the last row by key, so replays are harmless."""

    name = "webhook"
    channel = "notify"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "row": frozenset({"upsert", "mirror", "append"})
    }
    separate = frozenset({"row"})
    removals = frozenset({"remove"})
    needs = ("MILLRACE_SIGNED_WEBHOOK_URL", "MILLRACE_SIGNED_WEBHOOK_SECRET")
    takes: ClassVar[Mapping[str, Takes]] = {
        kind: Takes(
            "row",
            # A deal is made by one step and moved by others; all else is said once.
            "upsert" if kind == "deal" else "append",
            "action_id",
            {part: part for part in (*parts, "contact_id", "asked_in")},
        )
        for kind, parts in {
            "deal": ("name", "pipeline", "stage", "amount", "owner", "email"),
            "task": ("title", "due_at", "owner", "email"),
            "notify": ("to", "text"),
            "webhook": ("data", "email"),
            "field": ("field", "value", "email"),
            "tag": ("tag", "verb", "email"),
            "list": ("list", "verb", "email"),
            "score": ("score", "value", "email"),
        }.items()
    }
    limits = BATCH
    rates = (Rate(10, 1.0),)
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        address = urlsplit(environ["MILLRACE_SIGNED_WEBHOOK_URL"])
        self.base_url = f"{address.scheme}://{address.netloc}"
        self._path = (address.path or "/") + (f"?{address.query}" if address.query else "")
        self.rate_scale = scale(environ, "MILLRACE_SIGNED_WEBHOOK_RATE_SCALE")
        self._secret = environ["MILLRACE_SIGNED_WEBHOOK_SECRET"]
        try:
            self._key = base64.b64decode(self._secret.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise DefinitionError(
                "MILLRACE_SIGNED_WEBHOOK_SECRET must be base64, after whsec_"
            ) from None

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._secret, self._secret.removeprefix("whsec_"))

    @override
    def authorise(self, session: requests.Session) -> None:
        session.auth = self._sign

    @override
    def check(self, call: Call) -> None:
        try:
            call(Request("GET", self._path))
        except RefusedError:
            return  # somebody is there, who takes no GET

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        key = self.target.key
        fields = {name: value for name, value in row.payload.items() if name != key}
        return {"operation": row.operation, "key": row.payload[key], "fields": fields}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        body = {"sync": self.target.sync, "rows": [self.encoded(row) for row in rows]}
        request = Request("POST", self._path, json=body)
        failed = set()
        for result in self._results(call, request):
            row = rows[int(result["index"])]
            if int(result["status"]) >= 300:
                failed.add(row.seq)
                code, message = str(result["status"]), str(result.get("error"))
                yield Outcome(row.seq, "rejected", code=code, message=message)
        yield from (Outcome(row.seq, "acked") for row in rows if row.seq not in failed)

    def _results(self, call: Call, request: Request) -> Sequence[Mapping[str, Any]]:
        try:
            response = call(request)
        except RefusedError as error:
            if error.code == "409":  # it has this batch
                return ()
            if error.code == "410":
                raise StopError("HTTP 410: the receiver wants no more; check the address") from None
            raise
        if response.status_code == 207:
            results: Sequence[Mapping[str, Any]] = answers.body(response)["results"]
            return results
        if response.headers.get("Content-Type", "").startswith(HTML):
            raise InDoubtError(f"HTTP {response.status_code} with a page of HTML")
        return ()

    def _sign(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign each request as it leaves, so that one that is sent again has a fresh time and the same id."""
        body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
        name = "msg_" + hashlib.sha256(self._key + body).hexdigest()[:32]
        moment = str(int(clock.now().timestamp()))
        signed = hmac.new(self._key, f"{name}.{moment}.".encode() + body, hashlib.sha256).digest()
        request.headers["webhook-id"] = name
        request.headers["webhook-timestamp"] = moment
        request.headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
        return request
