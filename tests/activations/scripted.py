"""What every stand-in for a vendor is made of: a function from request to response behind an adapter, and faults."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3.exceptions import NewConnectionError

Answer = tuple[int, dict[str, str], Any]
Handler = Callable[[requests.PreparedRequest], Answer]
Fault = Callable[[requests.PreparedRequest, Handler], Answer]


class Killed(BaseException):
    """The process died here."""


@dataclass
class Vendor:
    """What every stand-in has: the requests it got, the faults it will commit, and a state to compare."""

    requests: list[requests.PreparedRequest] = field(default_factory=list)
    timeouts: list[object] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    bad_keys: set[str] = field(default_factory=set)
    left_keys: set[str] = field(default_factory=set)  # people who left, in the vendor's own words
    is_locked: bool = False  # no credentials are good enough

    def handle(self, request: requests.PreparedRequest) -> Answer:
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """What the vendor holds, by key."""
        raise NotImplementedError

    def is_write(self, request: requests.PreparedRequest) -> bool:
        return request.method != "GET"

    def foreign(self) -> str | None:
        """Somebody else's record, where the vendor has records; its key."""
        return None

    def writes(self) -> list[requests.PreparedRequest]:
        return [request for request in self.requests if self.is_write(request)]

    def answer(self, request: requests.PreparedRequest) -> Answer:
        self.requests.append(request)
        if self.is_locked:
            return 401, {}, {"message": "no"}
        if self.faults and self.is_write(request):
            return self.faults.pop(0)(request, self.handle)
        return self.handle(request)


class Adapter(BaseAdapter):
    """Routes a session's requests to a vendor."""

    def __init__(self, vendor: Vendor) -> None:
        super().__init__()
        self.vendor = vendor

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        self.vendor.timeouts.append(kwargs.get("timeout"))
        status, headers, body = self.vendor.answer(request)
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, request.url or ""
        if isinstance(body, bytes):
            response.headers.update({"Content-Type": "application/octet-stream", **headers})
            response._content = body
            return response
        is_text = isinstance(body, str)
        response.headers.update(
            {"Content-Type": "text/html" if is_text else "application/json", **headers}
        )
        response._content = (
            body.encode() if is_text else json.dumps(body).encode() if body is not None else b""
        )
        return response

    def close(self) -> None:
        return


def passes(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """No fault."""
    return handle(request)


def answers(status: int, headers: Mapping[str, str] | None = None, body: Any = None) -> Fault:
    """Answer without doing anything."""
    return lambda request, handle: (status, dict(headers or {}), {} if body is None else body)


def dies_before(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The process dies before the request arrives."""
    raise Killed


def dies_after(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The vendor accepts, then the process dies."""
    handle(request)
    raise Killed


def times_out(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The vendor accepts, but its answer never comes."""
    handle(request)
    raise requests.exceptions.ReadTimeout


def vanishes(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """The request never arrives, and nobody says so."""
    raise requests.exceptions.ReadTimeout


def refuses_connection(request: requests.PreparedRequest, handle: Handler) -> Answer:
    """Nothing is sent."""
    raise requests.exceptions.ConnectionError(NewConnectionError(None, "refused"))  # type: ignore[arg-type]


def sent_json(request: requests.PreparedRequest) -> Any:
    return json.loads(request.body or b"{}")


def sent_form(request: requests.PreparedRequest) -> dict[str, str]:
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    return dict(parse_qsl(body))


def path_of(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).path


def query_of(request: requests.PreparedRequest) -> dict[str, str]:
    """The query; of a name that comes twice, the last."""
    return {n: v[-1] for n, v in parse_qs(urlsplit(str(request.url)).query).items()}


@dataclass(frozen=True)
class Throttle:
    """One of the vendor's ways to say "slow down", and how long the engine must wait at least."""

    status: int
    least_seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True)
class Kind:
    """How one object of one destination looks in the conformance suite."""

    destination: str
    object: str
    key: str
    mode: str
    columns: Mapping[str, str]
    vendor: type[Vendor]
    sample: Callable[[int], Mapping[str, Any]]  # a row by number, one value for each column
    changing: str  # the column whose change must be sent
    environ: Mapping[str, str]
    secrets: tuple[str, ...]  # variables of `environ` that must never be written anywhere
    identity: str = ""  # the column that is the vendor's key; the sync's key where empty
    long: str = ""  # a text column without a limit of its own
    longest: int = 30_000  # characters of that text that a row may still hold
    private: tuple[str, ...] = ()  # columns that hold personal data
    carries_values: bool = True  # a membership is there or not, and has no columns of its own
    alike: tuple[str, ...] = ()  # other objects that differ in nothing but their name
    times: tuple[str, ...] = ()  # columns after which a row is stale
    removal: str = ""  # what a mirror does, where there is a choice
    is_permanent: bool = False  # a refusal of a row is for ever
    refuses_rows: bool = True  # files refuse nothing
    learns: str = ""  # what the answer about somebody of `left_keys` says of the address
    knows_absence: bool = True  # of a message in doubt, the vendor can say that it never arrived
    throttles: tuple[Throttle, ...] = ()
    custom: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""

    def row(self, number: int) -> dict[str, Any]:
        sample = self.sample(number)
        return {name: sample[name] for name in self.columns}

    def vendor_key(self, number: int) -> str:
        return str(self.row(number)[self.identity or self.key])
