"""Every error that `activations` raises on purpose; the engine decides by type, never by text.

- ActivationError
  - TerminalError          doing the same again would fail again
    - DefinitionError      a sync's model or `meta` says something impossible
    - CredentialsError     a destination's variables are not set
    - RefusedError         the destination refused a request for what is in it; rows are told apart by halving
    - TooLargeError        the destination found a request too large; halved once
    - JobRefusedError      a job's report says that rows were refused; which, is told apart by halving
    - JobLostError         the destination no longer knows a job that it accepted, or cannot say what came of it
    - StopError            the destination will refuse everything (401, 402, 403, a redirect): the run stops
    - LedgerError          the ledger contradicts itself or the warehouse
  - TransientError         the same may work later
    - ThrottledError       told to wait for so many seconds; counts against nobody
    - BudgetError          the wait is longer than the run may take: the remaining rows are deferred
    - UnavailableError     not reachable, or 5xx on something that may be repeated, after all tries
    - InDoubtError         sent, but no answer that can be trusted, on something that must not be repeated
    - LeaseError           another process delivers this sync, or took it over
"""

from __future__ import annotations


class ActivationError(Exception):
    """Base of the tree above; its message says what, where and what to do next, and holds no personal data."""


class TerminalError(ActivationError):
    """Doing the same again would fail again."""


class DefinitionError(TerminalError):
    """A sync's model or `meta` says something impossible."""


class CredentialsError(TerminalError):
    """A destination's variables are not set; `variable` is the first that is missing."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"{variable} is not set")
        self.variable = variable


class RefusedError(TerminalError):
    """The destination refused a request for what is in it; `rows` are positions in the batch where it named them."""

    def __init__(self, code: str, message: str, rows: dict[int, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.rows = code, message, rows or {}


class TooLargeError(RefusedError):
    """The destination found a request too large."""


class JobRefusedError(RefusedError):
    """A job's report says that it refused rows; `rows` are positions in the job where it names them."""


class JobLostError(TerminalError):
    """The destination no longer knows a job that it accepted, or cannot say what came of it."""


class StopError(TerminalError):
    """The destination will refuse everything until somebody changes a setting."""


class LedgerError(TerminalError):
    """The ledger contradicts itself or the warehouse."""


class TransientError(ActivationError):
    """The same may work later."""


class ThrottledError(TransientError):
    """Told to wait; `seconds` is None where the destination does not say for how long."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(
            f"throttled, wait {'(not said)' if seconds is None else f'{seconds:.0f} s'}"
        )
        self.seconds = seconds


class BudgetError(TransientError):
    """The wait is longer than the run may take."""


class UnavailableError(TransientError):
    """Not reachable, or 5xx on something that may be repeated."""


class InDoubtError(TransientError):
    """Sent, but without an answer that can be trusted."""


class LeaseError(TransientError):
    """Another process delivers this sync, or took it over."""
