"""The contract between the engine and a destination: what a connector declares, is given, and answers.

A connector turns rows into requests and answers into outcomes. Batching, pacing, retrying, redaction, the ledger,
dry runs and progress are the engine's. It is finished when `tests/activations/test_conformance.py` passes on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

import orjson
import requests
from requests.adapters import BaseAdapter

from activations import answers
from activations.errors import CredentialsError, DefinitionError

if TYPE_CHECKING:
    from activations.moments import Window

# `submitted` is for now: the vendor took the row into a job, whose report says what came of it.
State = Literal["acked", "rejected", "in_doubt", "deferred", "suppressed", "submitted"]
# What an answer says of the address itself, whatever came of the row: it must not be written to any more.
Learned = Literal["opt_out", "complaint", "hard_bounce"]


@dataclass(frozen=True)
class Rate:
    """At most `count` in any `seconds`; `name` tells which requests share it ("" = all of them).

    What is counted is requests, or with `by_cost` what they cost (`Request.cost`): tokens, rows, bytes. Windows of an
    account outlive the run: a day's allowance is the same for all its syncs.
    """

    count: int
    seconds: float
    name: str = ""
    by_cost: bool = False


@dataclass(frozen=True)
class Bill:
    """What a vendor counts on its bill: `count` units for each row, value or request. `source` is its page and date."""

    unit: str
    per: Literal["row", "value", "request"]
    source: str
    count: float = 1.0


@dataclass(frozen=True)
class Limits:
    """One way of sending: how many rows and encoded bytes a request may hold."""

    name: str
    max_rows: int
    max_bytes: int
    envelope_bytes: int = 64


@dataclass(frozen=True)
class Target:
    """What a sync says about its destination: object, key column, mode, custom field titles by column, its own name."""

    object: str
    key: str
    mode: str
    on_remove: str | None = None
    custom_fields: Mapping[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    sync: str = ""


@dataclass(frozen=True)
class Takes:
    """How a destination takes one kind of what journeys ask for: the object, and the column that each part is here.

    Parts are those of `activations.actions.parts`. A row without one of `needs` waits until it is known; columns in
    `whole` are numbers there.
    """

    object: str
    mode: Literal["upsert", "update", "append"]
    key: str
    columns: Mapping[str, str]
    needs: tuple[str, ...] = ()
    whole: frozenset[str] = frozenset()
    constants: Mapping[str, str] = field(default_factory=dict)


class Row(NamedTuple):
    """One planned row: `payload` by column (None = clear it), `before` the remembered columns as last accepted."""

    seq: int
    key_hash: str
    operation: str
    payload: Mapping[str, Any]
    changed: tuple[str, ...] = ()
    before: Mapping[str, Any] = MappingProxyType({})
    vendor_id: str | None = None


class Outcome(NamedTuple):
    """What came of one row. `permanent` rows are parked at once; `code` and `message` are the vendor's own.

    `job` goes with state submitted: the vendor's handle of the job, by which `Connector.poll` asks for its report.
    `learned` closes the row's address (`Connector.addresses`) for every destination.
    """

    seq: int
    state: State
    vendor_id: str | None = None
    code: str | None = None
    message: str | None = None
    permanent: bool = False
    job: str | None = None
    learned: Learned | None = None


@dataclass(frozen=True)
class Job:
    """A job that the vendor works on: its handle, and the lane it was sent by."""

    handle: str
    lane: str
    submitted_at: datetime
    load: Callable[[], tuple[Row, ...]]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """The rows it has yet to report on; read when a report is there, not at every look."""
        return self.load()


@dataclass(frozen=True)
class Request:
    """One HTTP request below the connector's base URL.

    `content` is sent as it is, with the Content-Type that `headers` name; `replayable` says whether the request may
    be sent again when nobody knows if it arrived; None = the connector's word. `address` is a whole address that the
    vendor gave, of a file of results elsewhere: asked for without credentials, and `path` counts for nothing.
    """

    method: str
    path: str
    json: Any = None
    form: Sequence[tuple[str, str]] | None = None
    content: bytes | None = None
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    replayable: bool | None = None
    rate: str = ""
    cost: int = 1  # counts against the rates that are `by_cost`
    address: str = ""


class Call(Protocol):
    """The way out: paced, timed, retried and recorded by the engine."""

    def __call__(self, request: Request) -> requests.Response:
        """Send and return an answer that `classify` accepts; raises an ActivationError otherwise."""

    def wait(self, seconds: float) -> None:
        """Wait within the run's budget (for a job at the vendor); raises BudgetError beyond it."""


class Connector(ABC):
    """One destination. Class attributes are facts with their sources; an instance belongs to one run of one sync."""

    name: ClassVar[str]
    # The connector whose account and rates it shares, where another talks to the same; "" = its own.
    shares: ClassVar[str] = ""
    objects: ClassVar[Mapping[str, frozenset[str]]]  # object -> modes it can be synced in
    required: ClassVar[Mapping[str, tuple[str, ...]]] = {}  # object -> columns a sync must have
    separate: ClassVar[frozenset[str]] = frozenset()  # objects whose rows are each sync's own
    # Where a touch happens: email, sms, push, crm, notify, onsite or files.
    channel: ClassVar[str]
    # Object -> channel (email or sms) and column of the address that a row is about, for opt-outs told by answers.
    addresses: ClassVar[Mapping[str, tuple[str, str]]] = {}
    removals: ClassVar[frozenset[str]] = frozenset()  # what `on_remove` may say
    needs: ClassVar[tuple[str, ...]]  # variables without which nothing can be delivered
    limits: ClassVar[Limits]  # of the usual way of sending
    # Object -> bytes of one row as JSON, where the vendor limits them: larger ones are invalid in the plan already.
    row_bytes: ClassVar[Mapping[str, int]] = {}
    # Whether requests hold rows as `encode` gives them, unread by `send`: their JSON need not be made twice then.
    rows_go_whole: ClassVar[bool] = False
    # Requests of an account that may be open at once, where its vendor says so; `send` then runs in threads.
    parallel: ClassVar[int] = 1
    rates: ClassVar[tuple[Rate, ...]] = ()
    bill: ClassVar[Bill | None] = None  # where the vendor bills by what is written
    # May a row be sent twice without harm? Where not, `send` makes one writing request per row, and none after it.
    replay_safe: ClassVar[bool]
    remembers: ClassVar[
        tuple[str, ...]
    ] = ()  # columns whose last accepted value `Row.before` brings back
    quiet_seconds: ClassVar[float] = (
        60.0  # after so long, what the vendor does not list never arrived
    )
    open_jobs: ClassVar[int] = 10  # jobs of one sync that may be open at once
    poll_seconds: ClassVar[tuple[float, float]] = (1.0, 15.0)  # between looks: at first, at most
    job_seconds: ClassVar[float] = 86_400.0  # a job that has not ended after so long never will
    # Where messages go out: what the dispatcher calls a part of one (to, subject, html, text, send_at, from, source,
    # message, variant, expires_at, …) and the column that it is here; and how far ahead the vendor takes one.
    # Empty = this destination takes no messages.
    message_columns: ClassVar[Mapping[str, str]] = {}
    window: ClassVar[Window | None] = None
    # What journeys ask for (contact, deal, task, notify, webhook, field, tag, list) and this destination takes.
    takes: ClassVar[Mapping[str, Takes]] = {}
    can_cancel: ClassVar[bool] = False  # whether a scheduled message can be called back
    can_take_back: ClassVar[bool] = False  # whether one that is out already can be taken back, too

    def __init__(
        self, environ: Mapping[str, str], target: Target, now: Callable[[], datetime]
    ) -> None:
        for variable in self.needs:
            if not environ.get(variable):
                raise CredentialsError(variable)
        self.target, self.now = target, now
        self.rate_scale = 1.0
        self._forms: dict[int, Any] = {}
        self.configure(environ)

    @abstractmethod
    def configure(self, environ: Mapping[str, str]) -> None:
        """Read `base_url`, `rate_scale` and credentials from `environ`."""

    base_url: str

    @property
    def account(self) -> str:
        """What shares one rate limit; two syncs to the same account never deliver at once."""
        return f"{self.shares or self.name}:{self.base_url}"

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Texts that must never be written anywhere."""

    @abstractmethod
    def authorise(self, session: requests.Session) -> None:
        """Put credentials and constant headers on the run's session."""

    def transport(self) -> BaseAdapter | None:
        """What carries requests to a `base_url` that is no HTTP address (smtp://, file://); None = HTTP does.

        It answers as HTTP would: 2xx taken, 4xx refused, 429 later, and raises a ConnectionError or ReadTimeout.
        """
        return None

    @abstractmethod
    def check(self, call: Call) -> None:
        """One cheap request that fails when credentials or address are wrong."""

    def prepare(self, call: Call) -> None:
        """Look up, once per run, what `encode` needs (ids of fields)."""
        return

    @classmethod
    def requests_for(cls, rows: int) -> int:
        """How many requests so many rows take at least."""
        return -(-rows // cls.limits.max_rows)

    @classmethod
    def used_by_rate(cls, rows: int) -> Mapping[str, int]:
        """What so many rows use of each rate by name, at least; of a rate not named, as many as there are requests.

        Of rates that are `by_cost` it is what those requests cost.
        """
        return {}

    def lane(self, row: Row, total: int) -> Limits:
        """The way this row is sent, in a plan of `total` rows."""
        return self.limits

    @abstractmethod
    def encode(self, row: Row) -> Any:
        """The row as it stands in a request: JSON-able, or form pairs. Its encoded size is what the engine counts."""

    def measure(self, row: Row) -> int:
        """Bytes of the row as it will be sent, for the engine; what was made for that is kept for `encoded`."""
        form = self.encode(row)
        text = json_bytes(form)
        self._forms[row.seq] = orjson.Fragment(text) if self.rows_go_whole else form
        return len(text)

    def encoded(self, row: Row) -> Any:
        """What `encode` gave when the row was measured, once; made anew where it was not, or is sent again.

        Of a connector whose `rows_go_whole` it may be finished JSON, fit only to stand in a `Request.json`.
        """
        return self._forms.pop(row.seq, None) or self.encode(row)

    def forget(self, rows: Sequence[Row]) -> None:
        """These rows are sent: what was kept of them is needed no more."""
        for row in rows:
            self._forms.pop(row.seq, None)

    @abstractmethod
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        """Send rows of one lane and yield an outcome for each, as soon as it is known.

        Rows without an outcome when an error is raised are treated by the type of the error. Rows that the vendor
        took into a job are `submitted` with the job's handle; the engine polls, now or in a later run.
        """

    def poll(self, call: Call, job: Job) -> Iterator[Outcome] | None:
        """One look at a job: None while it runs, else an outcome for each of its rows.

        Called on a connector that is not prepared, so it reads payloads and the handle only. Raises JobLostError
        when the vendor no longer knows the job (HTTP 404 and 410 mean that without being said), and JobRefusedError
        when it refused rows without saying which: the engine sends halves, as jobs of their own.
        """
        raise NotImplementedError(f"{self.name} works without jobs")

    def classify(self, response: requests.Response) -> None:
        """Return for an answer that `send` can read; raise by kind otherwise. Override where a vendor differs."""
        answers.classify(response)

    def reconcile(self, call: Call, row: Row, attempted_at: datetime) -> Outcome | None:
        """Ask the vendor whether a row in doubt arrived: acked with its id, or None when it is not there."""
        raise NotImplementedError(f"{self.name} cannot tell whether a row arrived")

    def cancel(self, call: Call, row: Row) -> Outcome:
        """Call a scheduled message back, by `row.vendor_id`; acked = it will not go out, rejected = it is too late."""
        raise NotImplementedError(f"{self.name} cannot call a message back")


def json_bytes(value: Any) -> bytes:
    """Compact UTF-8 JSON: what is sent, and what batches are measured by."""
    return orjson.dumps(value)


def scale(environ: Mapping[str, str], variable: str) -> float:
    """The factor on the vendor's rates; more than 1 only for sandboxes and larger subscriptions."""
    text = environ.get(variable) or "1"
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if value <= 0:
        raise DefinitionError(f"{variable}={text!r} must be a number above 0")
    return value
