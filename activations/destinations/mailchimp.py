"""Mailchimp members of one audience, 500 at a time, with tags; nobody who left is ever subscribed again.

Removals, and members who lose a tag, take a request each; many of them go as operations of one job instead.
Marketing API 3.0. Members: https://mailchimp.com/developer/marketing/api/lists/batch-subscribe-or-unsubscribe/
Tags: https://mailchimp.com/developer/marketing/api/list-member-tags/
Limits (10 connections at once, no rate, no header): https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling
(all read 2026-11).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from typing_extensions import override

from activations import answers
from activations.connector import Call, Job, Learned, Limits, Outcome, Request, Row
from activations.destinations._mailchimp import BATCHES, Operation, Result, results
from activations.destinations._mailchimp_answers import LEARNED, refused, rejected
from activations.destinations._mailchimp_audience import MailchimpAudience
from activations.errors import RefusedError
from activations.values import gone, words

BATCH = Limits("batch", max_rows=500, max_bytes=5_000_000)  # the vendor states no size
SINGLE = Limits("member", max_rows=1, max_bytes=5_000_000)
# A member takes two operations at most; as texts within the request they take more bytes than by themselves.
OPERATIONS = Limits("operations", max_rows=500, max_bytes=2_000_000)
FEW = 20  # in plans of so few a job would take longer than asking one by one
GONE = (404, 405)  # to a removal: not there, or archived already
EXISTS = "ERROR_CONTACT_EXISTS"


class Mailchimp(MailchimpAudience):
    """Members by e-mail. A status goes out only with members that are new, so replays change nothing."""

    name = "mailchimp"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"member": frozenset({"upsert", "mirror"})}
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"member": ("email", "email_address")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"member": ("email_address",)}
    removals = frozenset({"archive", "unsubscribe", "remove_tags"})
    limits = BATCH
    parallel = 10
    replay_safe = True
    remembers = ("tags",)

    @override
    def lane(self, row: Row, total: int) -> Limits:
        # A batch can only add tags.
        if row.operation != "remove" and not gone(row, "tags"):
            return BATCH
        return SINGLE if total <= FEW else OPERATIONS

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == OPERATIONS.name:
            yield from self._job(call, rows)
            return
        if lane.name == SINGLE.name:
            yield from self._alone(call, rows[0])
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
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """Accepted is not done: the archive of a finished job tells what came of each operation."""
        found = results(call, job.handle)
        return None if found is None else self._told(found, job.rows)

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
            yield rejected(seq, str(error.get("error_code") or "ERROR"), str(error.get("error")))

    def _job(self, call: Call, rows: Sequence[Row]) -> Iterator[Outcome]:
        asked = {row.seq: self._operations(row) for row in rows}
        forms = [one.form() for operations in asked.values() for one in operations]
        job = ""
        if forms:
            answer = answers.body(call(Request("POST", BATCHES, json={"operations": forms})))
            job = str(answer["id"])
        for row in rows:
            if asked[row.seq]:
                yield Outcome(row.seq, "submitted", job=job)
            else:  # nothing of ours is there to take away
                yield Outcome(row.seq, "acked", vendor_id=row.vendor_id)

    def _alone(self, call: Call, row: Row) -> Iterator[Outcome]:
        """A removal, or a member with the tags that we take away."""
        found: dict[str, Result] = {}
        for one in self._operations(row):
            try:
                response = call(Request(one.method, one.path, json=one.body))
                found[one.name] = Result(response.status_code, answers.body(response))
            except RefusedError as error:
                found[one.name] = Result(int(error.code), {"detail": error.message})
        yield from self._told(found, [row])

    def _operations(self, row: Row) -> list[Operation]:
        """What a row asks for, one request after the other; the vendor may do them in any order."""
        place = self._member(row)
        if row.operation == "remove":
            if self.target.on_remove == "unsubscribe":
                return [Operation(f"{row.seq}.0", "PATCH", place, {"status": "unsubscribed"})]
            if self.target.on_remove != "remove_tags":
                return [Operation(f"{row.seq}.0", "DELETE", place)]
            kept, lost, fields = [], words(row.before, "tags"), {}
        else:
            kept, lost, fields = words(row.payload, "tags"), gone(row, "tags"), self.encode(row)
        tags = [{"name": tag, "status": "active"} for tag in kept]
        tags += [{"name": tag, "status": "inactive"} for tag in lost]
        for not_theirs in ("status", "tags", "email_address"):
            fields.pop(not_theirs, None)
        made = [Operation(f"{row.seq}.0", "POST", f"{place}/tags", {"tags": tags})] if tags else []
        return made + ([Operation(f"{row.seq}.1", "PATCH", place, fields)] if fields else [])

    def _told(self, found: Mapping[str, Result], rows: Sequence[Row]) -> Iterator[Outcome]:
        """What the results say of each row; a row of which one is missing is left out, and comes again."""
        for row in rows:
            asked = self._operations(row)
            told = [found[one.name] for one in asked if one.name in found]
            if len(told) < len(asked):
                continue
            done = GONE if row.operation == "remove" else ()
            bad = [one for one in told if one.status not in (*range(200, 300), *done)]
            if bad:
                yield refused(row.seq, bad[0])
                continue
            learned = [LEARNED.get(str(one.body.get("status"))) for one in told]
            closed: Learned | None = next((word for word in learned if word), None)
            closed = None if row.operation == "remove" else closed
            yield Outcome(row.seq, "acked", vendor_id=row.vendor_id, learned=closed)

    def _member(self, row: Row) -> str:
        email = str(row.payload[self.target.key]).strip().lower()
        name = hashlib.md5(email.encode(), usedforsecurity=False).hexdigest()
        return f"/3.0/lists/{self._list}/members/{name}"
