"""Turns a message and what is known about its addressee into what is sent: Liquid for words, MJML for layout."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from liquid import BoundTemplate, Environment, FileSystemLoader, StrictDefaultUndefined
from liquid.exceptions import LiquidError
from mjml import mjml2html

from activations.errors import DefinitionError
from activations.outbox.markup import plain, tag_html, tag_text, with_parameters
from activations.outbox.segments import measure
from activations.outbox.template import Message, Variant
from warehouse import clock, tokens
from warehouse.settings import Settings

TRANSACTIONAL = "transactional"
MOST_LOOPS = 10_000  # a template that repeats more than this is broken
CLIPPED_BYTES = 102_000  # Gmail shows no more of a message


class RenderError(Exception):
    """A message cannot be made for one addressee; names the place and the variable, never a value."""


@dataclass(frozen=True)
class Addressee:
    """Who gets a message, and all that its text may say about them."""

    address: str
    contact: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    reads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source_name: str = ""
    submission_id: str | None = None  # of a sign-up that waits to be confirmed
    submitted_at: datetime | None = None


@dataclass(frozen=True)
class Rendered:
    """A message ready to be handed over; `segments` is 1 for an e-mail. `warnings` are for whoever previews it."""

    to: str
    variant: str | None
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    unsubscribe_url: str | None = None
    segments: int = 1
    warnings: tuple[str, ...] = ()


def choose(message: Message, source_name: str, whose: str) -> tuple[Variant | None, float]:
    """The variant for a contact and the chance that it had: a function of (source, message, contact), so it stays."""
    if not message.variants:
        return None, 1.0
    text = "\x1f".join((source_name, message.name, whose))
    draw = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
    total = sum(variant.weight for variant in message.variants)
    reached = 0.0
    for variant in message.variants:
        reached += variant.weight / total
        if draw < reached:
            return variant, variant.weight / total
    last = [variant for variant in message.variants if variant.weight][-1]
    return last, last.weight / total


def render(
    settings: Settings, message: Message, variant: Variant | None, who: Addressee
) -> Rendered:
    """The message for one addressee. Raises RenderError for what is about them, DefinitionError for what is not.

    Marketing e-mail needs a signing key and the front door's public address: nobody gets a letter they cannot leave.
    """
    leave = _unsubscribe_url(settings, message, who.address)
    known: dict[str, Any] = {
        "contact": who.contact,
        "data": who.data,
        "message": {
            "name": message.name,
            "variant": variant.name if variant else "",
            "source": who.source_name,
        },
        "unsubscribe_url": leave,
        "confirm_url": _confirm_url(settings, message, who),
        **{name: who.reads.get(name, {}) for name in message.reads},
    }
    body = message.body_file(variant)
    parameters = {
        name: _words(message, f"links.{name}", text, known) for name, text in message.links.items()
    }
    door = (settings.public_url,) if settings.public_url else ()

    def tagged(url: str) -> str:
        return with_parameters(url, parameters, door)

    words = _text(message, body, known)
    chosen = variant.name if variant else None
    if message.channel != "email":
        text = tag_text(words.strip(), tagged)
        return Rendered(
            to=who.address,
            variant=chosen,
            text=text,
            segments=measure(text).segments,
            warnings=_about_text(text),
        )
    subject = _words(
        message, "subject", (variant and variant.subject) or message.subject or "", known
    )
    preheader = (variant and variant.preheader) or message.preheader
    html = None if body.suffix == ".txt" else tag_html(_html(message, body, words), tagged)
    if html is not None and preheader:
        html = _with_preheader(html, _words(message, "preheader", preheader, known, escape=True))
    beside = message.text_file() if html is not None else None
    text = _text(message, beside, known) if beside else plain(html) if html is not None else words
    if not subject.strip():
        raise RenderError(f"{message.path}: the subject is empty")
    return Rendered(
        to=who.address,
        variant=chosen,
        subject=" ".join(subject.split()),
        html=html,
        text=tag_text(text, tagged) if html is None or beside else text,
        sender=message.sender,
        reply_to=message.reply_to,
        unsubscribe_url=leave or None,
        warnings=_about_html(html),
    )


class _Environment(Environment):
    loop_iteration_limit = MOST_LOOPS


@cache
def environment(folder: Path, escape: bool) -> Environment:
    """Liquid over a folder's files, whose parts (`{% render '_footer.mjml' %}`) lie there too.

    What is undefined is an error, except where `default` catches it; HTML escapes all that is not marked safe.
    """
    return _Environment(
        loader=FileSystemLoader(folder), undefined=StrictDefaultUndefined, autoescape=escape
    )


@cache
def _compiled(folder: Path, text: str, escape: bool, name: str) -> BoundTemplate:
    return environment(folder, escape).from_string(text, name=name)


def parsed(message: Message, place: str, text: str, escape: bool = False) -> BoundTemplate:
    """A compiled text; raises DefinitionError naming file and line."""
    try:
        return _compiled(message.folder, text, escape, place)
    except LiquidError as error:
        raise DefinitionError(f"models/messages/{place}: {_reason(error)}") from error


def _words(
    message: Message, key: str, text: str, known: Mapping[str, Any], *, escape: bool = False
) -> str:
    return _rendered(
        parsed(message, f"{message.name}.yml: {key}", text, escape), known, f"{message.path}: {key}"
    )


def _text(message: Message, path: Path, known: Mapping[str, Any]) -> str:
    template = parsed(
        message, path.name, _read(path, path.stat().st_mtime_ns), path.suffix != ".txt"
    )
    return _rendered(template, known, f"models/messages/{path.name}")


@cache
def _read(path: Path, _changed: int) -> str:
    return path.read_text(encoding="utf-8")


def _rendered(template: BoundTemplate, known: Mapping[str, Any], place: str) -> str:
    try:
        return template.render(**known)
    except LiquidError as error:
        raise RenderError(f"{place}: {_reason(error)}") from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise RenderError(f"{place}: {type(error).__name__} in an expression") from error


def _reason(error: LiquidError) -> str:
    """What and where, without the line of the template that some errors quote."""
    words = str(getattr(error, "message", "") or error).split("\n")[0]
    position = error.context() if error.token is not None else None
    return f"line {position[0]}: {words}" if position else words


def _html(message: Message, body: Path, words: str) -> str:
    if body.suffix != ".mjml":
        return words
    try:
        # Without fonts of its own: a mail that loads fonts tells their host who reads it.
        return str(mjml2html(words, fonts={}))
    except ValueError as error:
        raise RenderError(f"models/messages/{body.name}: MJML: {error}") from error


def _with_preheader(html: str, words: str) -> str:
    hidden = f'<div style="display:none;max-height:0;overflow:hidden">{words}</div>'
    start = html.find("<body")
    end = html.find(">", start) + 1 if start >= 0 else 0
    return html[:end] + hidden + html[end:]


def _unsubscribe_url(settings: Settings, message: Message, address: str) -> str:
    if message.purpose == TRANSACTIONAL or message.channel != "email":
        return ""
    token = tokens.mint_unsubscribe(settings.signing_keys, "email", address, [message.purpose])
    return f"{_door(settings, message)}/unsubscribe/{token}"


def _confirm_url(settings: Settings, message: Message, who: Addressee) -> str:
    if not message.confirms:
        return ""
    if who.submission_id is None or who.submitted_at is None:
        raise RenderError(f"{message.path}: there is no sign-up to confirm")
    token = tokens.mint_confirmation(
        settings.signing_keys,
        who.submission_id,
        message.channel,
        who.address,
        clock.aware(who.submitted_at),
    )
    return f"{_door(settings, message)}/confirm/{token}"


def _door(settings: Settings, message: Message) -> str:
    if not settings.public_url:
        raise DefinitionError(
            f"{message.path}: its links need the front door's address: set MILLRACE_COLLECTOR_PUBLIC_URL"
        )
    return settings.public_url


def _about_text(text: str) -> tuple[str, ...]:
    size = measure(text)
    if size.misfits and size.segments > 1:
        return (f"UCS-2 because of {' '.join(size.misfits[:5])}: {size.segments} segments",)
    return ()


def _about_html(html: str | None) -> tuple[str, ...]:
    size = len((html or "").encode())
    return (
        (f"{size:,} bytes of HTML: Gmail clips after {CLIPPED_BYTES:,}",)
        if size > CLIPPED_BYTES
        else ()
    )
