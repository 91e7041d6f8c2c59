"""A journey's file as a typed object: who enters, when they leave, what they want to reach, and the steps."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from activations.conditions.durations import Duration, TimeOfDay
from activations.conditions.language import Comparison, Condition, Node
from activations.journeys.doing import Id
from activations.journeys.steps import Step, Weekday


class EventTrigger(Node):
    """Each event of that name."""

    event: str
    where: dict[str, Comparison] = Field(default_factory=dict)


class SegmentTrigger(Node):
    """Entering or leaving a segment."""

    segment: str
    change: Literal["entered", "left"] = "entered"


class BecomesTrigger(Node):
    """A condition that turns true for a contact: a tag, a field, a score that crosses a threshold, a deal."""

    becomes: Condition


class ChangedTrigger(Node):
    """Another value in a field of the contact."""

    changed: str


class DateTrigger(Node):
    """A date of the contact, so long before or after it."""

    date: str
    before: Duration | None = None
    after: Duration | None = None
    time: TimeOfDay = "09:00"
    yearly: bool = False

    @property
    def days(self) -> int:
        """The offset in days."""
        return (self.after.days if self.after else 0) - (self.before.days if self.before else 0)


class ScheduleTrigger(Node):
    """Everybody in a segment, each day (or on some weekdays) at a time of the journey's zone."""

    schedule: Literal["daily"] | Weekday | tuple[Weekday, ...]
    time: TimeOfDay
    segment: str


class GoalTrigger(Node):
    """A goal of another journey that was achieved, or skipped."""

    goal: str
    journey: str
    outcome: Literal["achieved", "skipped"] = "achieved"


class ManualTrigger(Node):
    """Only by hand (`millrace journey enroll`) or by another journey's `enter`."""

    manual: Literal[True]


TRIGGERS: dict[str, type[Node]] = {
    "event": EventTrigger,
    "segment": SegmentTrigger,
    "becomes": BecomesTrigger,
    "changed": ChangedTrigger,
    "date": DateTrigger,
    "schedule": ScheduleTrigger,
    "goal": GoalTrigger,
    "manual": ManualTrigger,
}


def _trigger(value: Any) -> str:
    if isinstance(value, Node):
        return next(name for name, cls in TRIGGERS.items() if type(value) is cls)
    keys = set(value) if isinstance(value, dict) else set()
    for name in ("schedule", "goal", *TRIGGERS):
        if name in keys:
            return name
    return "unknown"


Trigger = Annotated[
    Annotated[EventTrigger, Tag("event")]
    | Annotated[SegmentTrigger, Tag("segment")]
    | Annotated[BecomesTrigger, Tag("becomes")]
    | Annotated[ChangedTrigger, Tag("changed")]
    | Annotated[DateTrigger, Tag("date")]
    | Annotated[ScheduleTrigger, Tag("schedule")]
    | Annotated[GoalTrigger, Tag("goal")]
    | Annotated[ManualTrigger, Tag("manual")],
    Discriminator(
        _trigger,
        custom_error_type="no_trigger",
        custom_error_message=f"no trigger: it needs one of {', '.join(TRIGGERS)}",
    ),
]


class Reentry(Node):
    """Whether a contact (with the same key) may enter again, and how often at most in a period."""

    policy: Literal["once", "after_exit", "always"] = "once"
    at_most: int | None = Field(default=None, ge=1)
    per: Duration | None = None

    @model_validator(mode="after")
    def _both(self) -> Reentry:
        if (self.at_most is None) != (self.per is None):
            raise ValueError("`at_most` and `per` go together")
        return self


class Entry(Node):
    """Who enters, and when."""

    trigger: Trigger | None = None
    triggers: tuple[Trigger, ...] = ()
    only_if: Condition | None = None
    key: str | None = None
    existing: Literal["ignore", "enroll"] = "ignore"
    lookback: Duration = Duration()
    """With `existing: enroll`: how old an event may be at publication; needed for events."""
    reentry: Reentry = Reentry()

    @model_validator(mode="after")
    def _some(self) -> Entry:
        if (self.trigger is None) == (not self.triggers):
            raise ValueError("an entry has a `trigger` or several `triggers`")
        events = [one for one in self.all_triggers if isinstance(one, EventTrigger)]
        if self.existing == "enroll" and events and self.lookback == Duration():
            raise ValueError("`existing: enroll` needs `lookback`: how old an event may be")
        if self.key and not events:
            raise ValueError("`key` is a property of the event that triggers; there is none")
        return self

    @property
    def all_triggers(self) -> tuple[Trigger, ...]:
        """In declared order."""
        return self.triggers or (self.trigger,)  # type: ignore[return-value]


class JourneyGoal(Node):
    """What the journey is for."""

    name: Id
    when: Condition
    scope: Literal["anywhere", "below"] = "anywhere"
    then: str = "end"
    """`end`, or the id of the step to go on at."""


class Pause(Node):
    """What happens to time and to what is overdue while the journey stands still."""

    clock: Literal["runs", "stops"] = "runs"
    overdue: Literal["send", "skip", "spread"] = "send"
    spread_per_hour: int = Field(default=1000, ge=1)
    overdue_after: Duration = Duration(seconds=3600)
    """What is late by less is not overdue."""
    entries: Literal["catch_up", "ignore"] = "catch_up"


class Journey(Node):
    """One file in `models/journeys/`."""

    journey: Id
    description: str
    owner: str
    zone: str | None = None
    """Time zone for contacts whose own is unknown; UTC where neither is."""
    entry: Entry
    exit_when: Condition | None = None
    exit_on_unsubscribe: bool = False
    goals: tuple[JourneyGoal, ...] = ()
    pause: Pause = Pause()
    publish: Literal["reviewed", "auto"] = "reviewed"
    """Whether a change that moves people who are inside waits for `millrace journey publish`."""
    limit_per_day: int = Field(default=100, ge=1)
    """Steps that one enrollment may pass in a day before it is halted."""
    steps: tuple[Step, ...] = Field(min_length=1)

    @property
    def version(self) -> str:
        """Twelve hex digits of what the file means; comments and order of keys do not change it."""
        return hashlib.md5(self.canonical().encode(), usedforsecurity=False).hexdigest()[:12]

    def canonical(self) -> str:
        """The definition as JSON from which it can be read again."""
        dumped = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps(dumped, sort_keys=True)
