"""Iterable users in bulk, and members of static lists.

API. Users (4 MB, 1,000 rows by custom, 5 a second): https://api.iterable.com/api/docs#users_bulkUpdateUser
Lists: https://api.iterable.com/api/docs#lists_subscribe (all stated 2026-11).
The answer lists failures by e-mail, kind by kind in `failedUpdates` and once more, whatever the kind, in the old
`invalidEmails`; and the fields it dropped without refusing anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.destinations._iterable import IterableAccount
from activations.errors import CredentialsError, RefusedError
from activations.values import given

BULK = Limits("bulk", max_rows=1_000, max_bytes=4_000_000)
SINGLE = Limits("single", max_rows=1, max_bytes=4_000_000)
LIST_IN = "MILLRACE_ITERABLE_LIST"  # the number of the static list
FORGOTTEN = "forgottenEmails"  # erased at the vendor for good
ABSENT = "notFoundEmails"
ABSENT_CODES = frozenset({"404", "NotFound", "UnknownEmailError"})
WORDS: Mapping[str, str] = {
    "invalidEmails": "it is no address that Iterable takes",
    "invalidDataEmails": "a field has another type there, which can never change",
    "conflictEmails": "another user there has this address or id",
    FORGOTTEN: "the person was erased there and is never taken again",
    ABSENT: "there is no such user",
    "validEmailFailures": "Iterable failed inside; the row is good",
}


class Iterable(IterableAccount):
    """Users by e-mail. Replays change nothing; a user's field types can never change."""

    name = "iterable"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "user": frozenset({"upsert", "mirror"}),
        "list_member": frozenset({"upsert", "mirror"}),
    }
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {
        "user": ("email", "email"),
        "list_member": ("email", "email"),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "user": ("email",),
        "list_member": ("email",),
    }
    removals = frozenset({"delete", "remove_from_list"})
    limits = BULK
    rates = (Rate(5, 1.0, "bulk"), Rate(100, 1.0, "delete"))
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        listed = environ.get(LIST_IN) or ""
        if self.target.object == "list_member" and not listed.isdigit():
            raise CredentialsError(LIST_IN)
        self._list = int(listed) if listed.isdigit() else 0

    @override
    def lane(self, row: Row, total: int) -> Limits:
        if row.operation == "remove" and self.target.object == "list_member":
            return Limits("unsubscribe", BULK.max_rows, BULK.max_bytes)
        return SINGLE if row.operation == "remove" else BULK

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        email = str(row.payload[self.target.key])
        if self.target.object == "list_member" or row.operation == "remove":
            return {"email": email}
        return {"email": email, "dataFields": given(row, self.target.key)}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == SINGLE.name:
            yield self._delete(call, rows[0])
            return
        people = [self.encoded(row) for row in rows]
        if self.target.object == "list_member":
            deed = "unsubscribe" if lane.name == "unsubscribe" else "subscribe"
            body: dict[str, Any] = {"listId": self._list, "subscribers": people}
            request = Request("POST", f"/api/lists/{deed}", json=body, rate="bulk")
        else:
            body = {"users": people, "createNewFields": True}
            request = Request("POST", "/api/users/bulkUpdate", json=body, rate="bulk")
        answer = answers.body(call(request))
        by_email = {str(row.payload[self.target.key]).strip().lower(): row.seq for row in rows}
        failed: dict[int, str] = {}
        for code, email in _failures(answer):
            failed.setdefault(by_email.get(email.strip().lower(), -1), code)
        if len(failed) != int(answer["failCount"]):
            raise RefusedError("failCount", "the answer counts failures that it does not name")
        if lane.name == "unsubscribe":  # who is not there is not on the list
            failed = {seq: code for seq, code in failed.items() if code != ABSENT}
        for seq, code in failed.items():
            is_forgotten = code == FORGOTTEN
            yield Outcome(
                seq,
                "rejected",
                code=code,
                message=WORDS.get(code, "refused"),
                permanent=is_forgotten,
                learned="opt_out" if is_forgotten else None,
            )
        dropped = sorted(answer.get("filteredOutFields") or [])
        words = f"fields dropped: {', '.join(dropped)}" if dropped else None
        yield from (
            Outcome(row.seq, "acked", message=words) for row in rows if row.seq not in failed
        )

    def _delete(self, call: Call, row: Row) -> Outcome:
        email = quote(str(row.payload[self.target.key]), safe="")
        try:
            call(Request("DELETE", f"/api/users/{email}", rate="delete"))
        except RefusedError as error:
            if error.code not in ABSENT_CODES:
                raise
        return Outcome(row.seq, "acked")


def _failures(answer: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Kind of failure and e-mail, the kinds of `failedUpdates` first: the list beside them knows no kinds."""
    for part in (answer.get("failedUpdates") or {}, answer):
        for code, emails in part.items():
            if code.endswith(("Emails", "EmailFailures")) and isinstance(emails, list):
                yield from ((code, str(email)) for email in emails)
