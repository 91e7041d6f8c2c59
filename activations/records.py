"""Records that a vendor numbers and that hold no key of ours: made once, then changed by the id from the receipt.

Making one is not idempotent: what got no answer is looked up by what it holds. Changing one twice does no harm. One
that was deleted there is made again, unless only what others made is changed (mode `update`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import requests
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Request, Row
from activations.errors import RefusedError

GONE = ("404", "410")
NO_ID = "nobody knows its id at the destination, so it cannot be changed"


class Records(Connector):
    """What connectors of numbered records share; a subclass says paths, bodies and where answers carry the id."""

    channel = "crm"
    limits = Limits("record", max_rows=1, max_bytes=400_000)
    replay_safe = False
    change_method: ClassVar[str] = "PUT"
    rate_name: ClassVar[str] = ""

    @property
    @abstractmethod
    def path(self) -> str:
        """Where records of the sync's object are made; below it, by their id."""

    @abstractmethod
    def number(self, response: requests.Response) -> str:
        """The id of the record that was made."""

    def change(self, row: Row) -> Any:
        """The body that changes a record; what makes one, unless the vendor wants another."""
        return self.encoded(row)

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            if row.operation == "remove":
                yield self._remove(call, row)
            else:
                yield self._missing(row) or self._put(call, row)

    def _missing(self, row: Row) -> Outcome | None:
        empty = [n for n in self.required[self.target.object] if row.payload.get(n) is None]
        if empty and self.target.mode != "update":
            return Outcome(row.seq, "rejected", code="missing", message=f"{empty[0]} is empty")
        if row.operation == "update" and not self._its_id(row):
            return Outcome(row.seq, "rejected", code="no_id", message=NO_ID, permanent=True)
        return None

    def _its_id(self, row: Row) -> str | None:
        """The vendor's: from the receipt, or the row's key where only what others made is changed."""
        known = row.payload[self.target.key] if self.target.mode == "update" else None
        return row.vendor_id or (None if known is None else str(known))

    def _put(self, call: Call, row: Row) -> Outcome:
        if row.operation == "update" and self._changed(call, row):
            return Outcome(row.seq, "acked", vendor_id=self._its_id(row))
        # One that was deleted there and is made again has no values to lose.
        body = (
            self.encoded(row)
            if row.operation == "create"
            else self.encode(row._replace(changed=()))
        )
        new = Request("POST", self.path, json=body, rate=self.rate_name)
        return Outcome(row.seq, "acked", vendor_id=self.number(call(new)))

    def _changed(self, call: Call, row: Row) -> bool:
        """Change the record; False when it was deleted there and may be made again."""
        place = f"{self.path}/{self._its_id(row)}"
        body, rate = self.change(row), self.rate_name
        try:
            call(Request(self.change_method, place, json=body, replayable=True, rate=rate))
        except RefusedError as error:
            if error.code not in GONE or self.target.mode == "update":
                raise
            return False
        return True

    def _is_gone(self, call: Call, row: Row) -> bool:
        """Whether the record that a row was to change is no longer there."""
        try:
            found = answers.body(call(Request("GET", f"{self.path}/{self._its_id(row)}")))
        except RefusedError as error:
            if error.code not in GONE:
                raise
            return True
        data = found.get("data")
        return isinstance(data, dict) and bool(data.get("is_deleted"))

    def _remove(self, call: Call, row: Row) -> Outcome:
        """Take a record away; what is not there is gone."""
        if row.vendor_id:
            place = f"{self.path}/{row.vendor_id}"
            try:
                call(Request("DELETE", place, replayable=True, rate=self.rate_name))
            except RefusedError as error:
                if error.code not in GONE:
                    raise
        return Outcome(row.seq, "acked")

    @override
    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """A record that was made is looked for, one made again in place of a deleted one, too.

        A change or removal that may not have arrived is simply made again.
        """
        is_new = row.operation == "create"
        if row.operation == "update" and self.target.mode != "update" and row.vendor_id:
            is_new = self._is_gone(call, row)
        return self.find(call, row, attempted_at) if is_new else None

    @abstractmethod
    def find(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Look for the record that a row may have made: acked with its id, or None when it is not there."""


def same(one: Mapping[str, Any], sent: Mapping[str, Any], names: Sequence[str]) -> bool:
    """Whether a record holds what was sent in each of `names`, read as text."""
    return all(str(one.get(name) or "") == str(sent.get(name) or "") for name in names)


def body_id(response: requests.Response, *path: str) -> str:
    """The id in an answer, below `path`."""
    value: Any = answers.body(response)
    for name in path:
        value = value[name]
    return str(value["id"])
