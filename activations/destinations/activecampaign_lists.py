"""ActiveCampaign's lists: contacts join; who left a list is never put back.

API v3. https://developers.activecampaign.com/reference/update-list-status-for-contact (1 joins, 2 leaves; 1 would bring an
opted-out contact back) and https://developers.activecampaign.com/reference/get-contact-lists
5 requests a second and account: https://developers.activecampaign.com/reference/rate-limits (all stated 2026-11).
The vendor does not tell who took a contact out of a list. If we did, too, we could never put anybody back: so we do not.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Request, Row, Takes
from activations.destinations._activecampaign import API, ActiveCampaignAccount
from activations.values import unfilled

JOINED, LEFT = "1", "2"


class ActiveCampaignLists(ActiveCampaignAccount):
    """Memberships with `email` and `list_id`, under a key of the sync's own; the contact must be there."""

    name = "activecampaign_lists"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"list_member": frozenset({"upsert"})}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"list_member": ("email", "list_id")}
    takes: ClassVar[Mapping[str, Takes]] = {
        "list": Takes(
            "list_member",
            "upsert",
            "member_id",
            {"email": "email", "list": "list_id"},
            needs=("email",),
        )
    }
    separate = frozenset({"list_member"})
    limits = Limits("membership", max_rows=1, max_bytes=10_000)
    replay_safe = True

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"{API}/lists", params={"limit": "1"}))

    @classmethod
    @override
    def requests_for(cls, rows: int) -> int:
        return 3 * rows

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        return {"contactList": {"list": str(row.payload.get("list_id")), "status": JOINED}}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield unfilled(row, "email", "list_id") or self._join(call, row)

    def _join(self, call: Call, row: Row) -> Outcome:
        number = str(row.payload["list_id"])
        contact = self._contact(call, str(row.payload["email"]))
        if contact is None:
            message = "there is no such contact yet"
            return Outcome(row.seq, "rejected", code="no_contact", message=message)
        status = self._status(call, contact, number)
        if status == LEFT:
            message = "the contact has left this list"
            return Outcome(row.seq, "rejected", None, "left", message, permanent=True)
        if status != JOINED:
            link = {"list": number, "contact": contact, "status": JOINED}
            request = Request("POST", f"{API}/contactLists", json={"contactList": link})
            answers.body(call(request))["contactList"]
        return Outcome(row.seq, "acked", vendor_id=contact)

    def _contact(self, call: Call, email: str) -> str | None:
        params = {"email": email}
        found = answers.body(call(Request("GET", f"{API}/contacts", params=params)))["contacts"]
        return str(found[0]["id"]) if found else None

    def _status(self, call: Call, contact: str, number: str) -> str | None:
        look = Request("GET", f"{API}/contacts/{contact}/contactLists")
        links = answers.body(call(look))["contactLists"]
        return next((str(one["status"]) for one in links if str(one["list"]) == number), None)
