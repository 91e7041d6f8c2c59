"""The pages that people see: a form, its thanks, a confirmation, the way out; plain HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from starlette.responses import HTMLResponse

from collector.forms.definition import Form
from collector.forms.style import STYLE, STYLE_HASH


def respond(
    title: str,
    body: str,
    *,
    status: int = 200,
    language: str = "en",
    origins: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    targets: Sequence[str] = (),
) -> HTMLResponse:
    """A whole page. It loads nothing, runs nothing, is kept by nobody, and is framed only by `origins`."""
    posts, frames = " ".join(targets), " ".join(origins)
    policy = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; "
        f"form-action 'self' {posts}; frame-ancestors 'self' {frames}"
    )
    html = (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{escape(title)}</title><style>{STYLE}</style></head>'
        f'<body><main><div class="card"><h1>{escape(title)}</h1>{body}</div></main></body></html>'
    )
    return HTMLResponse(
        html,
        status_code=status,
        headers={
            "Content-Security-Policy": policy,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
    )


def form_page(
    form: Form, body: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page of a form: its own words above whatever `body` is."""
    intro = f'<p class="intro">{escape(form.intro)}</p>' if form.intro else ""
    targets = [_origin(form.after.redirect)] if form.after.redirect else []
    return respond(
        form.title, intro + body, status=status, language=form.language, origins=form.origins,
        targets=targets, headers=headers,
    )  # fmt: skip


def thanks_page(form: Form) -> HTMLResponse:
    """What follows a form that was sent, where it leads to no other page."""
    body = f'<p role="status">{escape(form.after.message or "")}</p>'
    return respond(form.title, body, language=form.language, origins=form.origins)


def notice(
    title: str, text: str, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """A page with one thing to say."""
    body = f'<p role="status">{escape(text)}</p>'
    return respond(title, body, status=status, headers=headers)


def button_page(title: str, text: str, button: str) -> HTMLResponse:
    """A page whose button does what its address alone must not do."""
    return respond(
        title,
        f'<p>{escape(text)}</p><form method="post"><button type="submit">{escape(button)}</button></form>',
    )


def preferences_page(
    purposes: Sequence[str], ticked: Sequence[str], wrong: str = ""
) -> HTMLResponse:
    """What somebody may leave, one purpose at a time or all at once; it does not say what they get."""
    boxes = "".join(
        f'<div class="field check"><input type="checkbox" id="p-{escape(name)}" name="purpose" value="{escape(name)}"'
        f'{" checked" if name in ticked else ""}><label for="p-{escape(name)}">{escape(_spoken(name))}</label></div>'
        for name in purposes
    )
    problem = f'<div class="summary" role="alert"><p>{escape(wrong)}</p></div>' if wrong else ""
    body = (
        f'{problem}<form method="post"><input type="hidden" name="from" value="page">'
        f"<fieldset><legend>Do not write to me about</legend>{boxes}</fieldset>"
        '<button type="submit">Unsubscribe</button>'
        '<button type="submit" class="second" name="all" value="yes">Unsubscribe from everything</button></form>'
    )
    return respond("Unsubscribe", body, status=422 if wrong else 200)


def _spoken(purpose: str) -> str:
    return purpose.replace("_", " ").capitalize()


def _origin(address: str) -> str:
    return "/".join(address.split("/")[:3])
