"""Brevo contacts: many by import jobs, few or emptied ones one by one.

API v3. Import (10 MB, 8 MB advised): https://developers.brevo.com/reference/importcontacts-1
One contact: https://developers.brevo.com/reference/createcontact, https://developers.brevo.com/reference/deletecontact
Rates (contacts 36,000 an hour = 10 a second; processes 100 an hour): https://developers.brevo.com/docs/api-limits
(all read 2026-11).
The import drops unknown attributes without a word, so `prepare` creates the ones that are missing; and it takes nobody
without a list to put them in, so without `MILLRACE_BREVO_LISTS` contacts go one by one. Values of another type than
their attribute's are dropped, too: what we create is text, and an attribute that is there is given what its type takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote

import requests
from typing_extensions import override

from activations import answers, result_files
from activations.connector import Call, Job, Limits, Outcome, Rate, Request, Row
from activations.destinations._brevo import BrevoAccount
from activations.errors import JobRefusedError, RefusedError, StopError
from activations.values import given, json_of, text

IMPORT = Limits("import", max_rows=50_000, max_bytes=8_000_000)
SINGLE = Limits("contact", max_rows=1, max_bytes=8_000_000)
FEW = 20  # an import is a job that starts slowly
NOT_ATTRIBUTES = ("email",)
TEXT = "text"


class Brevo(BrevoAccount):
    """Contacts by e-mail. Whether somebody may be written to is never touched."""

    name = "brevo"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"contact": frozenset({"upsert", "mirror"})}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"contact": ("email",)}
    removals = frozenset({"delete"})
    needs = ("MILLRACE_BREVO_TOKEN",)
    limits = IMPORT
    rates = (Rate(10, 1.0), Rate(100, 3_600.0, "other"))  # what is no contact counts elsewhere
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        lists = environ.get("MILLRACE_BREVO_LISTS") or ""
        self._lists = [int(number) for number in lists.split(",") if number.strip()]
        self._types: dict[str, str] = {}  # of attributes, by name

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/v3/account", rate="other"))

    @override
    def prepare(self, call: Call) -> None:
        wanted = {self._attribute(n) for n in self.target.columns if n not in NOT_ATTRIBUTES}
        found = answers.body(call(Request("GET", "/v3/contacts/attributes")))["attributes"]
        self._types = {str(one["name"]).upper(): str(one.get("type")) for one in found}
        for name in sorted(wanted - self._types.keys()):
            path = f"/v3/contacts/attributes/normal/{quote(name, safe='')}"
            call(Request("POST", path, json={"type": TEXT}, replayable=False))
            self._types[name] = TEXT

    @classmethod
    @override
    def requests_for(cls, rows: int) -> int:
        return rows if rows <= FEW else 2 * -(-rows // IMPORT.max_rows)

    @override
    def lane(self, row: Row, total: int) -> Limits:
        # An import empties either nothing or everything that is missing.
        empties = any(row.payload.get(name) is None for name in row.changed)
        is_alone = total <= FEW or row.operation == "remove" or empties or not self._lists
        return SINGLE if is_alone else IMPORT

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        attributes = {
            self._attribute(name): "" if value is None else self._value(name, value)
            for name, value in given(row, self.target.key).items()
        }
        return {"email": str(row.payload[self.target.key]), "attributes": attributes}

    def _value(self, column: str, value: object) -> object:
        """As the attribute's type takes it; of a moment, a date has the day."""
        kind = self._types.get(self._attribute(column))
        if kind == TEXT:
            return text(value)
        return str(value)[:10] if kind == "date" else value

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == IMPORT.name and len(rows) > 1:
            job = self._import(call, rows)
            yield from (Outcome(row.seq, "submitted", job=job) for row in rows)
            return
        for row in rows:
            if row.operation == "remove":
                self._delete(call, row)
                yield Outcome(row.seq, "acked")
                continue
            body = {**self.encoded(row), "updateEnabled": True}
            body |= {"listIds": self._lists} if self._lists else {}
            answer = answers.body(call(Request("POST", "/v3/contacts", json=body)))
            number = answer.get("id")  # only when the contact is new
            yield Outcome(row.seq, "acked", vendor_id=None if number is None else str(number))

    @override
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """The report counts contacts that are not valid, in files at another host; who is in none is imported again."""
        report = answers.body(call(Request("GET", f"/v3/processes/{job.handle}", rate="other")))
        if report["status"] not in ENDS:
            return None
        info = (report.get("info") or {}).get("import") or {}
        files = {name: str(info[name]) for name in BAD if info.get(name)}
        if report["status"] != "completed" or files:
            words = "the import says that some of its contacts are not valid"
            places = result_files.named(call, files.values(), job.rows, self.target.key)
            raise JobRefusedError("import", words, dict.fromkeys(places, ", ".join(files)))
        return (Outcome(row.seq, "acked") for row in job.rows)

    @override
    def classify(self, response: requests.Response) -> None:
        """A refusal has a code of the vendor's own."""
        code = json_of(response).get("code") if response.status_code in (400, 404) else None
        if code == "not_enough_credits":
            raise StopError(f"HTTP {response.status_code}: the account is out of credit")
        if code:
            raise RefusedError(str(code), answers.explain(response))
        answers.classify(response)

    def _attribute(self, column: str) -> str:
        return self.target.custom_fields.get(column, column).upper()

    def _import(self, call: Call, rows: Sequence[Row]) -> str:
        body: dict[str, Any] = {
            "jsonBody": [self.encoded(row) for row in rows],
            "updateExistingContacts": True,
            "emptyContactsAttributes": False,
            "disableNotification": True,
        }
        body |= {"listIds": self._lists} if self._lists else {}
        answer = answers.body(call(Request("POST", "/v3/contacts/import", json=body)))
        return str(int(answer["processId"]))

    def _delete(self, call: Call, row: Row) -> None:
        email = quote(str(row.payload[self.target.key]), safe="")
        try:
            call(Request("DELETE", f"/v3/contacts/{email}"))
        except RefusedError as error:
            if error.code != "document_not_found":
                raise


ENDS = frozenset({"completed", "failed", "cancelled"})
BAD = ("invalid_emails", "duplicate_ext_id", "duplicate_email_id", "duplicate_phone_id")
