"""What a form is, word by word; everything that a file `models/forms/<name>.yml` may say is here."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

NAME = r"^[a-z][a-z0-9_]{0,39}$"
FORM_NAME = re.compile(r"[a-z][a-z0-9_-]{0,59}")
# What the page sends beside the form's own fields.
RESERVED = frozenset({"stamp", "page", "anonymous_id"})
CONSENT = "consent_"

Name = Annotated[str, StringConstraints(pattern=NAME)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if (
        parts.scheme not in ("http", "https")
        or not parts.netloc
        or parts.path
        or parts.query
        or parts.fragment
    ):
        raise ValueError("an origin is written like https://www.shop.example, without a path")
    return value.lower()


def _address(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).netloc:
        raise ValueError("write a whole address, like https://www.shop.example/thanks")
    return value


class Strict(BaseModel):
    """Knows every word it may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Question(Strict):
    """One field; `trait` is the attribute of the contact that its answer becomes, the field's own name unless said."""

    name: Name
    type: Literal["email", "phone", "text", "select", "checkbox", "hidden"]
    label: Text | None = None
    help: Text | None = None
    required: bool = False
    trait: Name | None = None
    options: tuple[Text, ...] = ()
    value: str | None = None
    """What a hidden field says when the page that shows it says nothing else."""

    @property
    def attribute(self) -> str:
        """The contact's attribute that the answer becomes."""
        return self.trait or (self.type if self.type in ("email", "phone") else self.name)

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if self.name in RESERVED or self.name.startswith(CONSENT):
            raise ValueError(f"{self.name} is a name of our own; choose another")
        if self.label is None and self.type != "hidden":
            raise ValueError("add a `label`: people and screen readers need one")
        if (self.type == "select") != bool(self.options):
            raise ValueError("`options` belong to a field of type select, and to no other")
        if self.value is not None and self.type != "hidden":
            raise ValueError("only a hidden field has a `value`")
        return self


class Statement(Strict):
    """One consent that the form asks for, in the words that it shows; a new text needs a new version."""

    name: Name
    channel: Literal["email", "sms"]
    purpose: Name = "marketing"
    text: Text
    version: Text
    opt_in: Literal["single", "double"]
    required: bool = False

    @property
    def field(self) -> str:
        """The name of its checkbox."""
        return f"{CONSENT}{self.name}"


class After(Strict):
    """What happens once the form is sent: a message in its place, or another page."""

    message: Text | None = None
    redirect: Annotated[str, AfterValidator(_address)] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.message is None) == (self.redirect is None):
            raise ValueError("give either a `message` or a `redirect`")
        return self


class Form(Strict):
    """A form; its name is that of its file."""

    name: str
    title: Text
    intro: Text | None = None
    fields: Annotated[tuple[Question, ...], Field(min_length=1)]
    consents: tuple[Statement, ...] = ()
    submit: Text = "Send"
    after: After
    origins: tuple[Annotated[str, AfterValidator(_origin)], ...] = ()
    honeypot: Name = "website"
    least_seconds: Annotated[float, Field(ge=0, le=60)] = 2.0
    """Whoever sends the form sooner after it was shown is suspected to be a machine."""
    language: Annotated[str, StringConstraints(pattern=r"^[a-zA-Z]{2,3}(-[a-zA-Z0-9]+)*$")] = "en"

    @field_validator("name")
    @classmethod
    def _fits_an_address(cls, value: str) -> str:
        if not FORM_NAME.fullmatch(value):
            raise ValueError(
                "name the file with small letters, digits, _ and -, like newsletter.yml"
            )
        return value

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        names = [field.name for field in self.fields] + [said.field for said in self.consents]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} is there twice; every name needs one meaning")
        if self.honeypot in names or self.honeypot in RESERVED:
            raise ValueError(f"`honeypot: {self.honeypot}` is also a field; name it differently")
        kinds = [field.type for field in self.fields]
        for kind in ("email", "phone"):
            if kinds.count(kind) > 1:
                raise ValueError(
                    f"there are two fields of type {kind}; a submission is of one person"
                )
        if not {"email", "phone"} & set(kinds):
            raise ValueError(
                "add a field of type email or phone: without one nobody can be answered"
            )
        for said in self.consents:
            kind = "email" if said.channel == "email" else "phone"
            if kind not in kinds:
                raise ValueError(
                    f"consent {said.name} is about {said.channel}: add a field of type {kind}"
                )
        return self

    def asked(self, kind: str) -> Question | None:
        """The field of a type that is there at most once."""
        return next((field for field in self.fields if field.type == kind), None)
