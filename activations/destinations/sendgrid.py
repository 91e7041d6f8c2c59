"""SendGrid marketing contacts, upserted by jobs that are followed to their end.

API v3. Contacts (30,000 or 6 MB a request): https://www.twilio.com/docs/sendgrid/api-reference/contacts/add-or-update-a-contact
Jobs: https://www.twilio.com/docs/sendgrid/api-reference/contacts/import-contacts-status
Rates (headers `X-RateLimit-*`, no published figure):
https://www.twilio.com/docs/sendgrid/api-reference/how-to-use-the-sendgrid-v3-api/rate-limits (all read 2026-11).
A job's report counts failures and gives the address of a file about them; who is not named there is found by halving.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers, result_files
from activations.connector import Call, Job, Limits, Outcome, Request, Row, State
from activations.destinations._sendgrid import SendGridAccount
from activations.errors import JobRefusedError, RefusedError
from activations.values import given, json_of, text, words

CONTACTS = "/v3/marketing/contacts"
UPSERT = Limits("upsert", max_rows=30_000, max_bytes=6_000_000)
REMOVE = Limits("remove", max_rows=100, max_bytes=100_000)  # ids and addresses go in one query
RESERVED = frozenset({"email", "first_name", "last_name", "city", "country", "postal_code"}) | {
    "state_province_region",
    "address_line_1",
    "address_line_2",
    "external_id",
    "anonymous_id",
    "phone_number_id",
    "alternate_emails",
}
LISTS = frozenset({"alternate_emails"})  # texts separated by commas here, lists there


class SendGrid(SendGridAccount):
    """Contacts by e-mail; columns that are no reserved field are custom fields, made on first use."""

    name = "sendgrid"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"contact": frozenset({"upsert", "mirror"})}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"contact": ("email",)}
    removals = frozenset({"delete"})
    needs = ("MILLRACE_SENDGRID_TOKEN",)
    limits = UPSERT
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        lists = environ.get("MILLRACE_SENDGRID_LISTS") or ""
        self._lists = [name.strip() for name in lists.split(",") if name.strip()]
        self._fields: dict[str, tuple[str, str]] = {}  # id and type by column
        self._reserved = set(RESERVED)

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/marketing/field_definitions"))

    @override
    def prepare(self, call: Call) -> None:
        columns = [name for name in self.target.columns if name not in RESERVED]
        if not columns:
            return
        path = "/v3/marketing/field_definitions"
        defined = answers.body(call(Request("GET", path)))
        known = {str(one["name"]).lower(): one for one in defined.get("custom_fields") or []}
        # Names of the vendor's own are refused as custom fields, and its list of them changes.
        own = (one for one in defined.get("reserved_fields") or [] if not one.get("read_only"))
        self._reserved |= {str(one["name"]) for one in own}
        for column in columns:
            if column in self._reserved:
                continue
            title = self.target.custom_fields.get(column, column)
            if title.lower() not in known:
                new = {"name": title, "field_type": "Text"}
                answer = answers.body(call(Request("POST", path, json=new, replayable=False)))
                known[title.lower()] = answer
            field = known[title.lower()]
            self._fields[column] = str(field["id"]), str(field["field_type"])

    @override
    def lane(self, row: Row, total: int) -> Limits:
        return REMOVE if row.operation == "remove" else UPSERT

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        contact: dict[str, Any] = {"email": str(row.payload[self.target.key])}
        custom: dict[str, Any] = {}
        for name, value in given(row, self.target.key).items():
            if name in LISTS:
                contact[name] = words(row.payload, name)
            elif name in self._reserved:
                contact[name] = "" if value is None else text(value)
            elif name in self._fields:
                field, kind = self._fields[name]
                empty = "" if kind == "Text" else None
                kept = value if kind == "Number" or value is None else text(value)
                custom[field] = empty if value is None else kept
        return contact | ({"custom_fields": custom} if custom else {})

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == REMOVE.name:
            job = self._remove(call, rows)
        else:
            body: dict[str, Any] = {"contacts": [self.encoded(row) for row in rows]}
            if self._lists:
                body["list_ids"] = self._lists
            job = str(answers.body(call(Request("PUT", CONTACTS, json=body)))["job_id"])
        state: State = "submitted" if job else "acked"
        yield from (Outcome(row.seq, state, job=job) for row in rows)

    @override
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        report = answers.body(call(Request("GET", f"{CONTACTS}/imports/{job.handle}")))
        if report["status"] == "pending":
            return None
        results = report.get("results") or {}
        failed = int(results.get("errored_count") or 0)
        if report["status"] != "completed" or failed:
            message = f"the import counts {failed} failed contacts"
            files = [str(results["errors_url"])] if results.get("errors_url") else []
            places = result_files.named(call, files, job.rows, self.target.key)
            raise JobRefusedError(str(report["status"]), message, dict.fromkeys(places, message))
        return (Outcome(row.seq, "acked") for row in job.rows)

    @override
    def classify(self, response: requests.Response) -> None:
        """A refusal of the whole request may name its contacts by place: `contacts[3].email`."""
        if response.status_code == 400:
            rows = {}
            for error in json_of(response).get("errors") or []:
                place = str(error.get("field") or "").partition("contacts[")[2].partition("]")[0]
                if place.isdigit():
                    rows[int(place)] = str(error.get("message"))
            raise RefusedError("400", answers.explain(response), rows)
        answers.classify(response)

    def _remove(self, call: Call, rows: Sequence[Row]) -> str | None:
        """The job that removes them; None where nobody is left to remove."""
        emails = [str(row.payload[self.target.key]) for row in rows]
        look = Request("POST", f"{CONTACTS}/search/emails", json={"emails": emails})
        try:
            found = answers.body(call(look))["result"]
        except RefusedError as error:
            if error.code != "404":  # none of them is there
                raise
            return None
        ids = [str(one["contact"]["id"]) for one in found.values() if one.get("contact")]
        if not ids:
            return None
        request = Request("DELETE", CONTACTS, params={"ids": ",".join(ids)})
        return str(answers.body(call(request))["job_id"])
