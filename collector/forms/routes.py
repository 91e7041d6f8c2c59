"""Serves the forms: as a page, as a snippet for other pages, and as the address that both post to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from collector.errors import Refused
from collector.forms import body, page
from collector.forms.definition import Form
from collector.forms.fields import form_html
from collector.forms.files import load_forms
from collector.forms.limit import Limit
from collector.forms.snippet import snippet
from collector.forms.submission import LONGEST_ANSWER, TABLE, Answers, Sender, line, read_answers
from collector.received import Received
from collector.settings import Settings
from collector.spool import Full
from warehouse import clock, tokens

Receive = Callable[[Request], Awaitable[Received]]
Keep = Callable[[str, list[bytes]], Awaitable[None]]
RETRY_SECONDS = 5
CLOSED = "MILLRACE_COLLECTOR_SIGNING_KEY is not set"


class Forms:
    """Every form of the installation, read once; `receive` and `keep` are the front door's own."""

    def __init__(self, settings: Settings, receive: Receive, keep: Keep, limit: Limit) -> None:
        self.forms = load_forms(settings.forms)
        self.settings, self.receive, self.keep, self.limit = settings, receive, keep, limit
        self.routes = [
            Route("/forms/{name}.js", self.script),
            Route("/forms/{name}", self.show),
            Route("/forms/{name}", self.post, methods=["POST"]),
            Route("/forms/{name}", self.ask, methods=["OPTIONS"]),
        ]

    async def show(self, request: Request) -> Response:
        """The form as a page of its own; hidden fields and the device's id may come with its address."""
        form = self._form(request)
        query = request.query_params
        typed = {
            asked.name: query[asked.name][:LONGEST_ANSWER]
            for asked in form.fields
            if asked.type == "hidden" and asked.name in query
        }
        query_text = f"?{request.url.query}" if request.url.query else ""
        hidden = {"page": f"{self._address(form, request)}{query_text}"}
        if device := query.get("anonymous_id"):
            hidden["anonymous_id"] = device[:LONGEST_ANSWER]
        html = form_html(form, form.name, self._stamp(form), typed, hidden=hidden)
        return page.form_page(form, html)

    async def script(self, request: Request) -> Response:
        """The snippet; it carries the moment at which it was asked for, so nobody may keep it."""
        form = self._form(request)
        url = self._address(form, request)
        code = snippet(form, url, form_html(form, url, self._stamp(form)))
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(code, media_type="text/javascript", headers=headers)

    async def ask(self, request: Request) -> Response:
        """Whether a page of another origin may post."""
        form = self._form(request)
        if not (headers := self._cors(form, request)):
            raise Refused(403, "origin", "this page is not among the form's origins")
        allowed = {
            "Access-Control-Allow-Methods": "POST",
            "Access-Control-Allow-Headers": "content-type",
            "Access-Control-Max-Age": "86400",
        }
        return Response(status_code=204, headers={**headers, **allowed})

    async def post(self, request: Request) -> Response:
        """One submission; answered when it is on disk."""
        form = self._form(request)
        headers = self._cors(form, request)
        if not headers and not self._is_ours(request.headers.get("origin", "null"), request):
            raise Refused(403, "origin", "this page is not among the form's origins")
        address = request.client.host if request.client else ""
        try:
            if seconds := self.limit.wait(address):
                raise Refused(429, "too_often", "too many posts from your address", seconds)
            received = await self.receive(request)
            answers = read_answers(form, dict(body.pairs(received)))
        except Refused as error:
            error.headers |= headers
            raise
        wants_json = body.is_json(received)
        if answers.errors:
            if wants_json:
                told = {
                    "code": "invalid",
                    "message": "Some answers are missing or wrong.",
                    "fields": answers.errors,
                }
                return JSONResponse(told, status_code=422, headers=headers)
            return self._again(form, answers, answers.errors, 422)
        sender = Sender(
            address or None,
            received.header("user-agent") or None,
            received.header("referer") or None,
        )
        _, row = line(form, answers, sender, self.settings.signing_keys, received.received_at)
        try:
            await self.keep(TABLE, [row])
        except (Full, OSError):
            if wants_json:
                raise
            sorry = {"": "We could not keep it just now. Please send it once more in a moment."}
            return self._again(form, answers, sorry, 503)
        return self._thank(form, wants_json, headers)

    def _thank(self, form: Form, wants_json: bool, headers: dict[str, str]) -> Response:
        after = form.after
        if wants_json:
            key, value = (
                ("message", after.message) if after.message else ("redirect", after.redirect)
            )
            return JSONResponse({"success": True, key: value}, headers=headers)
        if after.redirect:
            return RedirectResponse(after.redirect, status_code=303)
        return page.thanks_page(form)

    def _again(self, form: Form, answers: Answers, errors: dict[str, str], status: int) -> Response:
        """The page with what was typed; its stamp stays, for the person has been here longer than this page."""
        typed = {**answers.values, **{said.field: "true" for said in answers.consents}}
        hidden = {"page": answers.page, "anonymous_id": answers.anonymous_id}
        html = form_html(
            form, form.name, answers.stamp or self._stamp(form), typed, errors,
            {name: value for name, value in hidden.items() if value},
        )  # fmt: skip
        headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
        return page.form_page(form, html, status, headers=headers)

    def _form(self, request: Request) -> Form:
        form = self.forms.get(request.path_params["name"])
        if form is None:
            raise Refused(404, "not_found", "there is no such form")
        if not self.settings.signing_keys:
            raise Refused(503, "closed", f"forms are closed: {CLOSED}")
        return form

    def _address(self, form: Form, request: Request) -> str:
        base = self.settings.public_url or str(request.base_url).rstrip("/")
        return f"{base}/forms/{form.name}"

    def _stamp(self, form: Form) -> str:
        return tokens.mint_stamp(self.settings.signing_keys, form.name, clock.now())

    def _cors(self, form: Form, request: Request) -> dict[str, str]:
        """The headers that let a page of one of the form's origins read the answer; none for any other."""
        origin = request.headers.get("origin", "").lower()
        if origin not in form.origins:
            return {}
        return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}

    def _is_ours(self, origin: str, request: Request) -> bool:
        """Whether a post comes from our own page, or from no page at all."""
        own = {request.headers.get("host", ""), urlsplit(self.settings.public_url or "").netloc}
        return origin == "null" or urlsplit(origin).netloc in own
