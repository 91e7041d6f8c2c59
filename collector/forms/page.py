"""The pages that people see: a form, its thanks, a confirmation, the way out; plain HTML that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from html import escape

from starlette.responses import HTMLResponse

from collector.forms.definition import Form, Question, Statement
from collector.forms.submission import LONGEST_ANSWER

STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--soft:#5b6472;--paper:#fff;--ground:#f3f4f7;--line:#8a93a3;--main:#1f4fd8;
--on-main:#fff;--bad:#b3261e;--bad-soft:#fdeceb}
@media (prefers-color-scheme:dark){:root{--ink:#edf0f5;--soft:#b0b8c5;--paper:#1b212b;--ground:#11151b;--line:#7f8896;
--main:#9db8ff;--on-main:#10131a;--bad:#ffb4ab;--bad-soft:#3b1f1e}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Helvetica Neue",sans-serif}
main{max-width:31rem;margin:0 auto;padding:clamp(1rem,6vh,4rem) 1rem}
.card{background:var(--paper);border-radius:.9rem;padding:clamp(1.25rem,5vw,2.25rem);
box-shadow:0 1px 2px rgb(0 0 0/.08),0 8px 28px rgb(0 0 0/.07)}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .5rem;letter-spacing:-.01em}
p{margin:0 0 1rem}
.intro{color:var(--soft);margin-bottom:1.5rem}
.field{margin:0 0 1.15rem}
label{display:block;font-weight:600;margin:0 0 .3rem}
.optional{font-weight:400;color:var(--soft)}
.help{color:var(--soft);font-size:.9rem;margin:0 0 .3rem}
input:not([type=checkbox]),select{width:100%;font:inherit;color:inherit;background:var(--paper);
border:1px solid var(--line);border-radius:.5rem;padding:.65rem .75rem;min-height:2.9rem}
input:focus-visible,select:focus-visible,button:focus-visible,
a:focus-visible{outline:3px solid var(--main);outline-offset:2px}
[aria-invalid=true]:not([type=checkbox]){border-color:var(--bad);border-width:2px}
.wrong{color:var(--bad);font-size:.92rem;font-weight:600;margin:.35rem 0 0}
.summary{background:var(--bad-soft);color:var(--bad);border-radius:.5rem;padding:.75rem 1rem;margin:0 0 1.25rem}
.summary p{margin:0;font-weight:600}.summary ul{margin:.35rem 0 0;padding-left:1.1rem}.summary a{color:inherit}
.check{display:flex;gap:.7rem;align-items:flex-start}
.check label{font-weight:400;margin:0}
.check input{width:1.25rem;height:1.25rem;margin:.15rem 0 0;flex:none;accent-color:var(--main)}
button{font:inherit;font-weight:600;cursor:pointer;border-radius:.5rem;padding:.75rem 1.4rem;min-height:2.9rem;
border:1px solid var(--main);background:var(--main);color:var(--on-main);width:100%;margin-top:.35rem}
button.second{background:none;color:var(--main);margin-top:.75rem}
.trap{position:absolute;left:-10000px;width:1px;height:1px;overflow:hidden}
fieldset{border:0;padding:0;margin:0 0 1rem}legend{font-weight:600;padding:0;margin:0 0 .5rem}
""".replace("\n", "")
STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
COMPLETE = {
    "first_name": "given-name", "last_name": "family-name", "company": "organization",
    "job_title": "organization-title",
    "country": "country-name", "city": "address-level2", "email": "email", "phone": "tel",
}  # fmt: skip


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


def form_html(
    form: Form,
    action: str,
    stamp: str,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    hidden: Mapping[str, str] | None = None,
) -> str:
    """The form itself, with what was typed and what is wrong with it."""
    values, wrong = typed or {}, errors or {}
    own = {"stamp": stamp, **(hidden or {})}
    parts = [
        f'<form method="post" action="{escape(action)}" class="millrace-form" novalidate>',
        _summary(form, wrong),
        *(f'<input type="hidden" name="{escape(k)}" value="{escape(v)}">' for k, v in own.items()),
        *(_question(form, asked, values, wrong) for asked in form.fields),
        *(_statement(form, said, values, wrong) for said in form.consents),
        # Nobody sees this; whoever fills it in is a machine.
        '<div class="trap" aria-hidden="true"><label>Leave this empty '
        f'<input type="text" name="{form.honeypot}" tabindex="-1" autocomplete="off"></label></div>',
        f'<button type="submit">{escape(form.submit)}</button></form>',
    ]
    return "".join(parts)


def form_page(form: Form, body: str, status: int = 200, **more: Mapping[str, str]) -> HTMLResponse:
    """The page of a form: its own words above whatever `body` is."""
    intro = f'<p class="intro">{escape(form.intro)}</p>' if form.intro else ""
    targets = [_origin(form.after.redirect)] if form.after.redirect else []
    return respond(
        form.title, intro + body, status=status, language=form.language, origins=form.origins,
        targets=targets, headers=more.get("headers"),
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


def _summary(form: Form, wrong: Mapping[str, str]) -> str:
    if not wrong:
        return ""
    items = "".join(
        f'<li><a href="#{form.name}-{escape(name)}">{escape(text)}</a></li>'
        if name
        else f"<li>{escape(text)}</li>"
        for name, text in wrong.items()
    )
    return (
        f'<div class="summary" role="alert"><p>This could not be sent yet</p><ul>{items}</ul></div>'
    )


def _question(
    form: Form, asked: Question, values: Mapping[str, str], wrong: Mapping[str, str]
) -> str:
    value = values.get(asked.name, asked.value or "")
    if asked.type == "hidden":
        return f'<input type="hidden" name="{asked.name}" value="{escape(value)}">'
    number = f"{form.name}-{asked.name}"
    label, problem = escape(asked.label or ""), _problem(number, wrong.get(asked.name))
    about = [f"{number}-help"] if asked.help else []
    about += [f"{number}-wrong"] if problem else []
    marks = f' id="{number}" name="{asked.name}"' + (" required" if asked.required else "")
    marks += f' aria-describedby="{" ".join(about)}"' if about else ""
    marks += ' aria-invalid="true"' if problem else ""
    helped = f'<p class="help" id="{number}-help">{escape(asked.help)}</p>' if asked.help else ""
    optional = "" if asked.required else ' <span class="optional">(optional)</span>'
    if asked.type == "checkbox":
        ticked = " checked" if value else ""
        box = f'<input type="checkbox" value="true"{marks}{ticked}>'
        check = f'<div class="check">{box}<label for="{number}">{label}</label></div>'
        return f'<div class="field">{check}{helped}{problem}</div>'
    head = f'<div class="field"><label for="{number}">{label}{optional}</label>{helped}'
    if asked.type == "select":
        options = "".join(
            f"<option{' selected' if value == option else ''}>{escape(option)}</option>"
            for option in asked.options
        )
        return f'{head}<select{marks}><option value="">Please choose</option>{options}</select>{problem}</div>'
    kind = {"email": "email", "phone": "tel"}.get(asked.type, "text")
    complete = COMPLETE.get(asked.attribute, "on")
    return (
        f'{head}<input type="{kind}"{marks} value="{escape(value)}" autocomplete="{complete}" '
        f'maxlength="{LONGEST_ANSWER}">{problem}</div>'
    )


def _statement(
    form: Form, said: Statement, values: Mapping[str, str], wrong: Mapping[str, str]
) -> str:
    number = f"{form.name}-{said.field}"
    problem = _problem(number, wrong.get(said.field))
    marks = f' id="{number}" name="{said.field}"' + (" required" if said.required else "")
    marks += " checked" if values.get(said.field) else ""
    marks += f' aria-invalid="true" aria-describedby="{number}-wrong"' if problem else ""
    return (
        f'<div class="field"><div class="check"><input type="checkbox" value="true"{marks}>'
        f'<label for="{number}">{escape(said.text)}</label></div>{problem}</div>'
    )


def _problem(number: str, text: str | None) -> str:
    return f'<p class="wrong" id="{number}-wrong">{escape(text)}</p>' if text else ""
