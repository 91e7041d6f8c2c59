"""The one way out of the process: a session that paces, times out, retries what may be repeated, and records."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
import sqlalchemy as sa
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NewConnectionError

from activations import answers, leases
from activations.connector import Connector, Request, json_bytes
from activations.errors import (
    ActivationError,
    BudgetError,
    InDoubtError,
    LeaseError,
    RefusedError,
    StopError,
    ThrottledError,
    UnavailableError,
)
from activations.leases import LEASE_SECONDS, Lease
from activations.pace import Limiter, Timer, backoff
from activations.usage import Usage
from warehouse import clock

TIMEOUT_SECONDS = (5.0, 30.0)  # to connect, and between two bytes of the answer
TRIES = 5  # of one request that may be repeated
ASKED_SECONDS = 0.1  # between two looks at whether somebody more urgent waits for the account
JSON_TYPE = "application/json"


class Channel:
    """Calls one account during one run; see `activations.connector.Call`."""

    def __init__(
        self,
        connector: Connector,
        session: requests.Session,
        timer: Timer,
        budget_seconds: float,
        engine: sa.Engine,
        held: tuple[Lease, ...],
        priority: int = leases.USUAL,
    ) -> None:
        self.connector, self.session, self.timer = connector, _settled(session, connector), timer
        self.deadline = timer.monotonic() + budget_seconds
        self.requests = 0
        self._limiter = Limiter(connector.rates, connector.rate_scale, timer)
        self._usage = Usage(engine, self._limiter, timer)
        self._engine, self._held, self._prolonged = engine, held, timer.monotonic()
        self._priority = priority
        # Threads share the account's pace, windows and leases; each has its own session and its own list of requests.
        self._lock, self._own = threading.RLock(), threading.local()
        self._until = timer.monotonic()  # the account wants to be left alone so long
        self._asked, self._is_wanted = -ASKED_SECONDS, False
        self._own.session = session
        session.headers["User-Agent"] = "millrace"
        session.auth = _as_it_is  # or a .netrc entry would replace the connector's own header
        connector.authorise(session)
        self._usage.open(held[-1])
        self._leave_alone(leases.paused_seconds(engine, held[-1]))

    def close(self) -> None:
        """Give the account's windows back; whoever lost the account has nothing to give back."""
        with suppress(LeaseError):
            self._usage.close(self._held[-1])

    def is_wanted(self) -> bool:
        """Whether a more urgent sync waits for the account, as far as was seen within ASKED_SECONDS."""
        if self._priority == 0:
            return False
        with self._lock:
            if self.timer.monotonic() - self._asked >= ASKED_SECONDS:
                self._is_wanted = leases.is_wanted(self._engine, self._held[-1], self._priority)
                self._asked = self.timer.monotonic()
            return self._is_wanted

    def give_way(self) -> None:
        """While nothing is on its way: let a more urgent sync go first. Raises BudgetError after too long."""
        account = self._held[-1]
        self._usage.close(account)
        left = max(0.0, self.deadline - self.timer.monotonic())
        try:
            taken = leases.give_way(self._engine, account, self.timer, left, self._priority)
        except LeaseError:
            raise BudgetError(
                "a more urgent sync of the account took the rest of the run's time"
            ) from None
        self._held, self._is_wanted = (*self._held[:-1], taken), False
        self._usage.open(taken)
        self._leave_alone(leases.paused_seconds(self._engine, taken))
        self._stay_alive()

    def attempts(self) -> list[dict[str, Any]]:
        """The requests of this thread since the last call of this function, as rows of the ledger."""
        taken, self._own.attempts = self._made, []
        return [{"number": number, **attempt} for number, attempt in enumerate(taken, 1)]

    def wait(self, seconds: float) -> None:
        """Wait within the budget, staying alive for whoever looks at the lease."""
        if self.timer.monotonic() + seconds > self.deadline:
            raise BudgetError(f"a wait of {seconds:.0f} s goes beyond the run's time budget")
        while seconds > 0:
            part = min(seconds, LEASE_SECONDS / 4)
            self.timer.sleep(part)
            seconds -= part
            self._stay_alive()

    def __call__(self, request: Request) -> requests.Response:
        """Send `request`; returns the first answer that the connector accepts. Raises ActivationError."""
        connector = self.connector
        replayable = request.method == "GET" or (
            connector.replay_safe if request.replayable is None else request.replayable
        )
        failures = throttles = 0
        while True:
            self._admit(request)
            try:
                return self._once(request)
            except ThrottledError as error:
                throttles += 1
                seconds = (
                    backoff(throttles + 2, self.timer) if error.seconds is None else error.seconds
                )
                self._pause(seconds)
            except (UnavailableError, InDoubtError) as error:
                failures += 1
                # Nothing was sent when the connection was refused, so that may always be repeated.
                if not replayable and isinstance(error, InDoubtError):
                    raise
                if failures == TRIES:
                    raise UnavailableError(f"{error} ({TRIES} tries)") from error
                self.wait(backoff(failures, self.timer))

    def _admit(self, request: Request) -> None:
        """Wait until the account's windows have room, and take it; one thread after the other."""
        while True:
            with self._lock:
                seconds = max(
                    self._until - self.timer.monotonic(),
                    self._limiter.wait(request.rate, request.cost),
                )
                if seconds <= 0:
                    self._stay_alive()
                    self._usage.take(self._held[-1], request.rate, request.cost)
                    return
            self.wait(seconds)

    def _once(self, request: Request) -> requests.Response:
        started, sent_at = self.timer.monotonic(), clock.naive(clock.now())
        status: int | None = None
        failure: ActivationError | None = None
        try:
            response = self._request(request)
            status = response.status_code
            if request.address:
                answers.classify_file(response)
                return response
            self.connector.classify(response)
            if seconds := answers.spent_seconds(response):
                self._leave_alone(seconds, remember=True)
            return response
        except ActivationError as error:
            failure = error
            raise
        finally:
            with self._lock:
                self.requests += 1
            self._made.append(
                {
                    "method": request.method,
                    "path": (urlsplit(request.address).path or request.path)[:300],
                    "status": status,
                    "error": type(failure).__name__ if failure else None,
                    "seconds": self.timer.monotonic() - started,
                    "sent_at": sent_at,
                }
            )

    def _request(self, request: Request) -> requests.Response:
        data, headers = encoded(request)
        name = self.connector.name
        session, url = self._session, self.connector.base_url.rstrip("/") + request.path
        if request.address:
            session, url = self._stranger(), self._elsewhere(request.address)
        try:
            # As `session.request` would, whose merging of settings takes as long as all the rest of preparing.
            ready = requests.PreparedRequest()
            ready.prepare(
                method=request.method,
                url=url,
                headers=CaseInsensitiveDict({**session.headers, **headers}),
                data=data,
                params=request.params,
                auth=session.auth,
                cookies=session.cookies,
            )
            return session.send(ready, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        # The libraries' own messages hold addresses with queries: never passed on.
        except (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema) as error:
            raise StopError(
                f"{name}: the base URL is not an address: {type(error).__name__}"
            ) from None
        except requests.exceptions.SSLError:
            raise StopError(f"{name}: the address has no valid certificate") from None
        except requests.exceptions.ConnectTimeout:
            raise UnavailableError(
                f"{name}: no connection within {TIMEOUT_SECONDS[0]:.0f} s"
            ) from None
        except requests.exceptions.ConnectionError as error:
            if never_sent(error):
                raise UnavailableError(f"{name}: connection refused or address unknown") from None
            raise InDoubtError(f"{name}: the connection broke before an answer came") from None
        except requests.exceptions.RequestException as error:
            raise InDoubtError(f"{name}: no usable answer ({type(error).__name__})") from None

    def _pause(self, seconds: float) -> None:
        """Leave the account alone, this process and the next."""
        self._leave_alone(seconds, remember=True)
        self.wait(seconds)

    def _leave_alone(self, seconds: float, *, remember: bool = False) -> None:
        """Start nothing for so long, whichever thread; `remember` it for whoever comes next."""
        if remember:
            leases.pause(self._engine, self._held[-1], seconds)
        with self._lock:
            self._until = max(self._until, self.timer.monotonic() + seconds)

    def _stay_alive(self) -> None:
        with self._lock:
            if self.timer.monotonic() - self._prolonged > LEASE_SECONDS / 4:
                for lease in self._held:
                    leases.prolong(self._engine, lease)
                self._prolonged = self.timer.monotonic()

    @property
    def _made(self) -> list[dict[str, Any]]:
        if not hasattr(self._own, "attempts"):
            self._own.attempts = []
        found: list[dict[str, Any]] = self._own.attempts
        return found

    @property
    def _session(self) -> requests.Session:
        """The session of the thread that asks: as the first one is by now, over the same connections."""
        if not hasattr(self._own, "session"):
            copy, first = self._stranger(), self.session
            copy.headers, copy.auth, copy.cert = first.headers, first.auth, first.cert
            self._own.session = copy
        found: requests.Session = self._own.session
        return found

    def _stranger(self) -> requests.Session:
        """A session over the same connections that says nothing of the account."""
        copy, first = requests.Session(), self.session
        copy.adapters, copy.proxies, copy.verify = first.adapters, first.proxies, first.verify
        copy.trust_env = False
        return copy

    def _elsewhere(self, address: str) -> str:
        """An address that an answer named; nothing is asked for in the clear unless the account itself is."""
        schemes = {"https", urlsplit(self.connector.base_url).scheme}
        if urlsplit(address).scheme not in schemes:
            raise RefusedError("address", "its file of results has no https address")
        return address


def _settled(session: requests.Session, connector: Connector) -> requests.Session:
    """Read proxies and certificates from the environment once, not at each request."""
    found = session.merge_environment_settings(connector.base_url, {}, None, None, None)
    session.proxies, session.verify, session.cert = (
        found["proxies"],
        found["verify"],
        found["cert"],
    )
    session.trust_env = False
    return session


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def encoded(request: Request) -> tuple[bytes | list[tuple[str, str]] | None, Mapping[str, str]]:
    """Body and content headers of a request."""
    if request.json is not None:
        return json_bytes(request.json), {"Content-Type": JSON_TYPE, **request.headers}
    form = list(request.form) if request.form is not None else None
    return (form if request.content is None else request.content), request.headers


def never_sent(error: requests.exceptions.ConnectionError) -> bool:
    """Whether the connection was never made, so that nothing can have arrived."""
    reason = error.args[0] if error.args else None
    cause = getattr(reason, "reason", reason)
    return isinstance(cause, NewConnectionError)
