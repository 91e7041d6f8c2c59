"""Brevo deals, tasks and notes: made once, changed by the id from the receipt.

API v3. https://developers.brevo.com/reference/post_crm-deals (attributes as the account defines them),
https://developers.brevo.com/reference/post_crm-tasks, https://developers.brevo.com/reference/post_crm-notes
100 requests an hour, as for every endpoint that is not on the list: https://developers.brevo.com/docs/api-limits
(read 2026-11, all else stated 2026-11). None is idempotent or has a key of ours: what got no answer is looked for
among the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers, moments
from activations.connector import Call, Outcome, Rate, Request, Row
from activations.destinations._brevo import BrevoAccount
from activations.errors import InDoubtError
from activations.records import Records, body_id
from activations.values import given, words

SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
PAGE = "50"
OWN = {
    "deal": ("name",),
    "task": ("name", "taskTypeId", "date", "notes", "done", "assignToId", "duration"),
    "note": ("text",),
}
# Columns of ids separated by commas, by object, and whether they are numbers.
LISTS = {
    "deal": {"linkedContactsIds": int, "linkedCompaniesIds": str},
    "task": {"contactsIds": int, "dealsIds": str, "companiesIds": str},
    "note": {"contactIds": int, "dealIds": str, "companyIds": str},
}
TEXT = {"deal": "name", "task": "name", "note": "text"}


class BrevoCrm(BrevoAccount, Records):
    """Deals (columns that are not the vendor's own are attributes), tasks and notes."""

    name = "brevo_crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        thing: frozenset({"append", "upsert", "mirror"}) for thing in OWN
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "deal": ("name",),
        "task": ("name", "taskTypeId", "date"),
        "note": ("text",),
    }
    separate = frozenset(OWN)
    removals = frozenset({"delete"})
    needs = ("MILLRACE_BREVO_TOKEN",)
    rates = (Rate(100, 3_600.0),)
    scale_in = "MILLRACE_BREVO_CRM_RATE_SCALE"
    change_method = "PATCH"

    @property
    @override
    def path(self) -> str:
        return f"/v3/crm/{self.target.object}s"

    @override
    def number(self, response: requests.Response) -> str:
        return body_id(response)

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        thing = self.target.object
        body: dict[str, Any] = {}
        attributes: dict[str, Any] = {}
        for name, value in given(row, self.target.key).items():
            if name in LISTS[thing]:
                body[name] = [LISTS[thing][name](one) for one in words(row.payload, name)]
            elif name in OWN[thing]:
                body[name] = "" if value is None else value
            else:
                attributes[self.target.custom_fields.get(name, name)] = (
                    "" if value is None else value
                )
        return body | ({"attributes": attributes} if attributes else {})

    @override
    def change(self, row: Row) -> dict[str, Any]:
        """The links of a deal are changed by an endpoint of their own: here they stay as they were made."""
        body: dict[str, Any] = self.encoded(row)
        if self.target.object == "deal":
            body = {name: value for name, value in body.items() if name not in LISTS["deal"]}
        return body

    @override
    def find(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for a record with the same text among the newest, made no earlier than the attempt."""
        text = TEXT[self.target.object]
        look = Request("GET", self.path, params={"limit": PAGE, "sort": "desc"})
        found = answers.body(call(look)).get("items") or []
        for one in found:
            held = one.get("attributes") or one
            told = held.get("deal_name") if self.target.object == "deal" else one.get(text)
            made = moments.read(held.get("created_at") or one.get("createdAt"))
            if made is not None and made < attempted_at - SKEW:
                continue
            if str(told) == str(row.payload[text]):
                return Outcome(row.seq, "acked", vendor_id=str(one["id"]))
        if len(found) >= int(PAGE):
            raise InDoubtError("there are more records than one page shows")
        return None
