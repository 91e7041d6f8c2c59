"""ActiveCampaign deals, tasks and notes, each created once.

API v3. https://developers.activecampaign.com/reference/create-a-deal-new (value in cents, currency in lower case),
https://developers.activecampaign.com/reference/create-a-deal-task-new, https://developers.activecampaign.com/reference/create-a-note
5 requests a second and account: https://developers.activecampaign.com/reference/rate-limits (all stated 2026-11).
None of them is idempotent or has a key of ours: what got no answer is looked for among the newest of the same record.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers, moments
from activations.connector import Call, Limits, Outcome, Request, Row
from activations.destinations._activecampaign import API, ActiveCampaignAccount
from activations.errors import InDoubtError

SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
PATHS = {"deal": "deals", "task": "dealTasks", "note": "notes"}
ENVELOPES = {"deal": "deal", "task": "dealTask", "note": "note"}
WHOLE = frozenset({"value", "relid", "dealTasktype", "assignee", "status", "percent"})
PAGE = "100"


class ActiveCampaignCrm(ActiveCampaignAccount):
    """Deals, tasks of contacts or deals, and notes on contacts; columns are the vendor's field names."""

    name = "activecampaign_crm"
    channel = "crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        thing: frozenset({"append"}) for thing in PATHS
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "deal": ("title", "contact", "value", "currency"),
        "task": ("title", "relid", "duedate", "dealTasktype"),
        "note": ("note", "relid"),
    }
    limits = Limits("record", max_rows=1, max_bytes=400_000)
    replay_safe = False

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"{API}/{PATHS[self.target.object]}", params={"limit": "1"}))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        fields = {
            name: int(value) if name in WHOLE else str(value)
            for name, value in row.payload.items()
            if name != self.target.key and value is not None
        }
        if self.target.object == "note":
            fields.setdefault("reltype", "Subscriber")
        if self.target.object == "deal":
            fields["currency"] = str(fields["currency"]).lower()
        return {ENVELOPES[self.target.object]: fields}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            needed = self.required[self.target.object]
            empty = [name for name in needed if row.payload.get(name) is None]
            if empty:
                message = f"{empty[0]} is empty"
                yield Outcome(row.seq, "rejected", code="missing", message=message)
                continue
            path = f"{API}/{PATHS[self.target.object]}"
            answer = answers.body(call(Request("POST", path, json=self.encode(row))))
            number = str(answer[ENVELOPES[self.target.object]]["id"])
            yield Outcome(row.seq, "acked", vendor_id=number)

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for a record with the same fields, made no earlier than the attempt."""
        sent = self.encode(row)[ENVELOPES[self.target.object]]
        found, compared = self._candidates(call, sent)
        for one in found:
            made = moments.read(one.get("cdate"))
            if made is not None and made < attempted_at - SKEW:
                continue
            if all(str(one.get(name) or "") == str(sent.get(name) or "") for name in compared):
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
