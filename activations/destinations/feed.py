"""The on-site decision feed: what a web page shows to a contact or to an anonymous visitor, served by the front door.

No vendor. One small file per person and sync below `MILLRACE_HOME/feed`, named by an HMAC of the id under
`MILLRACE_FEED_KEY`, so that nobody can ask for other people's decisions. Columns are the fields of the decision;
`expires_at` ends it; a column with `custom_field: json` holds JSON. Writing one twice changes nothing.

Messages of the outbox are decisions, too: one of each source (journey, campaign) and contact, named `message_<source>`;
a newer one of the same source takes the place of the older.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import requests
from requests.adapters import BaseAdapter
from typing_extensions import override

from activations import answers
from activations.connector import Call, Connector, Limits, Outcome, Request, Row
from activations.errors import DefinitionError
from activations.transport import Transport, answer
from warehouse import decisions
from warehouse.settings import load

MESSAGE = "message"
BATCH = Limits("decision", max_rows=500, max_bytes=2_000_000)  # ours to say


class Feed(Connector):
    """Decisions by contact id or by anonymous id."""

    name = "feed"
    channel = "onsite"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        decisions.CONTACT: frozenset({"upsert", "mirror"}),
        decisions.ANONYMOUS: frozenset({"upsert", "mirror"}),
        MESSAGE: frozenset({"append"}),
    }
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {MESSAGE: ("to", "source")}
    separate = frozenset({decisions.CONTACT, decisions.ANONYMOUS})
    removals = frozenset({"remove"})
    needs = ("MILLRACE_FEED_KEY",)
    limits = BATCH
    replay_safe = True
    message_columns: ClassVar[Mapping[str, str]] = {
        name: name for name in ("to", "source", "message", "variant", "text", "expires_at")
    }
    can_cancel = can_take_back = True

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self._key = environ["MILLRACE_FEED_KEY"]
        if len(self._key) < decisions.SHORTEST_KEY:
            raise DefinitionError(
                f"MILLRACE_FEED_KEY needs {decisions.SHORTEST_KEY} characters or more; "
                "make one with `openssl rand -hex 32`"
            )
        self.base_url = (load(environ).home / decisions.FOLDER).as_uri()

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._key,)

    @override
    def authorise(self, session: requests.Session) -> None:
        return

    @override
    def transport(self) -> BaseAdapter | None:
        return FeedAdapter()

    @override
    def check(self, call: Call) -> None:
        call(Request("GET", "/"))

    @override
    def encode(self, row: Row) -> dict[str, Any]:
        if self.target.object == MESSAGE:
            return self._message(row)
        name = decisions.opaque(self._key, self.target.object, self._id(row))
        if row.operation == "remove":
            return {"name": name}
        fields = {
            column: json.loads(value) if self._is_json(column) and value is not None else value
            for column, value in row.payload.items()
            if column != self.target.key
        }
        return {"name": name, "decision": fields}

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        good = []
        for row in rows:
            if self.target.object == decisions.ANONYMOUS and not decisions.is_unguessable(
                self._id(row)
            ):
                words = "an anonymous id that can be guessed would show these decisions to anybody"
                yield Outcome(row.seq, "rejected", None, "guessable", words, permanent=True)
            elif self.target.object == MESSAGE and not decisions.SYNC.fullmatch(slot(row)):
                words = "the name of its source cannot name a decision"
                yield Outcome(row.seq, "rejected", None, "source", words, permanent=True)
            else:
                good.append(row)
        if good:
            body = {"sync": self.target.sync, "decisions": [self.encoded(row) for row in good]}
            answers.body(call(Request("POST", "/", json=body)))
        yield from (Outcome(row.seq, "acked", vendor_id=self._handle(row)) for row in good)

    @override
    def cancel(self, call: Call, row: Row) -> Outcome:
        """Take the message off the page, unless a newer one has its place by now."""
        name, place, message = str(row.vendor_id).split("/")
        asked = {"name": name, "slot": place, "only": message}
        answer = answers.body(call(Request("POST", "/", json={"sync": "", "decisions": [asked]})))
        words = "taken off the page" if answer["dropped"] else "no longer on the page"
        return Outcome(row.seq, "acked", message=words)

    def _message(self, row: Row) -> dict[str, Any]:
        fields = {name: row.payload.get(name) for name in ("text", "message", "variant", "source")}
        fields |= {"message_key": self._id(row), "expires_at": row.payload.get("expires_at")}
        name = decisions.opaque(self._key, decisions.CONTACT, str(row.payload["to"]))
        return {"name": name, "slot": slot(row), "decision": fields}

    def _handle(self, row: Row) -> str | None:
        """By which a message is taken back: whose, where, and which."""
        if self.target.object != MESSAGE:
            return None
        name = decisions.opaque(self._key, decisions.CONTACT, str(row.payload["to"]))
        return f"{name}/{slot(row)}/{self._id(row)}"

    def _id(self, row: Row) -> str:
        return str(row.payload[self.target.key])

    def _is_json(self, column: str) -> bool:
        return self.target.custom_fields.get(column) == "json"


def slot(row: Row) -> str:
    """The name of a message's decision on the page."""
    return f"message_{row.payload.get('source')}"


class FeedAdapter(Transport):
    """Carries requests to the store; the status is the one that an HTTP server would give."""

    @override
    def carry(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response:
        """Write or take away every decision of the request."""
        folder = Path(unquote(urlsplit(str(request.url)).path))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if request.method == "GET":
                return answer(request, 200, {"message": "there"})
            sent = json.loads(request.body or b"{}")
            dropped = 0
            for one in sent["decisions"]:
                place = one.get("slot", sent["sync"])
                if "decision" in one:
                    decisions.put(folder, one["name"], place, one["decision"])
                elif decisions.is_there(folder, one["name"], place, one.get("only")):
                    dropped += decisions.drop(folder, one["name"], place)
        except PermissionError:
            return answer(request, 403, {"message": "the folder cannot be written"})
        except OSError as error:
            return answer(
                request, 503, {"message": f"a decision cannot be written: {error.strerror}"}
            )
        return answer(request, 200, {"written": len(sent["decisions"]), "dropped": dropped})
