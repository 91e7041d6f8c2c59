"""A form as HTML: every field with its label, what was typed into it, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from collector.forms.definition import Form, Question, Statement
from collector.forms.submission import LONGEST_ANSWER

COMPLETE = {
    "first_name": "given-name", "last_name": "family-name", "company": "organization",
    "job_title": "organization-title",
    "country": "country-name", "city": "address-level2", "email": "email", "phone": "tel",
}  # fmt: skip


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
