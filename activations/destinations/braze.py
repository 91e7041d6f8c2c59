"""Braze users, 75 at a time. Every attribute that is written costs a data point: an update sends only what changed.

REST API. Users (75 attributes, 4 MB): https://www.braze.com/docs/api/endpoints/user_data/post_user_track
Deleting (50): https://www.braze.com/docs/api/endpoints/user_data/post_user_delete
Limits (3,000 requests in 3 seconds): https://www.braze.com/docs/api/api_limits (all stated 2026-11).
Errors that are not fatal come with success and the place of their object; success means queued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import InDoubtError

TRACK = Limits("track", max_rows=75, max_bytes=4_000_000)
DELETE = Limits("delete", max_rows=50, max_bytes=4_000_000)


class Braze(Connector):
    """Users by `external_id`. Replays change nothing, though they cost data points."""

    name = "braze"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "user": frozenset({"upsert", "update", "mirror"})
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"user": ("external_id",)}
    removals = frozenset({"delete"})
    needs = ("MILLRACE_BRAZE_URL", "MILLRACE_BRAZE_TOKEN")
    limits = TRACK
    rates = (Rate(3_000, 3.0),)
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url, self._token = (environ[name] for name in self.needs)
        self.rate_scale = scale(environ, "MILLRACE_BRAZE_RATE_SCALE")

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["Authorization"] = f"Bearer {self._token}"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/segments/list", params={"page": "0"}))

    @override
    def lane(self, row: Row, total: int) -> Limits:
        return DELETE if row.operation == "remove" else TRACK

    @override
    def encode(self, row: Row) -> Any:
        key = str(row.payload[self.target.key])
        if row.operation == "remove":
            return key
        changed = row.changed or tuple(row.payload)
        sent = {
            name: value
            for name, value in row.payload.items()
            if name != self.target.key
            and name in changed
            and (value is not None or name in row.changed)
        }
        existing = {"_update_existing_only": self.target.mode == "update"}
        return {"external_id": key, **existing, **sent}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        items = [self.encode(row) for row in rows]
        removes = lane.name == DELETE.name
        body = {"external_ids" if removes else "attributes": items}
        path = "/users/delete" if removes else "/users/track"
        answer = answers.body(call(Request("POST", path, json=body)))
        if answer.get("message") != "success":
            raise InDoubtError(f"{self.name}: the answer is not 'success'")
        failed = set()
        for error in answer.get("errors") or []:
            row = rows[int(error["index"])]
            failed.add(row.seq)
            code = str(error.get("input_array") or "error")
            yield Outcome(row.seq, "rejected", code=code, message=str(error.get("type")))
        yield from (Outcome(row.seq, "acked") for row in rows if row.seq not in failed)
