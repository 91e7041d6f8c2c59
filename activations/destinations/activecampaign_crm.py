"""ActiveCampaign deals, tasks and notes: made once, changed by the id from the receipt.

API v3. https://developers.activecampaign.com/reference/create-a-deal-new (value in cents, currency in lower case),
https://developers.activecampaign.com/reference/create-a-deal-task-new, https://developers.activecampaign.com/reference/create-a-note
and their updates: https://developers.activecampaign.com/reference/update-a-deal-new (all of a note is sent each time)
5 requests a second and account: https://developers.activecampaign.com/reference/rate-limits (all stated 2026-11).
None of them is idempotent or has a key of ours: what got no answer is looked for among the newest of the same record.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers, moments
from activations.connector import Call, Outcome, Request, Row, Takes
from activations.destinations._activecampaign import API, ActiveCampaignAccount
from activations.errors import InDoubtError
from activations.records import Records, body_id, same
from activations.values import given

SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
PATHS = {"deal": "deals", "task": "dealTasks", "note": "notes"}
ENVELOPES = {"deal": "deal", "task": "dealTask", "note": "note"}
WHOLE = frozenset({"value", "relid", "dealTasktype", "assignee", "status", "percent"})
PAGE = "100"


class ActiveCampaignCrm(ActiveCampaignAccount, Records):
    """Deals, tasks of contacts or deals, and notes on contacts; columns are the vendor's field names."""

    name = "activecampaign_crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        thing: frozenset({"append", "upsert", "mirror"}) for thing in PATHS
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "deal": ("title", "contact", "value", "currency"),
        "task": ("title", "relid", "duedate", "dealTasktype"),
        "note": ("note", "relid"),
    }
    takes: ClassVar[Mapping[str, Takes]] = {
        "deal": Takes(
            "deal",
            "upsert",
            "deal_id",
            {"name": "title", "amount_cents": "value", "currency": "currency", "contact": "contact"}
            | {"pipeline": "group", "stage": "stage", "owner": "owner"},
            needs=("name", "contact", "currency"),
            whole=frozenset({"value"}),
        ),
        "deal_move": Takes("deal", "update", "id", {"stage": "stage"}),
        "task": Takes(
            "task",
            "append",
            "task_id",
            {"title": "title", "due_at": "duedate", "contact": "relid", "owner": "assignee"},
            needs=("title", "contact"),
            constants={"reltype": "Subscriber", "dealTasktype": "1"},
        ),
        "notify": Takes(
            "note", "append", "note_id", {"text": "note", "contact": "relid"}, needs=("contact",)
        ),
    }
    removals = frozenset({"delete"})
    separate = frozenset(PATHS)

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"{API}/{PATHS[self.target.object]}", params={"limit": "1"}))

    @property
    @override
    def path(self) -> str:
        return f"{API}/{PATHS[self.target.object]}"

    @override
    def number(self, response: requests.Response) -> str:
        return body_id(response, ENVELOPES[self.target.object])

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        fields = {
            name: "" if value is None else int(value) if name in WHOLE else str(value)
            for name, value in given(row, self.target.key).items()
            if value is not None or name not in WHOLE
        }
        if self.target.object == "note":
            fields["reltype"] = fields.get("reltype") or "Subscriber"
        if self.target.object == "deal" and fields.get("currency"):
            fields["currency"] = str(fields["currency"]).lower()
        return {ENVELOPES[self.target.object]: fields}

    @override
    def change(self, row: Row) -> dict[str, Any]:
        """Of a note all is sent, and what it hangs on as text."""
        body: dict[str, Any] = self.encoded(row)
        if self.target.object == "note":
            body["note"]["relid"] = str(row.payload["relid"])
        return body

    @override
    def find(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for a record with the same fields, made no earlier than the attempt."""
        sent = self.encoded(row)[ENVELOPES[self.target.object]]
        found, compared = self._candidates(call, sent)
        for one in found:
            made = moments.read(one.get("cdate"))
            if made is not None and made < attempted_at - SKEW:
                continue
            if same(one, sent, compared):
                return Outcome(row.seq, "acked", vendor_id=str(one["id"]))
        if len(found) >= int(PAGE):
            raise InDoubtError("there are more records than one page shows")
        return None

    def _candidates(
        self, call: Call, sent: Mapping[str, Any]
    ) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
        """Records that may be the one, and the fields by which it is told."""
        params = {"limit": PAGE}
        compared: tuple[str, ...] = ("title", "note")
        if self.target.object == "note":
            if sent["reltype"] != "Subscriber":
                raise InDoubtError("only the notes of contacts can be looked through")
            path, compared = f"{API}/contacts/{sent['relid']}/notes", ("note",)
        elif self.target.object == "task":
            path = f"{API}/dealTasks"
            params |= {"filters[title]": str(sent["title"]), "filters[relid]": str(sent["relid"])}
        else:
            path, compared = f"{API}/deals", ("title", "contact", "value")
            params |= {"filters[title]": str(sent["title"])}
        answer = answers.body(call(Request("GET", path, params=params)))
        return list(answer[PATHS[self.target.object]]), compared
