"""HubSpot deals by batch upsert on a unique property of ours.

Endpoints and limits: https://developers.hubspot.com/docs/api-reference/crm-deals-v3/batch/post-crm-v3-objects-0-3-batch-upsert
and https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines (read 2026-11).
The portal needs a deal property `millrace_deal_id` with unique values; every other column goes out under its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Rate, Request, Row, scale

ID_PROPERTY = "millrace_deal_id"
BATCH = "/crm/v3/objects/deals/batch"
MAX_ROWS = 100
# HubSpot states no size per request; this keeps a request well below common proxies' limits.
MAX_BYTES = 3_000_000


class HubSpot(Connector):
    """Deals in one portal. Replays are harmless: a deal is found again by its unique property."""

    name = "hubspot"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "deal": frozenset({"upsert", "update", "mirror"})
    }
    removals = frozenset({"archive"})
    needs = ("MILLRACE_HUBSPOT_TOKEN",)
    limits = Limits("upsert", MAX_ROWS, MAX_BYTES)
    # Private apps on free and starter portals; professional and enterprise have 190 (rate scale 1.9).
    rates = (Rate(100, 10.0),)
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url = environ.get("MILLRACE_HUBSPOT_URL") or "https://api.hubapi.com"
        self.rate_scale = scale(environ, "MILLRACE_HUBSPOT_RATE_SCALE")
        self._token = environ["MILLRACE_HUBSPOT_TOKEN"]

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["Authorization"] = f"Bearer {self._token}"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"/crm/v3/properties/deals/{ID_PROPERTY}"))

    @override
    def lane(self, row: Row, total: int) -> Limits:
        if row.operation == "remove":
            return Limits("archive", MAX_ROWS, MAX_BYTES)
        return (
            Limits("update", MAX_ROWS, MAX_BYTES) if self.target.mode == "update" else self.limits
        )

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        if row.operation == "remove":
            return {"id": row.vendor_id}
        # An empty text clears a property; on creation there is nothing to clear.
        sent = {
            name: "" if value is None else value
            for name, value in row.payload.items()
            if name != self.target.key and (value is not None or row.operation == "update")
        }
        return {
            "id": str(row.payload[self.target.key]),
            "idProperty": ID_PROPERTY,
            "objectWriteTraceId": str(row.seq),
            "properties": {name: _text(value) for name, value in sent.items()},
        }

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == "archive":
            known = [row for row in rows if row.vendor_id]
            yield from (
                Outcome(r.seq, "acked") for r in rows if not r.vendor_id
            )  # never created there
            if known:
                ids = {"inputs": [self.encode(row) for row in known]}
                call(Request("POST", f"{BATCH}/archive", json=ids))
            yield from (Outcome(row.seq, "acked") for row in known)
            return
        inputs = [self.encode(row) for row in rows]
        answer = answers.body(
            call(Request("POST", f"{BATCH}/{lane.name}", json={"inputs": inputs}))
        )
        by_key = {str(row.payload[self.target.key]).lower(): row.seq for row in rows}
        for result in answer.get("results", []):
            seq = _seq(result.get("objectWriteTraceId"))
            if seq is None:
                seq = by_key.get(str((result.get("properties") or {}).get(ID_PROPERTY)).lower())
            yield Outcome(-1 if seq is None else seq, "acked", vendor_id=str(result["id"]))
        for error in answer.get("errors", []):
            yield from self._failures(error, by_key)

    def _failures(self, error: Mapping[str, Any], by_key: Mapping[str, int]) -> Iterator[Outcome]:
        """The rows one error is about: named by trace id, else by the value of the unique property."""
        context = error.get("context") or {}
        traces = [_seq(value) for value in context.get("objectWriteTraceId", [])]
        keys = [
            by_key.get(str(v).lower()) for v in [*context.get("ids", []), *context.get("id", [])]
        ]
        code, message = str(error.get("category")), str(error.get("message"))
        for seq in dict.fromkeys([*traces, *([] if traces else keys)]):
            yield Outcome(-1 if seq is None else seq, "rejected", code=code, message=message)


def _seq(trace: object) -> int | None:
    text = str(trace)
    return int(text) if text.isdigit() else None


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
