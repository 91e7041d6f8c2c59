"""Why a request is turned away, with the status that makes its sender do the right thing."""

from __future__ import annotations

from warehouse.errors import SettingsError


class Refused(Exception):
    """A request that is not accepted; `status` and `code` go to the sender, nothing of its content does."""

    def __init__(self, status: int, code: str, message: str, retry_seconds: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = {"Retry-After": str(retry_seconds)} if retry_seconds else {}


def unsigned(what: str) -> Refused:
    """The signature is missing or wrong: 401, for Mailgun and Postmark throw events away on 406 and 403."""
    return Refused(401, "unauthorized", what)


class FormError(SettingsError):
    """The file of a form says something impossible; the message names the file, the line and the way out."""
