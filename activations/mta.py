"""Carries requests to a mail server: POST hands over one message, GET says whether it would talk to us."""

from __future__ import annotations

import smtplib
import ssl
from typing import Any
from urllib.parse import urlsplit

import requests
from typing_extensions import override
from urllib3.exceptions import NewConnectionError

from activations.transport import Transport, answer

FROM, TO = "X-Envelope-From", "X-Envelope-To"
TOO_MANY = frozenset({421, 452})  # the server wants less of us; 45x otherwise is about one mailbox
NO_CREDENTIALS = frozenset({530, 534, 535, 538})


class MtaAdapter(Transport):
    """For `smtp://` (STARTTLS where the server offers it) and `smtps://` addresses; one connection at a time."""

    def __init__(self, user: str = "", password: str = "") -> None:
        super().__init__()
        self._user, self._password = user, password
        self._open: smtplib.SMTP | None = None

    @override
    def carry(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response:
        """Hand over; raises ConnectionError when nothing was sent, ReadTimeout when nobody knows."""
        try:
            server = self._server(str(request.url), timeout)
            if request.method == "GET":
                server.noop()
                return answer(request, 200, {"message": "there"})
            server.rset()
            code, words = server.mail(str(request.headers[FROM]))
            if code == 250:
                code, words = server.rcpt(str(request.headers[TO]))
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            return answer(request, 401, {"message": f"{error.smtp_code}: not authorised"})
        except smtplib.SMTPResponseException as error:
            self.close()
            return self._refusal(request, error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            reason = NewConnectionError(None, type(error).__name__)  # type: ignore[arg-type]
            raise requests.exceptions.ConnectionError(reason) from None
        if code not in (250, 251):
            return self._refusal(request, code, words)
        try:
            # From here on a broken connection leaves the message in doubt.
            body = request.body if isinstance(request.body, bytes) else b""
            code, words = server.data(body)
        except smtplib.SMTPDataError as error:
            return self._refusal(request, error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise requests.exceptions.ReadTimeout(type(error).__name__) from None
        return (
            answer(request, 200, {"code": code})
            if code == 250
            else self._refusal(request, code, words)
        )

    @override
    def close(self) -> None:
        """Leave the server, politely where it is still there."""
        server, self._open = self._open, None
        if server is not None:
            try:
                server.quit()
            except (smtplib.SMTPException, OSError):
                server.close()

    def _server(self, url: str, timeout: Any) -> smtplib.SMTP:
        if self._open is not None:
            try:
                if self._open.noop()[0] == 250:
                    return self._open
            except (smtplib.SMTPException, OSError):
                self._open.close()  # servers leave when nothing happens for a while
            self._open = None
        parts = urlsplit(url)
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        context = ssl.create_default_context()
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                parts.hostname or "", parts.port or 465, timeout=connect, context=context
            )
        else:
            server = smtplib.SMTP(parts.hostname or "", parts.port or 25, timeout=connect)
        self._open = server
        if server.sock is not None:
            server.sock.settimeout(read)
        server.ehlo_or_helo_if_needed()
        if parts.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif parts.scheme == "smtp" and self._password:
            raise smtplib.SMTPAuthenticationError(538, b"no TLS, so no password")
        if self._password:
            server.login(self._user, self._password)
        return server

    def _refusal(
        self, request: requests.PreparedRequest, code: int, words: bytes | str
    ) -> requests.Response:
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        if code in TOO_MANY:
            self.close()
        status = 429 if code in TOO_MANY else 401 if code in NO_CREDENTIALS else 422
        return answer(request, status, {"code": str(code), "message": text})
