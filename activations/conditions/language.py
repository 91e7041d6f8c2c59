"""The typed tree of a condition, as its YAML says it; each kind of node is known by the one key that names it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from difflib import get_close_matches
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from activations.conditions.durations import Duration

Scalar = bool | int | float | str | dt.date | dt.datetime
Since = Literal["entry", "arrival"]


class Node(BaseModel):
    """Frozen, and refuses keys that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @cached_property
    def told(self) -> str:
        """What it says as one text, the same for nodes that say the same; dumped once, for it is asked for often."""
        plain = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return f"{type(self).__name__}\0{json.dumps(plain, sort_keys=True)}"


class Comparison(Node):
    """What a value is compared with; all that are given must hold.

    A value that is missing satisfies only `exists: false`, `ne` and `not_in`.
    """

    eq: Scalar | None = None
    ne: Scalar | None = None
    gt: Scalar | None = None
    gte: Scalar | None = None
    lt: Scalar | None = None
    lte: Scalar | None = None
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Scalar, ...] | None = None
    contains: str | None = None
    starts_with: str | None = None
    exists: bool | None = None
    older_than: Duration | None = None
    newer_than: Duration | None = None

    def given(self) -> dict[str, Any]:
        """The comparisons that were written, by operator."""
        pairs = {name: getattr(self, name) for name in Comparison.model_fields}
        return {name.rstrip("_"): value for name, value in pairs.items() if value is not None}


class Compared(Comparison):
    """A node that is itself a comparison."""

    @model_validator(mode="after")
    def _compares(self) -> Compared:
        if not self.given():
            raise ValueError(
                "say what to compare with, for example `eq: …`, `gte: …` or `exists: true`"
            )
        return self


class Count(Node):
    """How often; `gte: 1` where nothing is said."""

    eq: int | None = Field(default=None, ge=0)
    gte: int | None = Field(default=None, ge=0)
    lte: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _says_something(self) -> Count:
        if self.eq is None and self.gte is None and self.lte is None:
            raise ValueError("a count needs one of eq, gte, lte")
        return self


class All(Node):
    """Every one of them."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(Node):
    """At least one of them."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(Node):
    """The opposite."""

    not_: Condition = Field(alias="not")


class FieldIs(Compared):
    """A column of the contact."""

    field: str


class ScoreIs(Compared):
    """A column of a score, `<score>` or `<score>.<column>`."""

    score: str


class HasTag(Node):
    """The contact carries the tag now."""

    tag: str


class InSegment(Node):
    """The contact is in the segment now."""

    segment: str


class Happened(Node):
    """Events of one name: how many, in which window, with which properties."""

    event: str
    where: dict[str, Comparison] = Field(default_factory=dict)
    within: Duration | None = None
    since: Since | None = None
    same_key: bool = False
    """Only events whose key property is that of the enrollment."""
    count: Count = Count(gte=1)


class Reacted(Node):
    """Messages and what people did with them: `clicked: <step>`, `opened: any`, `sent: <step>`."""

    sent: str | None = None
    delivered: str | None = None
    opened: str | None = None
    clicked: str | None = None
    unsubscribed: str | None = None
    within: Duration | None = None
    since: Since | None = None
    count: Count = Count(gte=1)

    @property
    def reaction(self) -> str:
        """Which of the reactions is asked for."""
        return next(name for name in REACTIONS if getattr(self, name) is not None)

    @property
    def of(self) -> str:
        """The step whose message is meant, or `any`."""
        return str(getattr(self, self.reaction))

    @model_validator(mode="after")
    def _one(self) -> Reacted:
        if sum(getattr(self, name) is not None for name in REACTIONS) != 1:
            raise ValueError(f"name one of {', '.join(REACTIONS)}")
        return self


class HasDeal(Node):
    """Deals of the contact that look so: `deal: {status: {eq: open}}`."""

    deal: dict[str, Comparison]
    count: Count = Count(gte=1)


class Sql(Node):
    """The escape hatch: a SELECT over marts, scores and segments whose `contact_id`s are those for whom it holds."""

    sql: str


REACTIONS = ("sent", "delivered", "opened", "clicked", "unsubscribed")
KINDS: dict[str, type[Node]] = {
    "all": All,
    "any": AnyOf,
    "not": Not,
    "field": FieldIs,
    "score": ScoreIs,
    "tag": HasTag,
    "segment": InSegment,
    "event": Happened,
    "deal": HasDeal,
    "sql": Sql,
    "reaction": Reacted,
}


WORDS = (*(name for name in KINDS if name != "reaction"), *REACTIONS)


def kind_of(value: Any) -> str:
    """The kind of a raw or typed condition; raises ValueError with a suggestion."""
    if isinstance(value, Node):
        return next(name for name, cls in KINDS.items() if type(value) is cls)
    keys = [str(key) for key in value] if isinstance(value, dict) else []
    for key in keys:
        if key in REACTIONS:
            return "reaction"
        if key in KINDS and key != "reaction":
            return key
    close = get_close_matches(keys[0], WORDS, 1, 0.5) if keys else []
    hint = f"; did you mean `{close[0]}`?" if close else ""
    raise ValueError(f"no condition: it needs one of {', '.join(WORDS)}{hint}")


def _discriminate(value: Any) -> str:
    try:
        return kind_of(value)
    except ValueError:
        return "unknown"


Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[FieldIs, Tag("field")]
    | Annotated[ScoreIs, Tag("score")]
    | Annotated[HasTag, Tag("tag")]
    | Annotated[InSegment, Tag("segment")]
    | Annotated[Happened, Tag("event")]
    | Annotated[HasDeal, Tag("deal")]
    | Annotated[Sql, Tag("sql")]
    | Annotated[Reacted, Tag("reaction")],
    Discriminator(
        _discriminate,
        custom_error_type="no_condition",
        custom_error_message=f"no condition: it needs one of {', '.join(WORDS)}",
    ),
]
Leaf = FieldIs | ScoreIs | HasTag | InSegment | Happened | Reacted | HasDeal | Sql
for _model in (All, AnyOf, Not):
    _model.model_rebuild()


def leaves(condition: Any) -> list[Leaf]:
    """The leaves of a condition, in order, each once."""
    match condition:
        case All():
            found = [leaf for child in condition.all for leaf in leaves(child)]
        case AnyOf():
            found = [leaf for child in condition.any for leaf in leaves(child)]
        case Not():
            found = leaves(condition.not_)
        case _:
            found = [condition]
    return list({digest(leaf): leaf for leaf in found}.values())


def digest(node: Node, *more: str) -> str:
    """Twelve hex digits that are the same for conditions that ask the same."""
    text = "\0".join((node.told, *more))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]
