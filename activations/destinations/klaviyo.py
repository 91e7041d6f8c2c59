"""Klaviyo profiles by bulk import jobs, events (several at once from 21 on), e-mail subscriptions and suppressions.

API revision 2026-07-15. Profiles (10,000 or 5 MB, 100 KB each): https://developers.klaviyo.com/en/reference/bulk_import_profiles
Events: https://developers.klaviyo.com/en/reference/create_event
Events in bulk (1,000, answered 202 and nothing more; refused as a whole where a `unique_id` is known already):
https://developers.klaviyo.com/en/reference/bulk_create_events
Subscriptions (1,000): https://developers.klaviyo.com/en/reference/bulk_subscribe_profiles, and their end (100):
https://developers.klaviyo.com/en/reference/bulk_unsubscribe_profiles
Suppressions (100): https://developers.klaviyo.com/en/reference/bulk_suppress_profiles
Rates: https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling (all read 2026-11).
Subscribing lifts an opt-out at the vendor: feed it only from `dim_reachable_addresses`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Job, Limits, Outcome, Rate, Request, Row
from activations.errors import InDoubtError, JobLostError, RefusedError
from activations.token_account import TokenAccount
from activations.values import given, json_of

REVISION = "2026-07-15"
MAX_BYTES = 5_000_000
LANES = {
    "profile": Limits("profile", max_rows=10_000, max_bytes=MAX_BYTES, envelope_bytes=500),
    "event": Limits("event", max_rows=1, max_bytes=MAX_BYTES, envelope_bytes=500),
    "subscription": Limits("subscription", 1_000, MAX_BYTES, envelope_bytes=500),
    "suppression": Limits("suppression", 100, MAX_BYTES, envelope_bytes=500),
}
EVENTS = Limits("events", max_rows=1_000, max_bytes=MAX_BYTES, envelope_bytes=500)
MOST_REMOVED = 100  # whom a request takes away, subscribed or suppressed
REPEATED = ("unique_id", "duplicate", "already")  # words for an event that is there
FEW = 20  # events that are sent one by one, so that each has its own answer
NAMED = re.compile(r"/(?:profiles|events-bulk-create)/data/(\d+)(?:/|$)")
# Of a profile; every other column is one of its custom properties.
OWN = frozenset({"email", "phone_number", "external_id", "first_name", "last_name", "organization"})
IMPORTS = "/api/profile-bulk-import-jobs"
JSON_API = {"Content-Type": "application/vnd.api+json"}


class Klaviyo(TokenAccount):
    """Profiles are found by e-mail and events by `unique_id`, so replays are harmless."""

    name = "klaviyo"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "profile": frozenset({"upsert"}),
        "event": frozenset({"append"}),
        "subscription": frozenset({"upsert", "mirror"}),
        "suppression": frozenset({"upsert", "mirror"}),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "profile": ("email",),
        "event": ("email", "metric"),
        "subscription": ("email",),
        "suppression": ("email",),
    }
    removals = frozenset({"unsubscribe", "unsuppress"})
    key_in = "MILLRACE_KLAVIYO_TOKEN"
    needs = (key_in,)
    url_in = "MILLRACE_KLAVIYO_URL"
    scale_in = "MILLRACE_KLAVIYO_RATE_SCALE"
    vendor_url = "https://a.klaviyo.com"
    header = ("Authorization", "Klaviyo-API-Key {}")
    limits = LANES["profile"]
    row_bytes: ClassVar[Mapping[str, int]] = {"profile": 100_000}
    rates = (
        Rate(10, 1.0, "bulk"),
        Rate(150, 60.0, "bulk"),
        Rate(75, 1.0, "job"),
        Rate(750, 60.0, "job"),
        Rate(350, 1.0, "event"),
        Rate(3_500, 60.0, "event"),
    )
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._list = environ.get("MILLRACE_KLAVIYO_LIST") or ""

    @override
    def authorise(self, session: requests.Session) -> None:
        super().authorise(session)
        session.headers.update({"revision": REVISION, "Accept": JSON_API["Content-Type"]})

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/api/accounts", rate="job"))

    @override
    def lane(self, row: Row, total: int) -> Limits:
        lane = LANES[self.target.object]
        if row.operation == "remove":
            return Limits("remove", MOST_REMOVED, lane.max_bytes, lane.envelope_bytes)
        return EVENTS if self.target.object == "event" and total > FEW else lane

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        if row.operation == "remove":
            left = {"email": str(row.payload[self.target.key])}
            return _profile(left | _consent("UNSUBSCRIBED") if self._is_consent else left)
        email = str(row.payload["email"])
        if self.target.object == "event":
            return self._event(row, email)
        if self.target.object == "profile":
            fields = given(row)
            own = {name: value for name, value in fields.items() if name in OWN}
            other = {name: value for name, value in fields.items() if name not in OWN}
            return _profile(own | ({"properties": other} if other else {}))
        if self._is_consent:
            return _profile({"email": email} | _consent("SUBSCRIBED"))
        return _profile({"email": email})

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        profiles = {"data": [self.encoded(row) for row in rows]}
        if lane.name == EVENTS.name:
            yield from self._events(call, rows, profiles)
            return
        if self.target.object == "event":
            self._post(call, "events", _alone(profiles["data"][0]), "event")
        elif self.target.object == "profile":
            job = {"type": "profile-bulk-import-job", "attributes": {"profiles": profiles}}
            answer = answers.body(self._post(call, "profile-bulk-import-jobs", job, "bulk"))
            number = str(answer["data"]["id"])
            yield from (Outcome(row.seq, "submitted", job=number) for row in rows)
            return
        else:
            name = f"profile-{self.target.object}-bulk-{self._deed(lane)}-job"
            data: dict[str, Any] = {"type": name, "attributes": {"profiles": profiles}}
            if self._list and self._is_consent:
                data["relationships"] = {"list": {"data": {"type": "list", "id": self._list}}}
            self._post(call, f"{name}s", data, "job")
        yield from (Outcome(row.seq, "acked") for row in rows)

    @override
    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """The job counts its failures, and a second page by page request names them."""
        path = f"{IMPORTS}/{job.handle}"
        report = answers.body(call(Request("GET", path, rate="bulk")))
        state = report["data"]["attributes"]
        if state["status"] not in ("complete", "cancelled"):
            return None
        count = int(state.get("failed_count") or 0)
        failed = list(self._failures(call, path, job.rows)) if count else []
        if state["status"] != "complete" or len({one.seq for one in failed}) < count:
            raise JobLostError(f"the job is {state['status']} and leaves rows out")
        told = {one.seq for one in failed}
        taken = (Outcome(row.seq, "acked") for row in job.rows if row.seq not in told)
        return chain(failed, taken)

    @override
    def classify(self, response: requests.Response) -> None:
        """A 400 points at what it will not take: `/data/attributes/profiles/data/3/attributes/email` or an event."""
        errors = json_of(response).get("errors") if response.status_code == 400 else None
        if errors:
            named: dict[int, str] = {}
            for error in errors:
                if found := NAMED.search(str((error.get("source") or {}).get("pointer"))):
                    named[int(found[1])] = str(error.get("detail"))
            raise RefusedError(
                str(errors[0].get("code") or "400"), answers.explain(response), named
            )
        answers.classify(response)

    @property
    def _is_consent(self) -> bool:
        return self.target.object == "subscription"

    def _deed(self, lane: Limits) -> str:
        return "delete" if lane.name == "remove" else "create"

    def _events(
        self, call: Call, rows: Sequence[Row], profiles: Mapping[str, Any]
    ) -> Iterator[Outcome]:
        """Together, once: a second time the vendor would refuse what it has. Each by itself does no harm then."""
        job = {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": profiles}}
        try:
            self._post(call, "event-bulk-create-jobs", job, "bulk", replayable=False)
        except InDoubtError:
            yield from self._each(call, rows, profiles)
        except RefusedError as error:
            words = f"{error.message} {error.code} {' '.join(error.rows.values())}".lower()
            if error.rows and not any(word in words for word in REPEATED):
                raise
            yield from self._each(call, rows, profiles)
        else:
            yield from (Outcome(row.seq, "acked") for row in rows)

    def _each(
        self, call: Call, rows: Sequence[Row], profiles: Mapping[str, Any]
    ) -> Iterator[Outcome]:
        for row, one in zip(rows, profiles["data"], strict=True):
            try:
                self._post(call, "events", _alone(one), "event")
            except RefusedError as error:
                yield Outcome(row.seq, "rejected", code=error.code, message=error.message)
            else:
                yield Outcome(row.seq, "acked")

    def _post(
        self, call: Call, path: str, data: Any, rate: str, *, replayable: bool = True
    ) -> requests.Response:
        """These answer 202 and, but for the import, nothing else."""
        request = Request(
            "POST",
            f"/api/{path}",
            json={"data": data},
            headers=JSON_API,
            rate=rate,
            replayable=replayable,
        )
        response = call(request)
        if response.status_code not in (201, 202):
            raise InDoubtError(f"HTTP {response.status_code} instead of 202")
        return response

    def _event(self, row: Row, email: str) -> dict[str, Any]:
        """As it stands among others; of a `unique_id` the first event wins, a second one changes nothing."""
        other = given(row, self.target.key, "email", "metric", "time", "value")
        metric = {"data": {"type": "metric", "attributes": {"name": str(row.payload["metric"])}}}
        event: dict[str, Any] = {"metric": metric, "properties": other}
        event |= {"unique_id": str(row.payload[self.target.key])}
        event |= {n: row.payload[n] for n in ("time", "value") if row.payload.get(n) is not None}
        facts = {
            "profile": {"data": _profile({"email": email})},
            "events": {"data": [{"type": "event", "attributes": event}]},
        }
        return {"type": "event-bulk-create", "attributes": facts}

    def _failures(self, call: Call, path: str, rows: Sequence[Row]) -> Iterator[Outcome]:
        by_email = {str(row.payload["email"]).strip().lower(): row.seq for row in rows}
        look: Request | None = Request("GET", f"{path}/import-errors", rate="bulk")
        while look is not None:
            page = answers.body(call(look))
            for error in page["data"]:
                facts = error["attributes"]
                email = str(_attributes(facts.get("original_payload")).get("email")).lower()
                code, words = str(facts.get("code")), str(facts.get("detail"))
                yield Outcome(by_email.get(email, -1), "rejected", code=code, message=words)
            cursor = ((page.get("links") or {}).get("next") or "").partition("page%5Bcursor%5D=")[2]
            params = {"page[cursor]": cursor.partition("&")[0]}
            look = Request("GET", f"{path}/import-errors", params=params) if cursor else None


def _alone(one: Mapping[str, Any]) -> dict[str, Any]:
    """An event as it is sent by itself."""
    facts = one["attributes"]
    [event] = facts["events"]["data"]
    return {**event, "attributes": {**event["attributes"], "profile": facts["profile"]}}


def _consent(word: str) -> dict[str, Any]:
    """What a profile says of marketing by e-mail."""
    return {"subscriptions": {"email": {"marketing": {"consent": word}}}}


def _profile(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "profile", "attributes": dict(attributes)}


def _attributes(payload: Any) -> Mapping[str, Any]:
    """A failed profile as it was sent, in either of the shapes that the vendor shows."""
    value = payload if isinstance(payload, dict) else {}
    return value.get("attributes") or (value.get("data") or {}).get("attributes") or value
