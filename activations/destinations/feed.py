"""The on-site decision feed: what a web page shows to a contact or to an anonymous visitor, served by the front door.

No vendor. One small file per person and sync below `MILLRACE_HOME/feed`, named by an HMAC of the id under
`MILLRACE_FEED_KEY`, so that nobody can ask for other people's decisions. Columns are the fields of the decision;
`expires_at` ends it; a column with `custom_field: json` holds JSON. Writing one twice changes nothing.
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
from activations.transport import answer
from warehouse import decisions
from warehouse.settings import load

BATCH = Limits("decision", max_rows=500, max_bytes=2_000_000)  # ours to say


class Feed(Connector):
    """Decisions by contact id or by anonymous id."""

    name = "feed"
    channel = "onsite"
    objects: ClassVar[Mapping[str, frozenset[str]]] = {
        decisions.CONTACT: frozenset({"upsert", "mirror"}),
        decisions.ANONYMOUS: frozenset({"upsert", "mirror"}),
    }
    separate = frozenset({decisions.CONTACT, decisions.ANONYMOUS})
    removals = frozenset({"remove"})
    needs = ("MILLRACE_FEED_KEY",)
    limits = BATCH
    replay_safe = True

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
            else:
                good.append(row)
        if good:
            body = {"sync": self.target.sync, "decisions": [self.encode(row) for row in good]}
            answers.body(call(Request("POST", "/", json=body)))
        yield from (Outcome(row.seq, "acked") for row in good)

    def _id(self, row: Row) -> str:
        return str(row.payload[self.target.key])

    def _is_json(self, column: str) -> bool:
        return self.target.custom_fields.get(column) == "json"


class FeedAdapter(BaseAdapter):
    """Carries requests to the store; the status is the one that an HTTP server would give."""

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Write or take away every decision of the request."""
        folder = Path(unquote(urlsplit(str(request.url)).path))
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if request.method == "GET":
                return answer(request, 200, {"message": "there"})
            sent = json.loads(request.body or b"{}")
            for one in sent["decisions"]:
                if "decision" in one:
                    decisions.put(folder, one["name"], sent["sync"], one["decision"])
                else:
                    decisions.drop(folder, one["name"], sent["sync"])
        except PermissionError:
            return answer(request, 403, {"message": "the folder cannot be written"})
        except OSError as error:
            return answer(
                request, 503, {"message": f"a decision cannot be written: {error.strerror}"}
            )
        return answer(request, 200, {"written": len(sent["decisions"])})

    def close(self) -> None:
        """Nothing is kept open."""
        return
