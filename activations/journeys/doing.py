"""The bodies of steps that ask somebody else to do something, and of those that end or jump."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from activations.conditions.durations import Duration
from activations.conditions.language import Node

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class Update(Node):
    """Change something about the contact: it goes out as a sync and comes back as a fact."""

    id: Id
    destination: str = "crm"
    field: str | None = None
    value: Any = None
    add_tag: str | None = None
    remove_tag: str | None = None
    add_to_list: str | None = None
    remove_from_list: str | None = None
    score: str | None = None
    add: float | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Update:
        names = ("field", "add_tag", "remove_tag", "add_to_list", "remove_from_list", "score")
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise ValueError(f"an update says one of {', '.join(names)}")
        return self


class Deal(Node):
    """Create a deal, or move one to a stage; owners take turns."""

    id: Id
    destination: str = "crm"
    pipeline: str
    stage: str
    name: str = "{first_name} {last_name}"
    amount: float | None = None
    move: bool = False
    """Move a deal of that pipeline to the stage, instead of making one: the stay's, else the contact's newest that a
    journey made, else their open one in the CRM (of several the most recently created)."""
    owner: str | None = None
    """A name, or `contact_owner`: who has the contact's newest deal."""
    owners: tuple[str, ...] = ()
    """By turns; a task of the same stay with the same list goes to the same one."""


class Task(Node):
    """Something for a person to do."""

    id: Id
    destination: str = "crm"
    title: str
    owner: str = "contact_owner"
    """A name, or `contact_owner`: who has the contact's newest deal; `account_owner` is the same."""
    owners: tuple[str, ...] = ()
    due: Duration = Duration(days=1)


class Notify(Node):
    """Tell colleagues."""

    id: Id
    destination: str = "slack"
    to: str
    text: str


class Webhook(Node):
    """Call another system."""

    id: Id
    destination: str = "webhook"
    url: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)


class Enter(Node):
    """Start the contact in another journey, with the next tick."""

    id: Id
    journey: str


class Leave(Node):
    """End the contact's stay in another journey, with the next tick."""

    id: Id
    journey: str


class End(Node):
    """The end, with a word for reports."""

    id: Id
    reason: str = "ended"


class GoTo(Node):
    """Go on at another step."""

    step: Id
    id: Id | None = None
