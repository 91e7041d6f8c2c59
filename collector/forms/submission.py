"""Turns what was posted to a form into answers or complaints, and answers into the landing line of a submission."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from collector.forms.definition import RESERVED, Form, Question, Statement
from collector.segment import moment_text
from warehouse.errors import TokenError
from warehouse.person import normal_address
from warehouse.tokens import Stamp, open_stamp

TABLE = "forms/submissions"
LONGEST_ANSWER, LONGEST_EMAIL, LONGEST_PAGE = 1000, 254, 2000
TICKED = frozenset({"on", "true", "1", "yes"})
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class Answers:
    """What was typed, by field; `errors` say by field what is wrong with it; `extra` is what nobody asked for."""

    values: dict[str, str]
    consents: list[Statement]
    errors: dict[str, str] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    stamp: str = ""
    trap: str = ""
    page: str | None = None
    anonymous_id: str | None = None


@dataclass(frozen=True)
class Sender:
    """Who posted, as the connection says."""

    ip: str | None
    user_agent: str | None
    page: str | None = None


def read_answers(form: Form, given: Mapping[str, Any]) -> Answers:
    """What a post says, every field checked."""
    values: dict[str, str] = {}
    errors: dict[str, str] = {}
    for asked in form.fields:
        raw = given.get(asked.name)
        if isinstance(raw, list | dict):
            errors[asked.name] = f"{_label(asked)} must be one value."
            continue
        text = asked.value or "" if raw is None and asked.type == "hidden" else _text(raw)
        if asked.type == "checkbox":
            text = "true" if text.lower() in TICKED else ""
        values[asked.name] = text
        if problem := _problem(asked, text):
            errors[asked.name] = problem
    consents = [said for said in form.consents if _text(given.get(said.field)).lower() in TICKED]
    for said in form.consents:
        if said.required and said not in consents:
            errors[said.field] = "Please tick this box: without it we may not write to you."
    for said in consents:
        kind = "email" if said.channel == "email" else "phone"
        asked_for = form.asked(kind)
        if asked_for and not values.get(asked_for.name) and asked_for.name not in errors:
            errors[asked_for.name] = f"{_label(asked_for)} is needed for what you ticked."
    known = {asked.name for asked in form.fields} | {said.field for said in form.consents}
    return Answers(
        values=values,
        consents=consents,
        errors=errors,
        extra={k: v for k, v in given.items() if k not in known | RESERVED | {form.honeypot}},
        stamp=_text(given.get("stamp")),
        trap=_text(given.get(form.honeypot)),
        page=_text(given.get("page"))[:LONGEST_PAGE] or None,
        anonymous_id=_text(given.get("anonymous_id"))[:LONGEST_ANSWER] or None,
    )


def line(
    form: Form, answers: Answers, sender: Sender, keys: Sequence[str], now: datetime
) -> tuple[str, bytes]:
    """The submission's id and its landing line; what looks like a machine says why, and is kept like any other."""
    stamp, suspicion = _judge(form, answers, keys, now)
    email, phone = form.asked("email"), form.asked("phone")
    page = answers.page or sender.page
    number = _number(form, answers, stamp)
    row = {
        "submission_id": number,
        "form": form.name,
        "email": answers.values.get(email.name) or None if email else None,
        "phone": answers.values.get(phone.name) or None if phone else None,
        "traits": {
            asked.attribute: value
            for asked in form.fields
            if asked.type not in ("email", "phone") and (value := answers.values[asked.name])
        },
        "consents": [said.model_dump() for said in answers.consents],
        "anonymous_id": answers.anonymous_id,
        "page_url": page,
        "user_agent": sender.user_agent,
        "suspicion": ", ".join(suspicion) or None,
        "shown_at": moment_text(stamp.shown_at) if stamp else None,
        "submitted_at": moment_text(now),
        "evidence": {
            "form": form.name,
            "submission_id": number,
            "page": page,
            "ip": sender.ip,
            "user_agent": sender.user_agent,
            "submitted_at": moment_text(now),
        },
        "extra": answers.extra or None,
    }
    return number, json.dumps(row, separators=(",", ":")).encode()


def _judge(
    form: Form, answers: Answers, keys: Sequence[str], now: datetime
) -> tuple[Stamp | None, list[str]]:
    """The stamp of the page, where it is ours, and what speaks against the sender."""
    suspicion = ["honeypot"] if answers.trap else []
    if not answers.stamp:
        # A program that posts JSON has seen no page; that alone is no reason.
        return None, suspicion
    try:
        stamp = open_stamp(keys, answers.stamp)
    except TokenError:
        return None, [*suspicion, "stamp"]
    if stamp.form != form.name:
        return None, [*suspicion, "stamp"]
    if (now - stamp.shown_at).total_seconds() < form.least_seconds:
        suspicion.append("too_fast")
    return stamp, suspicion


def _number(form: Form, answers: Answers, stamp: Stamp | None) -> str:
    """The same for the same answers on the same page: a second click is no second submission."""
    if stamp is None:
        return uuid.uuid4().hex
    said = [consent.name for consent in answers.consents]
    text = json.dumps([form.name, stamp.nonce, sorted(answers.values.items()), said])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _problem(asked: Question, text: str) -> str | None:
    label = _label(asked)
    if not text:
        return f"{label} is missing." if asked.required else None
    if len(text) > LONGEST_ANSWER:
        return f"{label} is too long: {LONGEST_ANSWER} characters at most."
    match asked.type:
        case "email" if len(text) > LONGEST_EMAIL or "@" not in (normal_address(text) or ""):
            return f"{label} must be one address, like ada@mail.example."
        case "phone" if not (normal_address(text) or "").startswith("+"):
            return f"{label} must begin with + and the code of the country, like +49 30 123456."
        case "select" if text not in asked.options:
            return f"{label} must be one of the choices."
    return None


def _label(asked: Question) -> str:
    return asked.label or asked.name


def _text(raw: object) -> str:
    if raw is None or isinstance(raw, list | dict):
        return ""
    if isinstance(raw, bool):
        return "true" if raw else ""
    return CONTROL.sub(" ", str(raw)).strip()
