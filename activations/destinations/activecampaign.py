"""ActiveCampaign contacts with their custom fields and tags, in bulk where many change.

Contacts and tags: https://developers.activecampaign.com/reference/sync-a-contacts-data,
https://developers.activecampaign.com/reference/remove-a-contacts-tag; bulk importer (250 contacts, 400,000 bytes,
100 requests a minute): https://developers.activecampaign.com/reference/bulk-import-contacts;
5 requests a second and account: https://developers.activecampaign.com/reference/rate-limits (all read 2026-11).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Job, Limits, Outcome, Rate, Request, Row, Takes
from activations.destinations._activecampaign import API, PER_SECOND, ActiveCampaignAccount
from activations.errors import JobLostError, RefusedError, ThrottledError

BULK = Limits("import", max_rows=250, max_bytes=400_000)
SINGLE = Limits("contact", max_rows=1, max_bytes=400_000)
FEW = 20  # below the importer's advised minimum of 10 a contact at a time is right; its jobs are slow to start, too
IMPORT_WINDOW_SECONDS = 60.0  # the importer says "rate limit" with HTTP 400 and without a time
PAGE = 100
NAMES = {
    "firstName": "first_name",
    "lastName": "last_name",
    "phone": "phone",
}  # ours: the importer's
NOT_FIELDS = frozenset({*NAMES, "email", "tags"})


class ActiveCampaign(ActiveCampaignAccount):
    """Contacts of one account. Contacts are found by e-mail, so replays are harmless; lists are never touched."""

    name = "activecampaign"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {"contact": frozenset({"upsert", "mirror"})}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"contact": ("email",)}
    takes: ClassVar[Mapping[str, Takes]] = {
        "contact": Takes(
            "contact", "upsert", "email", {"first_name": "firstName", "last_name": "lastName"}
        ),
        "field": Takes("contact", "upsert", "email", {}),
        "tag": Takes("contact", "upsert", "email", {"tags": "tags"}),
    }
    removals = frozenset({"delete", "remove_tags"})
    limits = BULK
    rates = (PER_SECOND, Rate(100, 60.0, "import"))
    replay_safe = True
    rows_go_whole = True
    # The vendor counts requests, not how many are open; one at a time would not reach what it allows.
    parallel = 4
    open_jobs = 100  # what a minute takes; the vendor states no number
    remembers = ("tags",)

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._fields: dict[str, int] = {}  # id by column
        self._tags: dict[str, int] = {}  # id by lower-case name
        self._naming = threading.Lock()

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", f"{API}/fields", params={"limit": "1"}))

    @override
    def prepare(self, call: Call) -> None:
        columns = [name for name in self.target.columns if name not in NOT_FIELDS]
        ids: dict[str, int] = {}
        for offset in count(0, PAGE) if columns else ():
            params = {"limit": str(PAGE), "offset": str(offset)}
            page = answers.body(call(Request("GET", f"{API}/fields", params=params)))["fields"]
            ids.update({str(field["title"]).lower(): int(field["id"]) for field in page})
            if len(page) < PAGE:
                break
        for column in columns:
            title = self.target.custom_fields.get(column, column)
            if title.lower() not in ids:
                field = {"type": "text", "title": title, "visible": True}
                request = Request("POST", f"{API}/fields", json={"field": field}, replayable=False)
                answer = answers.body(call(request))
                made = [answer["field"]] if "field" in answer else answer["fields"]
                ids |= {str(one["title"]).lower(): int(one["id"]) for one in made}
            self._fields[column] = ids[title.lower()]

    @classmethod
    @override
    def requests_for(cls, rows: int) -> int:
        return rows if rows <= FEW else 2 * -(-rows // BULK.max_rows)

    @classmethod
    @override
    def used_by_rate(cls, rows: int) -> Mapping[str, int]:
        return {"import": 0 if rows <= FEW else -(-rows // BULK.max_rows)}

    @override
    def lane(self, row: Row, total: int) -> Limits:
        # The importer can neither take a tag away nor empty a field.
        if total <= FEW or row.operation == "remove" or (row.before and self._gone(row)):
            return SINGLE
        empties = row.changed and any(row.payload.get(name) is None for name in row.changed)
        return SINGLE if empties else BULK

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        """As the importer takes it; the larger of the two forms."""
        payload = row.payload
        contact: dict[str, Any] = {"email": payload["email"], "exclude_automations": True}
        fields = []
        for name, value in payload.items():
            if value is None or name == "email":
                continue
            if name in self._fields:
                text = value if type(value) is str else _text(value)
                fields.append({"id": self._fields[name], "value": text})
            elif name in NAMES:
                contact[NAMES[name]] = value if type(value) is str else str(value)
            elif name == "tags" and (tags := _tags(payload)):
                contact["tags"] = tags
        if fields:
            contact["fields"] = fields
        return contact

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        if lane.name == BULK.name:
            contacts = {"contacts": [self.encoded(row) for row in rows]}
            request = Request("POST", f"{API}/import/bulk_import", json=contacts, rate="import")
            job = str(answers.body(call(request))["batchId"])
            yield from (Outcome(row.seq, "submitted", job=job) for row in rows)
            return
        for row in rows:
            yield self._remove(call, row) if row.operation == "remove" else self._sync(call, row)

    @override
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """Accepted is not delivered: the report counts the contacts it took and names those it refused."""
        params = {"batchId": job.handle}
        report = answers.body(call(Request("GET", f"{API}/import/info", params=params)))
        if report.get("status") != "completed":
            return None
        refused = {str(address).strip().lower() for address in report.get("failure") or []}
        if len(report.get("success") or []) + len(refused) < len(job.rows):
            raise JobLostError("the import's report leaves out some of its contacts")
        return _told(job.rows, refused)

    @override
    def classify(self, response: requests.Response) -> None:
        """The importer's 400 means throttled, or names the contacts it will not take (and has queued nothing)."""
        if response.status_code == 400:
            answer = response.json() if response.content[:1] == b"{" else {}
            if "rate limit" in str(answer.get("message", "")).lower():
                raise ThrottledError(
                    answers.wait_seconds(response) or IMPORT_WINDOW_SECONDS / self.rate_scale
                )
            named = [
                reason for reason in answer.get("failureReasons") or [] if isinstance(reason, dict)
            ]
            rows = {int(reason["contact"]): str(reason.get("failureReason")) for reason in named}
            raise RefusedError("400", answers.explain(response), rows)
        answers.classify(response)

    def _sync(self, call: Call, row: Row) -> Outcome:
        payload = row.payload
        sent = {name: payload.get(name) for name in NAMES} | {
            column: payload.get(column) for column in self._fields
        }
        kept = {
            n: "" if v is None else _text(v)
            for n, v in sent.items()
            if v is not None or n in row.changed
        }
        values = [
            {"field": str(self._fields[n]), "value": v}
            for n, v in kept.items()
            if n in self._fields
        ]
        contact = {"email": payload["email"], **{n: v for n, v in kept.items() if n in NAMES}}
        body = {"contact": contact | ({"fieldValues": values} if values else {})}
        number = str(
            answers.body(call(Request("POST", f"{API}/contact/sync", json=body)))["contact"]["id"]
        )
        for tag in sorted(set(_tags(payload)) - set(_tags(row.before))):
            link = {"contact": int(number), "tag": self._tag(call, tag)}
            call(Request("POST", f"{API}/contactTags", json={"contactTag": link}))
        self._untag(call, number, self._gone(row))
        return Outcome(row.seq, "acked", vendor_id=number)

    def _remove(self, call: Call, row: Row) -> Outcome:
        params = {"email": str(row.payload[self.target.key])}
        found = answers.body(call(Request("GET", f"{API}/contacts", params=params)))["contacts"]
        for contact in found:
            if self.target.on_remove == "delete":
                _gone_already(call, f"{API}/contacts/{contact['id']}")
            else:
                self._untag(call, str(contact["id"]), set(_tags(row.before)))
        return Outcome(row.seq, "acked", vendor_id=str(found[0]["id"]) if found else None)

    def _untag(self, call: Call, contact: str, tags: set[str]) -> None:
        if not tags:
            return
        numbers = {str(self._tag(call, tag)) for tag in tags}
        links = answers.body(call(Request("GET", f"{API}/contacts/{contact}/contactTags")))[
            "contactTags"
        ]
        for link in links:
            if str(link["tag"]) in numbers:
                _gone_already(call, f"{API}/contactTags/{link['id']}")

    def _tag(self, call: Call, name: str) -> int:
        """The id of a tag, looked up once per run and created when there is none, whichever thread asks first."""
        with self._naming:
            return self._named(call, name)

    def _named(self, call: Call, name: str) -> int:
        if name.lower() not in self._tags:
            found = answers.body(
                call(Request("GET", f"{API}/tags", params={"filters[search][eq]": name}))
            )["tags"]
            same = [tag for tag in found if str(tag["tag"]).lower() == name.lower()]
            tag = {"tag": name, "tagType": "contact", "description": ""}
            made = same or [
                answers.body(call(Request("POST", f"{API}/tags", json={"tag": tag})))["tag"]
            ]
            self._tags[name.lower()] = int(made[0]["id"])
        return self._tags[name.lower()]

    def _gone(self, row: Row) -> set[str]:
        """Tags that we gave and now take away; what others gave is theirs."""
        return set(_tags(row.before)) - set(_tags(row.payload)) if row.before else set()


def _told(rows: Sequence[Row], refused: set[str]) -> Iterator[Outcome]:
    if not refused:
        yield from (Outcome(row.seq, "acked") for row in rows)
        return
    by_email = {str(row.payload["email"]).strip().lower(): row.seq for row in rows}
    for address in sorted(refused):
        seq = by_email.pop(address, -1)
        yield Outcome(seq, "rejected", code="import", message="the importer refused it")
    yield from (Outcome(seq, "acked") for seq in by_email.values())


def _gone_already(call: Call, path: str) -> None:
    """Delete; what is not there is deleted."""
    try:
        call(Request("DELETE", path))
    except RefusedError as error:
        if error.code != "404":
            raise


def _tags(values: Mapping[str, Any]) -> list[str]:
    return [tag for text in str(values.get("tags") or "").split(",") if (tag := text.strip())]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
