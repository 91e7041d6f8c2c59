"""Braze users, 75 at a time, and their subscription groups, 50 at a time.

REST API. Users (75 attributes, 4 MB): https://www.braze.com/docs/api/endpoints/user_data/post_user_track
Deleting (50 users, 20,000 requests a minute): https://www.braze.com/docs/api/endpoints/user_data/post_user_delete
Groups (50 users, 5,000 requests a minute; read 2026-11):
https://www.braze.com/docs/api/endpoints/subscription_groups/post_update_user_subscription_group_status_v2
Limits (3,000 requests in 3 seconds): https://www.braze.com/docs/api/api_limits (all else stated 2026-11).
Every attribute that is written costs a data point, so an update sends only what changed. Errors that are not fatal come
with success and the place of their object; success means queued.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._braze import BrazeAccount
from activations.errors import InDoubtError

TRACK = Limits("track", max_rows=75, max_bytes=4_000_000)
DELETE = Limits("delete", max_rows=50, max_bytes=4_000_000)
GROUP = Limits("group", max_rows=50, max_bytes=4_000_000)
STATE, STATES = "subscription_state", ("subscribed", "unsubscribed")


class Braze(BrazeAccount):
    """Users by `external_id`. Replays change nothing, though they cost data points."""

    name = "braze"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "user": frozenset({"upsert", "update", "mirror"}),
        "subscription": frozenset({"upsert", "mirror"}),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "user": ("external_id",),
        "subscription": ("external_id", "subscription_group_id"),
    }
    separate = frozenset({"subscription"})
    removals = frozenset({"delete", "unsubscribe"})
    limits = TRACK
    rates = (Rate(3_000, 3.0), Rate(5_000, 60.0, "group"), Rate(20_000, 60.0, "delete"))
    remembers = ("external_id", "subscription_group_id")
    replay_safe = True

    @override
    def lane(self, row: Row, total: int) -> Limits:
        if self.target.object == "subscription":
            return GROUP
        return DELETE if row.operation == "remove" else TRACK

    @override
    def encode(self, row: Row) -> Any:
        if self.target.object == "subscription":
            return self._membership(row)
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
        if lane.name == GROUP.name:
            yield from self._groups(call, rows)
            return
        items = [self.encoded(row) for row in rows]
        removes = lane.name == DELETE.name
        body = {"external_ids" if removes else "attributes": items}
        path = "/users/delete" if removes else "/users/track"
        rate = lane.name if removes else ""
        answer = answers.body(call(Request("POST", path, json=body, rate=rate)))
        if answer.get("message") != "success":
            raise InDoubtError(f"{self.name}: the answer is not 'success'")
        failed = set()
        for error in answer.get("errors") or []:
            row = rows[int(error["index"])]
            failed.add(row.seq)
            code = str(error.get("input_array") or "error")
            yield Outcome(row.seq, "rejected", code=code, message=str(error.get("type")))
        yield from (Outcome(row.seq, "acked") for row in rows if row.seq not in failed)

    def _membership(self, row: Row) -> tuple[str, str, str]:
        """Group, state and user; one that leaves a mirror is known by what was accepted last."""
        held = row.before if row.operation == "remove" else row.payload
        state = "unsubscribed" if row.operation == "remove" else str(held.get(STATE) or STATES[0])
        return str(held.get("subscription_group_id")), state, str(held.get("external_id"))

    def _groups(self, call: Call, rows: Sequence[Row]) -> Iterator[Outcome]:
        """One request for all groups and states; the vendor refuses it as a whole."""
        people: dict[tuple[str, str], list[str]] = {}
        good = []
        for row in rows:
            group, state, user = self._membership(row)
            if state not in STATES:
                words = f"{STATE} is neither subscribed nor unsubscribed"
                yield Outcome(row.seq, "rejected", code="bad_state", message=words)
                continue
            people.setdefault((group, state), []).append(user)
            good.append(row)
        if not good:
            return
        groups = [
            {"subscription_group_id": group, STATE: state, "external_ids": users}
            for (group, state), users in people.items()
        ]
        body = {"subscription_groups": groups}
        request = Request("POST", "/v2/subscription/status/set", json=body, rate="group")
        if answers.body(call(request)).get("message") != "success":
            raise InDoubtError(f"{self.name}: the answer is not 'success'")
        yield from (Outcome(row.seq, "acked") for row in good)
