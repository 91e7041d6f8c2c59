"""The steps of a journey as its file writes them: one key names the kind, its siblings hold the branches."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from activations.conditions.durations import Duration, TimeOfDay
from activations.conditions.language import Condition, Node
from activations.journeys.doing import (
    Deal,
    End,
    Enter,
    GoTo,
    Id,
    Leave,
    Notify,
    Task,
    Update,
    Webhook,
)

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Channel = Literal["email", "sms", "onsite"]


class Send(Node):
    """Propose one message; the outbox decides whether and when it leaves, and then the contact goes on."""

    id: Id
    channel: Channel
    message: str
    purpose: str = "marketing"
    at: Literal["now", "best_time"] = "now"
    within: Duration = Duration(seconds=86_400)
    """How long `best_time` may put it off."""
    explore: float = Field(default=0.1, ge=0, le=1)
    """The share of `best_time` that goes to any hour within, so that what is learned is learned from all hours."""
    variants: Literal["predictive"] | tuple[str, ...] | None = None
    priority: int = Field(default=50, ge=0, le=100)
    value: float = 0.0
    expires_after: Duration = Duration(days=3)
    still_valid_if: Condition | None = None
    wait_for_send: bool = True
    variables: dict[str, str] = Field(default_factory=dict)
    """Names in the template, and the contact's fields (or `entry.<property>`) that fill them."""


class UntilClock(Node):
    """The next time the contact's clock shows `time`, on one of the weekdays where given."""

    time: TimeOfDay = "00:00"
    weekday: Weekday | tuple[Weekday, ...] | None = None
    inside: Duration = Duration()
    """Arriving at most so long after the time passes at once."""

    @property
    def weekdays(self) -> tuple[int, ...]:
        """ISO numbers, Monday 1; all seven where none is given."""
        names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        given = (self.weekday,) if isinstance(self.weekday, str) else self.weekday
        return tuple(sorted(names.index(day) + 1 for day in given or names))


class UntilDate(Node):
    """A date of the contact, so long before or after it, at a clock time of theirs."""

    date: str
    before: Duration | None = None
    after: Duration | None = None
    time: TimeOfDay = "09:00"
    yearly: bool = False
    """The next anniversary; 29 February is the 28th in other years."""
    on_missing: Literal["continue", "exit", "wait"]
    on_past: Literal["continue", "exit"]

    @model_validator(mode="after")
    def _whole_days(self) -> UntilDate:
        if self.before and self.after:
            raise ValueError("say before or after, not both")
        for one in (self.before, self.after):
            if one and (one.months or one.seconds):
                raise ValueError("an offset from a date is days or weeks; set the clock by `time`")
        return self

    @property
    def days(self) -> int:
        """The offset in days."""
        return (self.after.days if self.after else 0) - (self.before.days if self.before else 0)


class Case(Node):
    """One of several conditions to wait for; `id` names its branch."""

    id: Id
    when: Condition


def _until(value: Any) -> str:
    if isinstance(value, UntilClock | UntilDate):
        return "clock" if isinstance(value, UntilClock) else "date"
    if isinstance(value, list | tuple):
        return "cases"
    keys = set(value) if isinstance(value, dict) else set()
    if keys & {"time", "weekday"} and not keys & {"date", "field"}:
        return "clock"
    return "date" if "date" in keys else "condition"


class Wait(Node):
    """Wait for a duration, for a moment, or until something is true or time is up."""

    id: Id
    for_: Duration | None = Field(default=None, alias="for")
    until: (
        Annotated[
            Annotated[UntilClock, Tag("clock")]
            | Annotated[UntilDate, Tag("date")]
            | Annotated[tuple[Case, ...], Tag("cases")]
            | Annotated[Condition, Tag("condition")],
            Discriminator(_until),
        ]
        | None
    ) = None
    or_after: Duration | None = None
    grace: Duration = Duration()
    """How long after the deadline an event that happened before it may still arrive."""
    late: Literal["timer", "ignore"] = "timer"
    """An event that comes after the timer fired changes nothing; `timer` puts it on record in `late_events`."""

    @model_validator(mode="after")
    def _one_way(self) -> Wait:
        if (self.for_ is None) == (self.until is None):
            raise ValueError("a wait says either `for: <duration>` or `until: …`")
        if self.or_after and self.mode != "until":
            raise ValueError("`or_after` goes with `until: <condition>`")
        if self.grace != Duration() and not self.or_after:
            raise ValueError("`grace` needs `or_after`: a deadline")
        return self

    @property
    def mode(self) -> Literal["for", "clock", "date", "until"]:
        """What it waits for."""
        if self.for_ is not None:
            return "for"
        if isinstance(self.until, UntilClock):
            return "clock"
        return "date" if isinstance(self.until, UntilDate) else "until"

    @property
    def cases(self) -> tuple[tuple[str, Condition], ...]:
        """The conditions it waits for, with the names of their branches."""
        if self.mode != "until":
            return ()
        if isinstance(self.until, tuple):
            return tuple((case.id, case.when) for case in self.until)
        return (("met", cast(Condition, self.until)),)


class If(Node):
    """The first condition that holds chooses the branch."""

    id: Id
    when: Condition | None = None


class SplitWinner(Node):
    """When and by what a split is decided; the winner is frozen with its evidence."""

    goal: str
    after: Duration | None = None
    contacts: int | None = Field(default=None, ge=2)

    @model_validator(mode="after")
    def _ends(self) -> SplitWinner:
        if (self.after is None) == (self.contacts is None):
            raise ValueError("a winner is found `after` a duration or so many `contacts`")
        return self


class SplitUntil(Node):
    """Everybody takes the first arm until so many contacts did (counted as a tick begins); from then on the second."""

    contacts: int = Field(ge=1)


class Split(Node):
    """Divide by weights; a contact keeps its arm."""

    id: Id
    arms: dict[Id, Annotated[float, Field(ge=0)]] = Field(min_length=2)
    salt: str = ""
    winner: SplitWinner | None = None
    until: SplitUntil | None = None

    @model_validator(mode="after")
    def _weights(self) -> Split:
        if sum(self.arms.values()) <= 0:
            raise ValueError("the weights of a split must add up to more than 0")
        return self


class Goal(Node):
    """A point that a contact jumps to as soon as its condition holds."""

    id: Id
    when: Condition
    scope: Literal["anywhere", "below"] = "anywhere"
    unmet: Literal["wait", "continue", "end"] = "continue"


class _Step(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SendStep(_Step):
    """A message."""

    send: Send


class WaitStep(_Step):
    """A wait; the branches of `until` are `met` (or the cases' ids) and `timeout`, and all join after it."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
    __pydantic_extra__: dict[str, tuple[Step, ...]]
    wait: Wait


class Branch(_Step):
    """One of several ways of an `if`."""

    id: Id
    when: Condition
    steps: tuple[Step, ...] = ()


class IfStep(_Step):
    """Two ways by `when`, or several by `branches`; all join after it."""

    if_: If = Field(alias="if")
    then: tuple[Step, ...] = ()
    branches: tuple[Branch, ...] = ()
    else_: tuple[Step, ...] = Field(default=(), alias="else")

    @model_validator(mode="after")
    def _one_form(self) -> IfStep:
        if (self.if_.when is None) == (not self.branches):
            raise ValueError("an if has either `when` with `then`, or `branches`")
        return self


class SplitStep(_Step):
    """A split; the steps of each arm stand beside it under the arm's name."""

    model_config = ConfigDict(frozen=True, extra="allow", populate_by_name=True)
    __pydantic_extra__: dict[str, tuple[Step, ...]]
    split: Split


class GoalStep(_Step):
    """A goal within the flow."""

    goal: Goal


class UpdateStep(_Step):
    """A change of the contact."""

    update: Update


class DealStep(_Step):
    """A deal."""

    deal: Deal


class TaskStep(_Step):
    """A task."""

    task: Task


class NotifyStep(_Step):
    """A notification."""

    notify: Notify


class WebhookStep(_Step):
    """A call."""

    webhook: Webhook


class EnterStep(_Step):
    """Another journey begins."""

    enter: Enter


class LeaveStep(_Step):
    """Another journey ends."""

    leave: Leave


class EndStep(_Step):
    """The end."""

    end: End


class GoToStep(_Step):
    """A jump."""

    go_to: GoTo


STEPS: dict[str, type[_Step]] = {
    "send": SendStep,
    "wait": WaitStep,
    "if": IfStep,
    "split": SplitStep,
    "goal": GoalStep,
    "go_to": GoToStep,
    "update": UpdateStep,
    "deal": DealStep,
    "task": TaskStep,
    "notify": NotifyStep,
    "webhook": WebhookStep,
    "enter": EnterStep,
    "leave": LeaveStep,
    "end": EndStep,
}


def _kind(value: Any) -> str:
    if isinstance(value, BaseModel):
        return next(name for name, cls in STEPS.items() if type(value) is cls)
    keys = value if isinstance(value, dict) else {}
    return next((str(key) for key in keys if key in STEPS), "unknown")


Step = Annotated[
    Annotated[SendStep, Tag("send")]
    | Annotated[WaitStep, Tag("wait")]
    | Annotated[IfStep, Tag("if")]
    | Annotated[SplitStep, Tag("split")]
    | Annotated[GoalStep, Tag("goal")]
    | Annotated[GoToStep, Tag("go_to")]
    | Annotated[UpdateStep, Tag("update")]
    | Annotated[DealStep, Tag("deal")]
    | Annotated[TaskStep, Tag("task")]
    | Annotated[NotifyStep, Tag("notify")]
    | Annotated[WebhookStep, Tag("webhook")]
    | Annotated[EnterStep, Tag("enter")]
    | Annotated[LeaveStep, Tag("leave")]
    | Annotated[EndStep, Tag("end")],
    Discriminator(
        _kind,
        custom_error_type="no_step",
        custom_error_message=f"no step: it needs one of {', '.join(STEPS)}",
    ),
]
for _model in (WaitStep, Branch, IfStep, SplitStep):
    _model.model_rebuild()
