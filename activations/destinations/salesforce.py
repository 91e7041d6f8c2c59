"""Salesforce records by external id: collections of 200 for few, Bulk API 2.0 for many.

REST API v64.0. Collections: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_sobjects_collections_upsert.htm
Bulk 2.0 (150 MB a job, advised above 2,000 records): https://developer.salesforce.com/docs/atlas.en-us.api_asynch.meta/api_asynch/bulk_api_2_0_ingest.htm
Limits (100,000 requests a day and more by licence): https://developer.salesforce.com/docs/atlas.en-us.salesforce_app_limits_cheatsheet.meta/salesforce_app_limits_cheatsheet/salesforce_app_limits_platform_api.htm
(all stated 2026-11). The key column's name is the external id field, e.g. `Millrace_Id__c`; all columns are API names.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Job, Limits, Outcome, Rate, Request, Row, scale
from activations.errors import InDoubtError, RefusedError, StopError, ThrottledError
from activations.values import given, text

API = "/services/data/v64.0"
INGEST = f"{API}/jobs/ingest"
FAILED = "Failed"
ENDS = ("JobComplete", FAILED, "Aborted")
COLLECTION = Limits("collection", max_rows=200, max_bytes=5_000_000)  # no size is stated
REMOVE = Limits("remove", max_rows=200, max_bytes=100_000)
# A job may hold 150 MB in base64; JSON, which the engine measures, is larger than CSV.
BULK = Limits("bulk", max_rows=100_000, max_bytes=100_000_000)
MANY = 2_000
LIMIT_SECONDS = 900.0  # the day's limit is over a sliding 24 hours, and says no time
BUSY = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "REQUEST_RUNNING_TOO_LONG"})
# To a removal: not there any more, or its number was taken back.
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})
# Of the whole request: the org has no such object or field, which is no row's fault.
UNKNOWN = frozenset({"INVALID_FIELD", "INVALID_TYPE", "NOT_FOUND"})
OBJECTS = ("Account", "Contact", "Lead", "Opportunity", "Task", "CampaignMember")


class Salesforce(Connector):
    """Records of one org. They are found by external id, so replays are harmless."""

    name = "salesforce"
    channel = "crm"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        name: frozenset({"upsert", "mirror"}) for name in OBJECTS
    }
    removals = frozenset({"delete"})
    needs = (
        "MILLRACE_SALESFORCE_URL",
        "MILLRACE_SALESFORCE_CLIENT_ID",
        "MILLRACE_SALESFORCE_CLIENT_SECRET",
    )
    limits = COLLECTION
    rates = (Rate(100_000, 86_400.0),)
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url, self._client, self._secret = (environ[name] for name in self.needs)
        self.rate_scale = scale(environ, "MILLRACE_SALESFORCE_RATE_SCALE")
        self._token = ""

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return tuple(text for text in (self._secret, self._token) if text)

    @override
    def authorise(self, session: requests.Session) -> None:
        self._session = session

    @override
    def check(self, call: Call) -> None:
        self.prepare(call)
        call(Request("GET", f"{API}/limits"))

    @override
    def prepare(self, call: Call) -> None:
        """A token for this run, by the client credentials flow."""
        form = [("grant_type", "client_credentials"), ("client_id", self._client)]
        form.append(("client_secret", self._secret))
        answer = answers.body(call(Request("POST", "/services/oauth2/token", form=form)))
        self._token = str(answer["access_token"])
        self._session.headers["Authorization"] = f"Bearer {self._token}"

    @override
    def lane(self, row: Row, total: int) -> Limits:
        if row.operation == "remove":
            return REMOVE
        return BULK if total > MANY else COLLECTION

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        if row.operation == "remove":
            return {"id": row.vendor_id}
        key = self.target.key
        fields = {**given(row, key), key: str(row.payload[key])}
        return {"attributes": {"type": self.target.object}, **fields}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == BULK.name:
            job = self._bulk(call, rows)
            yield from (Outcome(row.seq, "submitted", job=job) for row in rows)
        elif lane.name == REMOVE.name:
            yield from self._remove(call, rows)
        else:
            path = f"{API}/composite/sobjects/{self.target.object}/{self.target.key}"
            body = {"allOrNone": False, "records": [self.encoded(row) for row in rows]}
            try:
                answer = call(Request("PATCH", path, json=body))
            except RefusedError as error:
                if error.code != "404":
                    raise
                raise StopError(f"HTTP 404: {error.message}") from None
            yield from _in_order(rows, answers.items(answer))

    @override
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """Records that are in neither list were not processed, and come again; of a failed job, with its reason."""
        if not self._token:
            self.prepare(call)
        path = f"{INGEST}/{job.handle}"
        told = answers.body(call(Request("GET", path)))
        return self._results(call, path, told, job.rows) if told["state"] in ENDS else None

    @override
    def classify(self, response: requests.Response) -> None:
        """Errors are an array; the limit of requests is a 403, and a bad client a 400."""
        errors: Any = None
        if response.status_code in (400, 401, 403, 404):
            try:
                errors = response.json()
            except ValueError:
                errors = None
        if isinstance(errors, dict) and errors.get("error"):
            raise StopError(f"HTTP {response.status_code}: {errors['error']}; check the client")
        if isinstance(errors, list) and errors and isinstance(errors[0], dict):
            code, message = str(errors[0].get("errorCode")), str(errors[0].get("message"))
            if code == "REQUEST_LIMIT_EXCEEDED":
                raise ThrottledError(LIMIT_SECONDS / self.rate_scale)
            if response.status_code == 404:  # of a job: it is not known any more
                raise RefusedError("404", f"{code}: {message}")
            if response.status_code == 400 and code not in UNKNOWN:
                raise RefusedError(code, message)
            raise StopError(f"HTTP {response.status_code}: {code}: {message}")
        answers.classify(response)

    def _remove(self, call: Call, rows: Sequence[Row]) -> Iterator[Outcome]:
        yield from (Outcome(row.seq, "acked") for row in rows if not row.vendor_id)  # never created
        known = [row for row in rows if row.vendor_id]
        if known:
            params = {"ids": ",".join(str(row.vendor_id) for row in known), "allOrNone": "false"}
            path, kind = f"{API}/composite/sobjects", {"Content-Type": "application/json"}
            answer = call(Request("DELETE", path, params=params, headers=kind))
            yield from _in_order(known, answers.items(answer), GONE)

    def _bulk(self, call: Call, rows: Sequence[Row]) -> str:
        """One job: made, filled and closed."""
        job = {"object": self.target.object, "operation": "upsert"}
        job |= {"externalIdFieldName": self.target.key, "contentType": "CSV", "lineEnding": "LF"}
        try:
            number = str(answers.body(call(Request("POST", INGEST, json=job)))["id"])
        except RefusedError as error:  # it holds no rows yet, so none is at fault
            raise StopError(f"no job can be made: {error}") from None
        kind = {"Content-Type": "text/csv; charset=UTF-8"}
        path = f"{INGEST}/{number}"
        call(Request("PUT", f"{path}/batches", content=self._csv(rows), headers=kind))
        call(Request("PATCH", path, json={"state": "UploadComplete"}))
        return number

    def _results(
        self, call: Call, path: str, told: Mapping[str, Any], rows: Sequence[Row]
    ) -> Iterator[Outcome]:
        key = self.target.key
        by_key = {str(row.payload[key]).strip().lower(): row.seq for row in rows}
        for record in _read_csv(call(Request("GET", f"{path}/successfulResults"))):
            seq = by_key.pop(record[key].strip().lower(), -1)
            yield Outcome(seq, "acked", vendor_id=record["sf__Id"])
        for record in _read_csv(call(Request("GET", f"{path}/failedResults"))):
            code, _, message = record["sf__Error"].partition(":")
            seq = by_key.pop(record[key].strip().lower(), -1)
            yield Outcome(seq, "deferred" if code in BUSY else "rejected", None, code, message)
        if told["state"] == FAILED:
            words = str(told.get("errorMessage") or "the job failed without a reason")
            yield from (Outcome(seq, "rejected", None, FAILED, words) for seq in by_key.values())

    def _csv(self, rows: Sequence[Row]) -> bytes:
        """An empty cell changes nothing, `#N/A` clears a field."""
        out = io.StringIO()
        writer = csv.DictWriter(out, list(self.target.columns), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            fields = given(row)
            writer.writerow({n: "#N/A" if v is None else text(v) for n, v in fields.items()})
        return out.getvalue().encode()


def _in_order(
    rows: Sequence[Row],
    results: Sequence[Mapping[str, Any]],
    fine: frozenset[str] = frozenset(),
) -> Iterator[Outcome]:
    """Results in the order of the request; errors that are `fine` ask for nothing."""
    if len(results) != len(rows):
        raise InDoubtError(f"{len(results)} results for {len(rows)} records")
    for row, result in zip(rows, results, strict=True):
        if result["success"]:
            yield Outcome(row.seq, "acked", vendor_id=str(result["id"]))
            continue
        error = result["errors"][0]
        code, message = str(error["statusCode"]), str(error["message"])
        if code in fine:
            yield Outcome(row.seq, "acked")
        else:
            yield Outcome(row.seq, "deferred" if code in BUSY else "rejected", None, code, message)


def _read_csv(response: requests.Response) -> Iterator[dict[str, str]]:
    response.encoding = "utf-8"
    yield from csv.DictReader(io.StringIO(response.text))
