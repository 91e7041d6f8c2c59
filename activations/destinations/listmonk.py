"""listmonk subscribers, found by e-mail, with their attributes and lists.

API v4. Subscribers: https://listmonk.app/docs/apis/subscribers/ (stated 2026-11); self-hosted, without a rate limit.
Lists are only ever added to, as "unconfirmed": nobody who left is signed up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Learned, Limits, Outcome, Request, Row
from activations.errors import RefusedError
from activations.token_account import NamedAccount
from activations.values import given

SUBSCRIBERS = "/api/subscribers"
EXISTS = "409"
BLOCKED = "blocklisted"


class Listmonk(NamedAccount):
    """Subscribers by e-mail; columns other than `email` and `name` are attributes."""

    name = "listmonk"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "subscriber": frozenset({"upsert", "mirror"})
    }
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {"subscriber": ("email", "email")}
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"subscriber": ("email",)}
    removals = frozenset({"delete", "blocklist"})
    needs = ("MILLRACE_LISTMONK_URL", "MILLRACE_LISTMONK_USER", "MILLRACE_LISTMONK_TOKEN")
    url_in, user_in, key_in = needs
    scale_in = "MILLRACE_LISTMONK_RATE_SCALE"
    limits = Limits("subscriber", max_rows=1, max_bytes=1_000_000)  # none is stated
    replay_safe = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        lists = environ.get("MILLRACE_LISTMONK_LISTS") or ""
        self._lists = [int(number) for number in lists.split(",") if number.strip()]

    @override
    def authorise(self, session: requests.Session) -> None:
        session.headers["Authorization"] = f"token {self._user}:{self._token}"

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/api/lists", params={"per_page": "1"}))

    @classmethod
    @override
    def requests_for(cls, rows: int) -> int:
        return rows

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        payload = row.payload
        attributes = given(row, self.target.key, "name")
        email = str(payload[self.target.key])
        name = str(payload.get("name") or email.partition("@")[0])
        return {"email": email, "name": name, "attribs": attributes}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield self._remove(call, row) if row.operation == "remove" else self._put(call, row)

    def _put(self, call: Call, row: Row) -> Outcome:
        """Create, or change the one that is there: its own attributes, status and lists stay."""
        sent = self.encoded(row)
        if row.vendor_id is None:
            new = {**sent, "status": "enabled", "lists": self._lists}
            try:
                answer = answers.body(call(Request("POST", SUBSCRIBERS, json=new)))
                return Outcome(row.seq, "acked", vendor_id=str(answer["data"]["id"]))
            except RefusedError as error:
                if error.code != EXISTS:
                    raise
        there = self._find(call, sent["email"])
        if there is None:
            raise RefusedError("404", "there is no such subscriber any more")
        attributes = {**(there.get("attribs") or {}), **sent["attribs"]}
        kept = {name: value for name, value in attributes.items() if value is not None}
        known = [int(one["id"]) for one in there.get("lists") or []]
        changed = {**sent, "attribs": kept, "status": there["status"], "lists": known}
        call(Request("PUT", f"{SUBSCRIBERS}/{int(there['id'])}", json=changed))
        missing = [number for number in self._lists if number not in known]
        if missing:
            add = {"ids": [int(there["id"])], "action": "add", "target_list_ids": missing}
            call(Request("PUT", f"{SUBSCRIBERS}/lists", json={**add, "status": "unconfirmed"}))
        learned: Learned | None = "opt_out" if there["status"] == BLOCKED else None
        return Outcome(row.seq, "acked", vendor_id=str(there["id"]), learned=learned)

    def _remove(self, call: Call, row: Row) -> Outcome:
        there = self._find(call, str(row.payload[self.target.key]))
        if there is not None and self.target.on_remove == "blocklist":
            call(Request("PUT", f"{SUBSCRIBERS}/{int(there['id'])}/blocklist"))
        elif there is not None:
            call(Request("DELETE", f"{SUBSCRIBERS}/{int(there['id'])}"))
        return Outcome(row.seq, "acked")

    def _find(self, call: Call, email: str) -> Mapping[str, Any] | None:
        quoted = email.strip().lower().replace("'", "''")  # as listmonk keeps addresses
        params = {"query": f"subscribers.email = '{quoted}'", "per_page": "1"}
        found = answers.body(call(Request("GET", SUBSCRIBERS, params=params)))["data"]["results"]
        return found[0] if found else None
