"""Pipedrive persons, deals and organizations, found again by a custom field that holds our key.

API v2. Persons: https://developers.pipedrive.com/docs/api/v1/Persons; search: `/persons/search` and the like
Limits (a day's budget of tokens by plan and seat, 5 a write, 20 a search; 10 requests in 2 seconds at least):
https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting (all read 2026-11).
There is no upsert: a record that we do not know is searched for first. One run at a time holds the account, so nobody
of ours creates it meanwhile. The custom field is named by its key (40 hex digits), see `KEY_FIELDS`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Limits, Outcome, Rate, Request, Row, Takes
from activations.destinations._pipedrive import PipedriveAccount
from activations.errors import CredentialsError, InDoubtError, RefusedError, StopError
from activations.values import given, json_of

PLURALS = {
    "person": "persons",
    "deal": "deals",
    "organization": "organizations",
}
KEY_FIELDS = {
    "person": "MILLRACE_PIPEDRIVE_KEY_FIELD_PERSON",
    "deal": "MILLRACE_PIPEDRIVE_KEY_FIELD_DEAL",
    "organization": "MILLRACE_PIPEDRIVE_KEY_FIELD_ORGANIZATION",
}
NAMES = {"person": "name", "deal": "title", "organization": "name"}  # required of a new record
TOKENS_A_WRITE, TOKENS_A_SEARCH = 5, 20
TOKENS_A_DAY = 30_000  # the smallest plan, one seat; rate scale for more
SEARCH_LAG_SECONDS = 15.0  # ours: until what was made can be found
FOUND = "100"  # records that hold the same text in some field
MANY = frozenset({"emails", "phones"})
GONE = frozenset({"404", "410"})


class Pipedrive(PipedriveAccount):
    """Records of one company. After a doubt the search finds what had arrived, so replays are harmless."""

    name = "pipedrive"
    channel = "crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        name: frozenset({"upsert", "mirror"}) for name in PLURALS
    }
    takes: ClassVar[Mapping[str, Takes]] = {
        "contact": Takes(
            "person",
            "upsert",
            "person_id",
            {"full_name": "name", "email": "emails"},
            needs=("email",),
        ),
        "deal": Takes(
            "deal",
            "upsert",
            "deal_id",
            {"name": "title", "amount": "value", "pipeline": "pipeline_id", "stage": "stage_id"}
            | {"owner": "owner_id", "contact": "person_id"},
            needs=("name",),
            whole=frozenset({"pipeline_id", "stage_id", "owner_id", "person_id"}),
        ),
        "deal_move": Takes(
            "deal", "update", "id", {"stage": "stage_id"}, whole=frozenset({"stage_id"})
        ),
    }
    removals = frozenset({"delete"})
    limits = Limits("record", max_rows=1, max_bytes=1_000_000)  # none is stated
    rates = (
        Rate(10, 2.0),
        Rate(TOKENS_A_DAY // TOKENS_A_WRITE, 86_400.0, "write"),
        Rate(TOKENS_A_DAY // TOKENS_A_SEARCH, 86_400.0, "search"),
    )
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        variable = KEY_FIELDS[self.target.object]
        if not environ.get(variable):
            raise CredentialsError(variable)
        self._field = environ[variable]

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"/api/v2/{PLURALS[self.target.object]}", params={"limit": "1"}))

    @classmethod
    @override
    def requests_for(cls, rows: int) -> int:
        return 2 * rows

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        key = self.target.key
        record: dict[str, Any] = {"custom_fields": {self._field: str(row.payload[key])}}
        if (
            self.target.mode == "update"
        ):  # by the vendor's id: a record that others made bears no key of ours
            record = {"custom_fields": {}} if self.target.custom_fields else {}
        for name, value in given(row, key).items():
            if name in MANY:
                listed = [] if value is None else [{"value": str(value), "primary": True}]
                record[name] = listed
            elif name in self.target.custom_fields:
                record["custom_fields"][self.target.custom_fields[name]] = value
            else:
                record[name] = value
        return record

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        path = f"/api/v2/{PLURALS[self.target.object]}"
        for row in rows:
            number = row.vendor_id or self._number(call, path, row)
            if row.operation == "remove":
                if number is not None:
                    self._delete(call, f"{path}/{number}")
                yield Outcome(row.seq, "acked")
                continue
            response = self._change(call, path, number, row)
            if response is None and row.vendor_id:  # somebody may have made another in its place
                response = self._change(call, path, self._find(call, path, self._key(row)), row)
            if response is None:
                response = self._create(call, path, row)
            yield Outcome(row.seq, "acked", vendor_id=str(answers.body(response)["data"]["id"]))

    @override
    def classify(self, response: requests.Response) -> None:
        """Hurried on after 429, the vendor's proxy answers 403 with a page: that must end the run, not wait."""
        if response.status_code == 403 and not json_of(response):
            raise StopError("HTTP 403: the proxy has shut us out for ignoring 429; wait a while")
        answers.classify(response)

    def _change(
        self, call: Call, path: str, number: str | None, row: Row
    ) -> requests.Response | None:
        """Change the record of a number; None when there is none, or it was deleted there and may be made again."""
        if number is None:
            return None
        body = self.encoded(row)
        try:
            return call(Request("PATCH", f"{path}/{number}", json=body, rate="write"))
        except RefusedError as error:
            if error.code not in GONE or self.target.mode == "update":
                raise
            return None

    def _create(self, call: Call, path: str, row: Row) -> requests.Response:
        """Make a record; one whose answer was lost is searched for before it is made again."""
        body = self.encoded(row)
        # A record cannot be made without a name; one that we do not know is called by its address or key.
        name = NAMES[self.target.object]
        if not body.get(name):
            called = row.payload.get("emails") or row.payload[self.target.key]
            body = {**body, name: str(called)}
        new = Request("POST", path, json=body, replayable=False, rate="write")
        try:
            return call(new)
        except InDoubtError:
            call.wait(SEARCH_LAG_SECONDS / self.rate_scale)
            number = self._find(call, path, self._key(row))
            if number is None:
                return call(new)
            return call(Request("PATCH", f"{path}/{number}", json=body, rate="write"))

    def _number(self, call: Call, path: str, row: Row) -> str | None:
        key = self._key(row)
        return key if self.target.mode == "update" else self._find(call, path, key)

    def _key(self, row: Row) -> str:
        return str(row.payload[self.target.key])

    def _find(self, call: Call, path: str, key: str) -> str | None:
        """The record that holds our key in our field: the search looks in every custom field, and in any case."""
        params = {"term": key, "fields": "custom_fields", "exact_match": "true", "limit": FOUND}
        look = Request("GET", f"{path}/search", params=params, rate="search")
        for one in answers.body(call(look))["data"]["items"]:
            number = str(one["item"]["id"])
            try:
                record = answers.body(call(Request("GET", f"{path}/{number}")))["data"]
            except RefusedError as error:
                if error.code not in GONE:  # what was just deleted can still be found
                    raise
                continue
            ours = (record.get("custom_fields") or {}).get(self._field)
            if str(ours) == key and not record.get("is_deleted"):
                return number
        return None

    def _delete(self, call: Call, path: str) -> None:
        try:
            call(Request("DELETE", path, rate="write"))
        except RefusedError as error:
            if error.code not in GONE:
                raise
