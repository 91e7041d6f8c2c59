"""Mailchimp members of one audience, 500 at a time, with tags; nobody who left is ever subscribed again.

Marketing API 3.0. Batches: https://mailchimp.com/developer/marketing/api/lists/batch-subscribe-or-unsubscribe/
Tags: https://mailchimp.com/developer/marketing/api/list-member-tags/
Limits (10 connections at once, no rate, no header): https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling
(all read 2026-11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Learned, Limits, Outcome, Request, Row, scale
from activations.errors import RefusedError, ThrottledError
from activations.values import given, gone, json_of, words

BATCH = Limits("batch", max_rows=500, max_bytes=5_000_000)  # the vendor states no size
SINGLE = Limits("member", max_rows=1, max_bytes=5_000_000)
NOT_MERGE_FIELDS = ("email_address", "status_if_new", "language", "vip", "tags")
EXISTS = "ERROR_CONTACT_EXISTS"
# What the status of a member says of the address.
LEARNED: Mapping[str, Learned] = {"unsubscribed": "opt_out", "cleaned": "hard_bounce"}
# The vendor's words for members that it will never take again from us: they must sign up themselves.
NEVER = ("compliance state", "permanently deleted", "forgotten email")


class Mailchimp(Connector):
    """Members by e-mail. A status goes out only with members that are new, so replays change nothing."""

    name = "mailchimp"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"member": frozenset({"upsert", "mirror"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"member": ("email", "email_address")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"member": ("email_address",)}
    removals = frozenset({"archive", "unsubscribe", "remove_tags"})
    needs = ("MILLRACE_MAILCHIMP_TOKEN", "MILLRACE_MAILCHIMP_LIST")
    limits = BATCH
    parallel = 10
    replay_safe = True
    remembers = ("tags",)

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self._token, self._list = (environ[name] for name in self.needs)
        centre = self._token.rpartition("-")[2]
        self.base_url = (
            environ.get("MILLRACE_MAILCHIMP_URL") or f"https://{centre}.api.mailchimp.com"
        )
        self.rate_scale = scale(environ, "MILLRACE_MAILCHIMP_RATE_SCALE")

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        session.auth = ("millrace", self._token)

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"/3.0/lists/{self._list}", params={"fields": "id"}))

    @override
    def lane(self, row: Row, total: int) -> Limits:
        # A batch can only add tags.
        return SINGLE if row.operation == "remove" or gone(row, "tags") else BATCH

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        member: dict[str, Any] = {"email_address": str(payload[self.target.key])}
        member |= {
            n: payload[n] for n in ("language", "vip") if n in payload and payload[n] is not None
        }
        # An empty text clears a field.
        fields = {
            self.target.custom_fields.get(name, name.upper()): "" if value is None else value
            for name, value in given(row, *NOT_MERGE_FIELDS).items()
        }
        tags = words(payload, "tags")
        return (
            member
            | ({"merge_fields": fields} if fields else {})
            | ({"tags": tags} if tags else {})
            | {"status": payload.get("status_if_new") or "subscribed"}
        )

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows if lane.name == SINGLE.name else ():
            if row.operation == "remove":
                yield self._remove(call, row)
                continue
            self._tag(call, row, gone(row, "tags"), "inactive")
        if lane.name == SINGLE.name and rows[0].operation == "remove":
            return
        new = [row for row in rows if row.operation == "create"]
        known = {row.seq for row in rows if row.operation != "create"}
        for outcome in self._batch(call, new, is_new=True) if new else ():
            if outcome.code == EXISTS:
                known.add(outcome.seq)
            else:
                yield outcome
        if known:
            there = [row for row in rows if row.seq in known]
            yield from self._batch(call, there, is_new=False)

    @override
    def classify(self, response: requests.Response) -> None:
        """Far above the limit the vendor's proxy answers a bare 403; its own 403 is a JSON object."""
        if response.status_code == 403 and not json_of(response):
            raise ThrottledError(None)
        answers.classify(response)

    def _batch(self, call: Call, rows: Sequence[Row], *, is_new: bool) -> Iterator[Outcome]:
        """New members with their status, or members who are there without one: theirs stays what it is."""
        members = [self.encoded(row) for row in rows]
        for member in () if is_new else members:
            del member["status"]
        body = {"members": members, "update_existing": not is_new}
        answer = answers.body(call(Request("POST", f"/3.0/lists/{self._list}", json=body)))
        by_email = {str(row.payload[self.target.key]).strip().lower(): row.seq for row in rows}
        for member in [*answer["new_members"], *answer["updated_members"]]:
            seq = by_email.get(str(member["email_address"]).lower(), -1)
            learned = LEARNED.get(str(member.get("status")))
            yield Outcome(seq, "acked", vendor_id=str(member["id"]), learned=learned)
        for error in answer["errors"]:
            seq = by_email.get(str(error["email_address"]).lower(), -1)
            code, message = str(error.get("error_code") or "ERROR"), str(error.get("error"))
            never = any(word in message.lower() for word in NEVER)
            yield Outcome(
                seq,
                "rejected",
                code=code,
                message=message,
                permanent=never,
                learned="opt_out" if never else None,
            )

    def _remove(self, call: Call, row: Row) -> Outcome:
        try:
            if self.target.on_remove == "remove_tags":
                self._tag(call, row, words(row.before, "tags"), "inactive")
            elif self.target.on_remove == "unsubscribe":
                call(Request("PATCH", self._member(row), json={"status": "unsubscribed"}))
            else:
                call(Request("DELETE", self._member(row)))
        except RefusedError as error:
            if error.code not in ("404", "405"):  # not there, or archived already
                raise
        return Outcome(row.seq, "acked")

    def _tag(self, call: Call, row: Row, tags: Sequence[str], status: str) -> None:
        if tags:
            body = {"tags": [{"name": tag, "status": status} for tag in tags]}
            call(Request("POST", f"{self._member(row)}/tags", json=body))

    def _member(self, row: Row) -> str:
        email = str(row.payload[self.target.key]).strip().lower()
        name = hashlib.md5(email.encode(), usedforsecurity=False).hexdigest()
        return f"/3.0/lists/{self._list}/members/{name}"
