"""The HTTP session that loaders read through: paced, retried, and with errors that never show a secret."""

from __future__ import annotations

import secrets
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from typing_extensions import override

from loaders.errors import CredentialsError, LoaderError, RefusedError, UnavailableError
from loaders.pace import LONGEST_SECONDS, Gate, Timer
from warehouse import clock

TIMEOUT_SECONDS = (5.0, 60.0)  # to connect, and between two bytes of the answer
TRIES = 6  # of a request that the network or the vendor loses
FORBIDDEN_TRIES = 3  # some vendors answer 403 now and then; a revoked token answers it every time
BASE_SECONDS, BACKOFF_SECONDS = 1.0, 60.0


class PacedSession(requests.Session):
    """Sends at the gate's pace; `send` returns a 2xx or a 404, everything else is retried or raised as LoaderError."""

    def __init__(self, name: str, gate: Gate, timer: Timer | None = None) -> None:
        super().__init__()
        self.name, self.gate, self.timer = name, gate, timer or Timer()
        self.requests = 0
        self.trust_env = False  # a .netrc entry would replace the token
        self.headers["User-Agent"] = "millrace"

    @override
    def send(self, request: requests.PreparedRequest, **more: Any) -> requests.Response:
        """Raises CredentialsError, RefusedError or UnavailableError."""
        waited, failures = 0.0, 0
        while True:
            self.gate.wait()
            self.requests += 1
            seconds, problem = self._try(request, failures, more)
            if isinstance(problem, requests.Response):
                return problem
            if seconds is None:
                failures += 1
                tries = FORBIDDEN_TRIES if isinstance(problem, CredentialsError) else TRIES
                if failures >= tries:
                    raise problem
                self.timer.sleep(backoff(failures))
                continue
            waited += seconds
            if waited > LONGEST_SECONDS:
                raise problem
            self.gate.pause(seconds)

    def _try(
        self, request: requests.PreparedRequest, failures: int, more: dict[str, Any]
    ) -> tuple[float | None, requests.Response | LoaderError]:
        """The answer; or what is wrong, and for how long the vendor wants to be left alone (None: it does not say)."""
        options = {**more, "timeout": TIMEOUT_SECONDS, "allow_redirects": False}
        try:
            response = super().send(request, **options)
        except (requests.exceptions.InvalidURL, requests.exceptions.SSLError) as error:
            raise CredentialsError(
                f"{self.name}: the address cannot be used ({type(error).__name__}); check the URL"
            ) from None
        except requests.exceptions.RequestException as error:
            # The library's own message holds the whole address.
            return None, UnavailableError(f"{self.name}: no answer ({type(error).__name__})")
        return self._judge(response, failures)

    def _judge(
        self, response: requests.Response, failures: int
    ) -> tuple[float | None, requests.Response | LoaderError]:
        status, where = response.status_code, f"{self.name}: HTTP {response.status_code}"
        if status == 404 or (200 <= status < 300 and is_object(response)):
            return None, response
        if status == 429:
            seconds = retry_after(response)
            wait = backoff(failures + 3) if seconds is None else seconds
            return wait, UnavailableError(f"{where}: limited for longer than we wait; pull later")
        if status == 401:
            raise CredentialsError(f"{where}: the token is not accepted; check it")
        if status == 403:
            return None, CredentialsError(
                f"{where} {FORBIDDEN_TRIES} times: the token is not accepted, or its user may not read this"
            )
        if 300 <= status < 400:
            raise CredentialsError(f"{where}: the address redirects; set the one it points to")
        if status >= 500 or 200 <= status < 300 or status == 408:
            kind = response.headers.get("Content-Type", "no content type")
            return None, UnavailableError(f"{where} with {kind}, {TRIES} times; pull later")
        raise RefusedError(f"{where}: {response.text[:200]}")


def is_object(response: requests.Response) -> bool:
    """Whether the body is a JSON object, as a proxy's page is not."""
    try:
        return isinstance(response.json(), dict)
    except ValueError:
        return False


def retry_after(response: requests.Response) -> float | None:
    """Seconds to wait by `Retry-After` (seconds or HTTP date); None when it says nothing that can be read."""
    text = response.headers.get("Retry-After", "").strip()
    if text.replace(".", "", 1).isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - clock.now()).total_seconds())


def backoff(attempt: int) -> float:
    """Seconds to wait after failed attempt `attempt` (from 1): doubling, half of it random."""
    full = float(min(BACKOFF_SECONDS, BASE_SECONDS * 2 ** (attempt - 1)))
    return full * (0.5 + secrets.randbelow(1000) / 2000)
