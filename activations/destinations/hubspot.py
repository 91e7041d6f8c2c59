"""HubSpot contacts, companies, deals and tasks by batch upsert, and the members of static lists.

CRM API v3. Upsert (100 a request): https://developers.hubspot.com/docs/api-reference/crm-deals-v3/batch/post-crm-v3-objects-0-3-batch-upsert
Lists: https://developers.hubspot.com/docs/api-reference/crm-lists-v3/memberships/put-crm-v3-lists-listId-memberships-add-and-remove
Associations: https://developers.hubspot.com/docs/api-reference/crm-associations-v4/batch/post-crm-v4-associations-fromObjectType-toObjectType-batch-associate-default
Limits: https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
Errors: https://developers.hubspot.com/docs/api-reference/error-handling (all read 2026-11).
Contacts are found by e-mail; the portal needs a property with unique values for each other object: see `ID_PROPERTIES`.
Every other column goes out under its name; `hubspot_contact_id` and the like tie the record to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, Takes
from activations.destinations import _hubspot_members
from activations.destinations._hubspot_ties import tie
from activations.errors import StopError, ThrottledError
from activations.token_account import TokenAccount
from activations.values import text

ID_PROPERTIES = {
    "contact": "email",
    "company": "millrace_company_id",
    "deal": "millrace_deal_id",
    "task": "millrace_task_id",
}
PLURALS = {"contact": "contacts", "company": "companies", "deal": "deals", "task": "tasks"}
TIES = {"hubspot_contact_id": "contacts", "hubspot_company_id": "companies"} | {
    "hubspot_deal_id": "deals"
}
RECORD_ID = "hs_object_id"  # the vendor's own; an update by it is of a record that others made
MODES = frozenset({"upsert", "update", "mirror"})
MAX_ROWS = 100
# HubSpot states no size per request; this keeps a request well below common proxies' limits.
MAX_BYTES = 3_000_000
MEMBERS = Limits("members", max_rows=10_000, max_bytes=MAX_BYTES)  # the vendor takes 100,000 ids
LOCKED, MOVING = 423, 477  # after much in a short time; while the account changes its data centre
LOCK_SECONDS = 2.0


class HubSpot(TokenAccount):
    """Records in one portal. Replays are harmless: a record is found again by its unique property."""

    name = "hubspot"
    channel = "crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        **dict.fromkeys(ID_PROPERTIES, MODES),
        "list_member": frozenset({"upsert", "mirror"}),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "contact": ("email",),
        "list_member": ("list_id", "record_id"),
    }
    separate = frozenset({"list_member"})
    removals = frozenset({"archive", "remove_from_list"})
    remembers = ("list_id", "record_id")
    takes: ClassVar[Mapping[str, Takes]] = {
        "contact": Takes(
            "contact", "upsert", "email", {"first_name": "firstname", "last_name": "lastname"}
        ),
        "deal": Takes(
            "deal",
            "upsert",
            "deal_id",
            {"name": "dealname", "pipeline": "pipeline", "stage": "dealstage", "amount": "amount"}
            | {"owner": "hubspot_owner_id", "contact": "hubspot_contact_id"},
            needs=("name", "pipeline", "stage"),
        ),
        "deal_move": Takes("deal", "update", RECORD_ID, {"stage": "dealstage"}),
        "task": Takes(
            "task",
            "upsert",
            "task_id",
            {"title": "hs_task_subject", "due_at": "hs_timestamp", "owner": "hubspot_owner_id"}
            | {"contact": "hubspot_contact_id"},
            needs=("title", "due_at"),
            constants={"hs_task_status": "NOT_STARTED"},
        ),
        "field": Takes("contact", "upsert", "email", {}),
    }
    key_in = "MILLRACE_HUBSPOT_TOKEN"
    needs = (key_in,)
    url_in = "MILLRACE_HUBSPOT_URL"
    scale_in = "MILLRACE_HUBSPOT_RATE_SCALE"
    vendor_url = "https://api.hubapi.com"
    limits = Limits("upsert", MAX_ROWS, MAX_BYTES)
    # Private apps on free and starter portals; professional and enterprise have 190 (rate scale 1.9).
    rates = (Rate(100, 10.0), Rate(250_000, 86_400.0))
    parallel = 4  # the vendor counts requests, not how many are open; one at a time would not reach what it allows
    rows_go_whole = True
    replay_safe = True

    @cached_property
    def _not_properties(self) -> frozenset[str]:
        return frozenset({*TIES, self.target.key})

    @override
    def check(self, call: Call) -> None:
        thing = self.target.object
        path = (
            f"properties/{PLURALS[thing]}/{ID_PROPERTIES[thing]}" if thing in PLURALS else "lists/"
        )
        call(Request("GET", f"/crm/v3/{path}"))

    @override
    def lane(self, row: Row, total: int) -> Limits:
        if self.target.object == "list_member":
            return MEMBERS
        if row.operation == "remove":
            return Limits("archive", MAX_ROWS, MAX_BYTES)
        return (
            Limits("update", MAX_ROWS, MAX_BYTES) if self.target.mode == "update" else self.limits
        )

    @override
    def encode(self, row: Row) -> Any:
        if self.target.object == "list_member":
            return str({**row.payload, **row.before}.get("record_id"))
        if row.operation == "remove":
            return {"id": row.vendor_id}
        # An empty text clears a property; on creation there is nothing to clear.
        clears, ours = row.operation == "update", self._not_properties
        by = {} if self.target.key == RECORD_ID else {"idProperty": self._id_property}
        return {
            "id": str(row.payload[self.target.key]),
            **by,
            "objectWriteTraceId": str(row.seq),
            "properties": {
                name: value if type(value) is str else "" if value is None else text(value)
                for name, value in row.payload.items()
                if name not in ours and (value is not None or clears)
            },
        }

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == MEMBERS.name:
            yield from _hubspot_members.send(call, rows)
            return
        batch = f"/crm/v3/objects/{PLURALS[self.target.object]}/batch"
        if lane.name == "archive":
            known = [row for row in rows if row.vendor_id]
            yield from (
                Outcome(r.seq, "acked") for r in rows if not r.vendor_id
            )  # never created there
            if known:
                ids = {"inputs": [self.encoded(row) for row in known]}
                call(Request("POST", f"{batch}/archive", json=ids))
            yield from (Outcome(row.seq, "acked") for row in known)
            return
        inputs = [self.encoded(row) for row in rows]
        answer = answers.body(
            call(Request("POST", f"{batch}/{lane.name}", json={"inputs": inputs}))
        )
        by_key = {str(row.payload[self.target.key]).lower(): row.seq for row in rows}
        numbers = {
            self._seq_of(result, by_key): str(result["id"]) for result in answer.get("results", [])
        }
        thing, columns = PLURALS[self.target.object], self.target.columns
        ends = {name: f"{thing}/{other}" for name, other in TIES.items() if name in columns}
        untied = tie(call, rows, numbers, ends)
        for seq, number in numbers.items():
            if seq in untied:
                code, message = untied[seq]
                yield Outcome(seq, "rejected", number, code, message)
            else:
                yield Outcome(seq, "acked", vendor_id=number)
        for error in answer.get("errors", []):
            yield from self._failures(error, by_key)

    @override
    def classify(self, response: requests.Response) -> None:
        """A lock and a move mean later; a property that the portal lacks is no row's fault."""
        status = response.status_code
        if status in (LOCKED, MOVING):
            told = answers.wait_seconds(response)
            raise ThrottledError(LOCK_SECONDS if told is None and status == LOCKED else told)
        if status == 400 and answers.says(response, "PROPERTY_DOESNT_EXIST"):
            words = answers.explain(response)
            raise StopError(f"HTTP 400: {words}; make the property or leave the column out")
        answers.classify(response)

    @property
    def _id_property(self) -> str:
        return ID_PROPERTIES[self.target.object]

    def _seq_of(self, result: Mapping[str, Any], by_key: Mapping[str, int]) -> int:
        """The row of a result, by its trace id, else by the unique property; -1 where it names none."""
        seq = _seq(result.get("objectWriteTraceId"))
        if seq is None:
            key = str((result.get("properties") or {}).get(self._id_property)).lower()
            return by_key.get(key, -1)
        return seq

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
