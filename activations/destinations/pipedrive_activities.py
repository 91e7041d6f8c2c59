"""Pipedrive activities (calls, meetings, tasks): made once, changed by the id from the receipt.

API v2. Activities: https://developers.pipedrive.com/docs/api/v1/Activities; a person is set as first participant:
https://pipedrive.readme.io/docs/pipedrive-api-v2-migration-guide
Limits (a day's budget of tokens by plan and seat, 5 a write, 10 a list; 10 requests in 2 seconds at least):
https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting (all stated 2026-11).
Activities have no custom fields, so none can hold our key: what got no answer is looked for by what it hangs on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers, moments
from activations.connector import Call, Outcome, Rate, Request, Row, Takes
from activations.destinations._pipedrive import PipedriveAccount
from activations.destinations.pipedrive import TOKENS_A_DAY, TOKENS_A_WRITE
from activations.errors import InDoubtError, StopError
from activations.records import Records, body_id, same
from activations.values import given, json_of

SKEW = timedelta(minutes=5)  # between the vendor's clock and ours
TOKENS_A_LIST = 10
PAGE = "500"
COMPARED = ("subject", "type", "due_date")
HANGS_ON = ("deal_id", "person_id", "org_id", "lead_id")
PERSON = "person_id"
WHOLE = frozenset({"deal_id", "person_id", "org_id", "owner_id"})


class PipedriveActivities(PipedriveAccount, Records):
    """Activities with `subject`, `type`, `due_date` (YYYY-MM-DD) and the record they hang on."""

    name = "pipedrive_activities"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "activity": frozenset({"append", "upsert", "mirror"})
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"activity": ("subject", "type")}
    takes: ClassVar[Mapping[str, Takes]] = {
        "task": Takes(
            "activity",
            "append",
            "task_id",
            {"title": "subject", "due_on": "due_date", "owner": "owner_id", "contact": "person_id"},
            needs=("title", "contact"),
            whole=frozenset({"owner_id", "person_id"}),
            constants={"type": "task"},
        )
    }
    separate = frozenset({"activity"})
    removals = frozenset({"delete"})
    rates = (
        Rate(10, 2.0),
        Rate(TOKENS_A_DAY // TOKENS_A_WRITE, 86_400.0, "write"),
        Rate(TOKENS_A_DAY // TOKENS_A_LIST, 86_400.0, "list"),
    )
    change_method = "PATCH"
    rate_name = "write"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", self.path, params={"limit": "1"}, rate="list"))

    @property
    @override
    def path(self) -> str:
        return "/api/v2/activities"

    @override
    def number(self, response: requests.Response) -> str:
        return body_id(response, "data")

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        sent = {
            name: int(value) if name in WHOLE and value is not None else value
            for name, value in given(row, self.target.key).items()
        }
        if PERSON in sent:  # a fact of the answer only: it is whoever takes part first
            person = sent.pop(PERSON)
            sent["participants"] = (
                [] if person is None else [{"person_id": person, "primary": True}]
            )
        return sent

    @override
    def classify(self, response: requests.Response) -> None:
        """Hurried on after 429, the vendor's proxy answers 403 with a page: that must end the run, not wait."""
        if response.status_code == 403 and not json_of(response):
            raise StopError("HTTP 403: the proxy has shut us out for ignoring 429; wait a while")
        answers.classify(response)

    @override
    def find(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for the same activity on the same record, made no earlier than the attempt."""
        sent = self.encoded(row)
        since = (attempted_at - SKEW).strftime("%Y-%m-%dT%H:%M:%SZ")
        params = {"limit": PAGE, "sort_by": "add_time", "sort_direction": "desc"}
        params |= {"updated_since": since}
        params |= {n: str(row.payload[n]) for n in HANGS_ON if row.payload.get(n) is not None}
        look = Request("GET", self.path, params=params, rate="list")
        found = list(answers.body(call(look))["data"] or [])
        for one in found:
            made = moments.read(one.get("add_time"))
            if made is not None and made < attempted_at - SKEW:
                continue
            if same(one, sent, COMPARED):
                return Outcome(row.seq, "acked", vendor_id=str(one["id"]))
        if len(found) >= int(PAGE):
            raise InDoubtError("there are more activities than one page shows")
        return None
