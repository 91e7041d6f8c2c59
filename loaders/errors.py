"""Every error that `loaders` raises on purpose.

- LoaderError
  - CredentialsError     the address or the token is missing, or the vendor does not accept it
  - UnavailableError     the vendor cannot be reached, limits us for too long, or answers with something else than data
  - RefusedError         the vendor understood the request and will not answer it
  - RunningError         another process pulls from the same account into the same folder
"""

from __future__ import annotations


class LoaderError(Exception):
    """Base of the tree above; its message says what, where and what to do next."""


class CredentialsError(LoaderError):
    """The address or the token is missing, or the vendor does not accept it."""


class UnavailableError(LoaderError):
    """The vendor cannot be reached, limits us for too long, or answers with something else than data."""


class RefusedError(LoaderError):
    """The vendor understood the request and will not answer it."""


class RunningError(LoaderError):
    """Another process pulls from the same account into the same folder."""
