"""Customer.io people and events in batches of half a megabyte.

Track API v2. Batches (500 KB, 32 KB an operation): https://docs.customer.io/integrations/api/track/#operation/batch
Limits (1,000 requests a second, no header): https://docs.customer.io/integrations/api/track/#section/Track-API-limits
(all stated 2026-11). Errors are addressed by place in the batch; the rest of the batch is accepted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from typing_extensions import override

from activations import answers, moments
from activations.connector import Call, Limits, Outcome, Rate, Request, Row
from activations.token_account import NamedAccount
from activations.values import given

BATCH = Limits("batch", max_rows=1_000, max_bytes=500_000)  # the vendor limits bytes only
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CustomerIo(NamedAccount):
    """People by `id` or `email`; events carry an id made from our key, and the vendor ignores a second one."""

    name = "customerio"
    channel = "email"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        "person": frozenset({"upsert", "mirror"}),
        "event": frozenset({"append"}),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {"event": ("person", "name")}
    removals = frozenset({"delete"})
    needs = ("MILLRACE_CUSTOMERIO_SITE_ID", "MILLRACE_CUSTOMERIO_TOKEN")
    user_in, key_in = needs
    url_in, vendor_url = "MILLRACE_CUSTOMERIO_URL", "https://track.customer.io"
    scale_in = "MILLRACE_CUSTOMERIO_RATE_SCALE"
    limits = BATCH
    row_bytes: ClassVar[Mapping[str, int]] = {"person": 32_000, "event": 32_000}
    rates = (Rate(1_000, 1.0),)
    replay_safe = True

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/api/v1/accounts/region"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        key = self.target.key
        if self.target.object == "event":
            fields = given(row, key, "person", "name", "timestamp")
            event = {"type": "person", "identifiers": _named(row.payload["person"])}
            event |= {"action": "event", "name": str(row.payload["name"])}
            moment = _moment(row.payload.get("timestamp"))
            when = {} if moment is None else {"timestamp": moment}
            return {**event, **when, "id": _ulid(str(row.payload[key])), "attributes": fields}
        name = key if key in ("email", "cio_id") else "id"
        person = {"type": "person", "identifiers": {name: str(row.payload[key])}}
        if row.operation == "remove":
            return {**person, "action": "delete"}
        # An empty text clears an attribute.
        sent = {n: "" if v is None else v for n, v in given(row, key).items()}
        return {**person, "action": "identify", "attributes": sent}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        # The vendor would take them for events of this moment.
        undated = {row.seq for row in rows if self._is_undated(row)}
        words = "its timestamp is neither an ISO 8601 time nor seconds since 1970"
        yield from (Outcome(n, "rejected", code="bad_time", message=words) for n in sorted(undated))
        rows = [row for row in rows if row.seq not in undated]
        if not rows:
            return
        body = {"batch": [self.encoded(row) for row in rows]}
        answer = answers.body(call(Request("POST", "/api/v2/batch", json=body)))
        failed = set()
        for error in answer.get("errors") or []:
            row = rows[int(error["batch_index"])]
            failed.add(row.seq)
            code = f"{error.get('reason')}:{error.get('field')}"
            yield Outcome(row.seq, "rejected", code=code, message=str(error.get("message")))
        yield from (Outcome(row.seq, "acked") for row in rows if row.seq not in failed)

    def _is_undated(self, row: Row) -> bool:
        said = row.payload.get("timestamp") if self.target.object == "event" else None
        return said is not None and _moment(said) is None


def _moment(value: object) -> int | None:
    """Seconds since 1970, of a time in words or of the seconds themselves."""
    if isinstance(value, int) or str(value).isdigit():
        return int(str(value))
    moment = moments.read(value)
    return int(moment.timestamp()) if moment else None


def _named(person: object) -> dict[str, str]:
    """A person by address or by id."""
    return {"email" if "@" in str(person) else "id": str(person)}


def _ulid(key: str) -> str:
    """The id by which the vendor knows an event again: 128 bits of our key's hash as a ULID."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))
