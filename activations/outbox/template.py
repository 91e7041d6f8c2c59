"""Message definitions: one `.yml` in `models/messages/` each, its body beside it, checked before it is sent."""

from __future__ import annotations

import re
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationInfo, field_validator, model_validator

from activations.errors import DefinitionError
from activations.outbox.rules import FILE, ChannelName, Duration, Strict, parse

NAME = re.compile(r"[a-z][a-z0-9_]*")
BODIES = {"email": (".mjml", ".html", ".txt"), "sms": (".txt",), "onsite": (".txt", ".html")}
ROOTS = frozenset({"contact", "data", "message", "unsubscribe_url", "confirm_url", "send_at"})


class Variant(Strict):
    """One way of saying it: what it does not say itself, the message says. `weight` is its share."""

    name: str
    weight: float = Field(default=1.0, ge=0)
    subject: str | None = None
    preheader: str | None = None
    body: str | None = None


class Message(Strict):
    """A message as its file says it. Texts are Liquid; `body` is a file beside it."""

    name: str
    folder: Path
    channel: ChannelName
    purpose: str
    description: str = ""
    owner: str = "growth"
    subject: str | None = None
    preheader: str | None = None
    sender: str | None = Field(default=None, alias="from")
    reply_to: str | None = None
    body: str | None = None
    variants: tuple[Variant, ...] = ()
    links: dict[str, str] = Field(default_factory=dict)
    """Parameters that every link gets, unless it has one of that name; Liquid."""
    reads: dict[str, str] = Field(default_factory=dict)
    """Models with one row per contact, by the name under which the text reads them."""
    example: dict[str, Any] = Field(default_factory=dict)
    """What whoever proposes the message gives as `data`: for previews and for checking names."""
    confirms: tuple[str, ...] = ()
    """Forms whose sign-ups this message asks to confirm; '*' = those that no other message names."""
    answers_help: bool = False
    """Whether it answers text messages that ask for HELP."""
    expires_after: Duration | None = None

    @property
    def path(self) -> str:
        """For error messages."""
        return f"models/messages/{self.name}.yml"

    @field_validator("sender", "reply_to")
    @classmethod
    def _is_address(cls, text: str | None, info: ValidationInfo) -> str | None:
        if text is not None and "@" not in parseaddr(text)[1]:
            raise ValueError(f"{text!r} is no address; write 'Name <name@domain>'")
        return text

    @model_validator(mode="after")
    def _fits_its_channel(self) -> Message:
        if (
            self.channel == "email"
            and not self.subject
            and not all(v.subject for v in self.variants or (Variant(name=""),))
        ):
            raise ValueError("an e-mail needs a subject")
        names = [variant.name for variant in self.variants]
        if len(set(names)) != len(names):
            raise ValueError("two variants have the same name")
        if self.variants and not sum(variant.weight for variant in self.variants):
            raise ValueError("no variant has any weight")
        if self.confirms and self.purpose != "transactional":
            raise ValueError(
                "what asks to confirm is transactional: its addressee has not agreed to anything yet"
            )
        return self

    @model_validator(mode="after")
    def _answers_by_text(self) -> Message:
        if self.answers_help and (self.channel != "sms" or self.purpose != "transactional"):
            raise ValueError("what answers HELP is a transactional text message")
        return self

    def body_file(self, variant: Variant | None = None) -> Path:
        """The body's file: the variant's, the message's, or the one that bears its name. Raises DefinitionError."""
        said = (variant.body if variant else None) or self.body
        candidates = [said] if said else [f"{self.name}{ending}" for ending in BODIES[self.channel]]
        for candidate in candidates:
            path = self.folder / candidate
            if path.is_file() and path.suffix in BODIES[self.channel]:
                return path
        raise DefinitionError(
            f"{self.path}: there is no body; write {' or '.join(candidates)} beside it "
            f"({self.channel} takes {', '.join(BODIES[self.channel])})"
        )

    def text_file(self) -> Path | None:
        """The plain text beside an HTML body, where somebody wrote one."""
        path = self.folder / f"{self.name}.txt"
        return path if self.channel == "email" and path.is_file() else None

    def variant(self, name: str | None) -> Variant | None:
        """A variant by name; None where the message has none of that name."""
        return next((variant for variant in self.variants if variant.name == name), None)


def load_messages(folder: Path) -> tuple[dict[str, Message], dict[str, str]]:
    """Every message of the folder by name, and what is wrong with the files that are none, by name."""
    found, broken = {}, {}
    for path in sorted(folder.glob("*.yml")) if folder.is_dir() else ():
        if path.name.startswith("_"):
            continue
        try:
            found[path.stem] = load_message(path)
        except DefinitionError as error:
            broken[path.stem] = str(error)
    for name, words in _double_confirmations(found):
        del found[name]
        broken[name] = words
    return found, broken


def load_message(path: Path) -> Message:
    """One message from its file; raises DefinitionError."""
    if not NAME.fullmatch(path.stem):
        raise DefinitionError(
            f"{path.name}: a message's name is lower case letters, digits and underscores"
        )
    message: Message = parse(path, Message, name=path.stem, folder=path.parent)
    for variant in message.variants or (None,):
        message.body_file(variant)
    return message


def confirmation(messages: dict[str, Message], form: str) -> Message | None:
    """The message that asks to confirm a sign-up by this form."""
    named = [m for m in messages.values() if form in m.confirms]
    return next(iter(named or [m for m in messages.values() if "*" in m.confirms]), None)


def _double_confirmations(messages: dict[str, Message]) -> list[tuple[str, str]]:
    """The messages that confirm what one before them confirms, with the words for it."""
    taken: dict[tuple[str, str], Message] = {}
    found = {}
    for message in messages.values():
        for form in message.confirms:
            first = taken.setdefault((form, message.channel), message)
            if first is not message:
                words = (
                    f"{message.path}: {first.path} confirms {form!r} too; leave it to one of them"
                )
                found[message.name] = words
    return list(found.items())


__all__ = ["FILE", "ROOTS", "Message", "Variant", "confirmation", "load_message", "load_messages"]
