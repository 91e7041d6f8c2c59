"""The links in messages: to confirm a sign-up, and to leave. Opening one never acts: scanners open every link."""

from __future__ import annotations

import json
import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from collector.forms import body, page
from collector.forms.definition import Form
from collector.forms.routes import CLOSED, Keep, Receive
from collector.received import Received
from collector.segment import moment_text
from collector.settings import Settings
from collector.spool import Full
from warehouse import clock, tokens
from warehouse.errors import TokenError, TokenExpired

CONFIRMATIONS, PREFERENCES = "forms/confirmations", "forms/preferences"
# Refused for marketing, an address is closed on its channel altogether: see docs/concepts/consent.md.
EVERYTHING = "marketing"


class Links:
    """Confirm and unsubscribe, for the holders of a token that we sealed."""

    def __init__(
        self, settings: Settings, receive: Receive, keep: Keep, forms: dict[str, Form]
    ) -> None:
        self.settings, self.receive, self.keep, self.forms = settings, receive, keep, forms
        self.routes = [
            Route("/confirm/{token}", self.ask_to_confirm),
            Route("/confirm/{token}", self.confirm, methods=["POST"]),
            Route("/unsubscribe/{token}", self.ask_to_leave),
            Route("/unsubscribe/{token}", self.leave, methods=["POST"]),
        ]

    async def ask_to_confirm(self, request: Request) -> Response:
        """A page with the button; nothing is kept."""
        found = self._confirmation(request)
        if isinstance(found, Response):
            return found
        return page.button_page(
            "One last step", "Please confirm that it was you who signed up.", "Confirm"
        )

    async def confirm(self, request: Request) -> Response:
        """The person behind the address says yes; saying it twice is saying it once."""
        found = self._confirmation(request)
        if isinstance(found, Response):
            return found
        received = await self.receive(request)
        row = {
            "confirmation_id": uuid.uuid4().hex,
            "submission_id": found.submission_id,
            "channel": found.channel,
            "address": found.address,
            "confirmed_at": moment_text(received.received_at),
            "evidence": _evidence(request, received),
        }
        if sorry := await self._keep(CONFIRMATIONS, [row]):
            return sorry
        return page.notice("Thank you", "Your address is confirmed. You can close this page.")

    async def ask_to_leave(self, request: Request) -> Response:
        """A page with the purposes and the button; nothing is kept."""
        found = self._unsubscription(request)
        if isinstance(found, Response):
            return found
        return page.preferences_page(self._purposes(found), found.purposes)

    async def leave(self, request: Request) -> Response:
        """The address leaves: at one click (RFC 8058) what the message was for, on the page what is ticked."""
        found = self._unsubscription(request)
        if isinstance(found, Response):
            return found
        received = await self.receive(request)
        given = body.pairs(received)
        fields = dict(given)
        on_page = fields.get("from") == "page" and "List-Unsubscribe" not in fields
        if on_page and "all" not in fields:
            known = self._purposes(found)
            left = [value for name, value in given if name == "purpose" and value in known]
            if not left:
                return page.preferences_page(known, [], "Please tick what you want to leave.")
        else:
            left = sorted({*self._purposes(found), EVERYTHING}) if on_page else list(found.purposes)
        rows = [
            {
                "preference_id": uuid.uuid4().hex,
                "channel": found.channel,
                "address": found.address,
                "purpose": purpose,
                "status": "opt_out",
                "method": "preference_page" if on_page else "one_click",
                "occurred_at": moment_text(received.received_at),
                "evidence": _evidence(request, received),
            }
            for purpose in left
        ]
        if sorry := await self._keep(PREFERENCES, rows):
            return sorry
        if not on_page:
            return PlainTextResponse("unsubscribed")
        return page.notice("You are unsubscribed", "It is on record. You can close this page.")

    def _confirmation(self, request: Request) -> tokens.Confirmation | Response:
        if not self.settings.signing_keys:
            return _closed()
        try:
            return tokens.open_confirmation(
                self.settings.signing_keys, request.path_params["token"], clock.now()
            )
        except TokenExpired:
            text = "This link is too old. Please sign up once more, and you get a new one."
            return page.notice("Too late", text, status=410)
        except TokenError:
            return _unknown()

    def _unsubscription(self, request: Request) -> tokens.Unsubscription | Response:
        if not self.settings.signing_keys:
            return _closed()
        try:
            return tokens.open_unsubscribe(self.settings.signing_keys, request.path_params["token"])
        except TokenError:
            return _unknown()

    def _purposes(self, found: tokens.Unsubscription) -> list[str]:
        """What the message was for first, then what the forms ask for on that channel."""
        asked = {
            said.purpose
            for form in self.forms.values()
            for said in form.consents
            if said.channel == found.channel
        }
        return [*found.purposes, *sorted(asked - set(found.purposes))]

    async def _keep(self, table: str, rows: list[dict[str, Any]]) -> Response | None:
        try:
            await self.keep(
                table, [json.dumps(row, separators=(",", ":")).encode() for row in rows]
            )
        except (Full, OSError):
            text = "We could not keep it just now. Please try once more in a moment."
            return page.notice("Please try again", text, status=503)
        return None


def _evidence(request: Request, received: Received) -> dict[str, Any]:
    return {
        "ip": request.client.host if request.client else None,
        "user_agent": received.header("user-agent") or None,
        "at": moment_text(received.received_at),
    }


def _unknown() -> Response:
    text = "Part of the link may have got lost. Please open it from the message itself."
    return page.notice("This link does not work", text, status=404)


def _closed() -> Response:
    return page.notice("Closed", f"Links are closed: {CLOSED}.", status=503)
