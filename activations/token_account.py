"""What connectors share whose account is an address and one token, sent with every request, alone or beside a name."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

import requests
from typing_extensions import override

from activations.connector import Connector, scale


class TokenAccount(Connector, ABC):
    """A subclass says which variables they are in, written out, so that a search for one finds who reads it."""

    key_in: ClassVar[str]
    url_in: ClassVar[str]
    scale_in: ClassVar[str]
    vendor_url: ClassVar[str] = ""  # "" = each account has its own: `needs` names `url_in`, too
    header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer {}")  # its name; {} = the token

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        self.base_url = environ.get(self.url_in) or self.vendor_url
        self.rate_scale = scale(environ, self.scale_in)
        self._token = environ[self.key_in]

    @property
    @override
    def secrets(self) -> tuple[str, ...]:
        return (self._token,)

    @override
    def authorise(self, session: requests.Session) -> None:
        name, text = self.header
        session.headers[name] = text.format(self._token)


class NamedAccount(TokenAccount, ABC):
    """One that signs in with a name and the token, by HTTP Basic."""

    user_in: ClassVar[str] = ""  # "" = the vendor takes any name

    @override
    def configure(self, environ: Mapping[str, str]) -> None:
        super().configure(environ)
        self._user = environ[self.user_in] if self.user_in else "millrace"

    @override
    def authorise(self, session: requests.Session) -> None:
        session.auth = (self._user, self._token)
