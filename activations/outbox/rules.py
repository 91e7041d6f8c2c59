"""What holds for every message, whoever proposes it: channels, quiet hours, caps, capacity; one file says it.

The file is `models/messages/_rules.yml`; without it there are no caps and no quiet hours, and no channel is open.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from activations import destinations
from activations.errors import DefinitionError

FILE = "_rules.yml"
UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 604800}
DURATION = re.compile(r"(\d+) (minute|hour|day|week)s?")
SLACK = timedelta(minutes=5)  # a dispatch may start so much later than the one before it
ChannelName = Literal["email", "sms", "onsite"]


def duration(value: object) -> object:
    """'2 days' as a timedelta; anything else as it is, for the validator to judge."""
    if not isinstance(value, str):
        return value
    if found := DURATION.fullmatch(value.strip()):
        return timedelta(seconds=int(found[1]) * UNITS[found[2]])
    raise ValueError(f"{value!r} is no duration; write it as '90 minutes' or '2 days'")


Duration = Annotated[timedelta, BeforeValidator(duration)]


class Strict(BaseModel):
    """A part of a definition file: what it does not know, it refuses."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Channel(Strict):
    """Where a channel's messages go, and how many an hour at most (null = as many as there are)."""

    destination: str
    capacity_per_hour: int | None = Field(default=None, ge=1)
    price: float | None = Field(default=None, ge=0)
    """What one message costs, or one segment of a text: for estimates."""
    horizon: Duration | None = None
    """How long before its time a message may be handed over; null = what the destination and the schedule need."""

    @field_validator("destination")
    @classmethod
    def _is_known(cls, name: str) -> str:
        kind = destinations.connector(name)
        if not kind.message_columns:
            raise ValueError(f"{name} takes no messages")
        return name


class Quiet(Strict):
    """Nothing is sent between `start` and `end`, by the contact's clock; the window may cross midnight."""

    start: time = Field(alias="from")
    end: time = Field(alias="to")
    channels: tuple[ChannelName, ...] = ("email", "sms")


class Hours(Strict):
    """From the first to the last local hour, both included."""

    first: int = Field(default=6, ge=0, le=23, alias="from")
    last: int = Field(default=22, ge=0, le=23, alias="to")


class Cap(Strict):
    """At most so many messages per contact and calendar period of their zone; null = no cap, 0 = none at all."""

    at_most: int | None = Field(ge=0)
    per: Literal["day", "week", "month"]
    channels: tuple[ChannelName, ...] = ("email", "sms")
    loser: Literal["defer", "drop"] = "defer"

    @property
    def name(self) -> str:
        """As a decision names it."""
        return f"{self.at_most} {' and '.join(self.channels)} a {self.per}"


class Rules(Strict):
    """All of them. Transactional messages know neither quiet hours nor caps, and do not count against any."""

    zone: str = "UTC"
    channels: dict[ChannelName, Channel] = Field(default_factory=dict)
    quiet_hours: tuple[Quiet, ...] = ()
    caps: tuple[Cap, ...] = ()
    expires_after: Duration | None = None
    """How long after its time a message that says nothing itself is still worth sending; null = for ever."""
    chosen_hours: Hours = Hours()
    """By the contact's clock, the hours among which a time is chosen where one is."""
    dispatch_every: Duration = timedelta(minutes=15)

    @field_validator("zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"there is no time zone {name!r}") from error
        return name

    def horizon(self, channel: str) -> timedelta:
        """How long before its time a message of the channel is handed over, at most.

        Late, so that it can be cancelled until then: until the next dispatch where the vendor sends at a given time,
        else not before its time.
        """
        said = self.channels.get(channel)  # type: ignore[call-overload]
        if said is None:
            return timedelta(0)
        if said.horizon is not None:
            return timedelta(seconds=said.horizon.total_seconds())
        window = destinations.connector(said.destination).window
        if window is None or window.soonest is None:
            return timedelta(0)
        return min(window.latest, max(self.dispatch_every, window.soonest) + SLACK)


def load(folder: Path) -> Rules:
    """The rules in `folder`; raises DefinitionError naming file, key and fix."""
    path = folder / FILE
    return parse(path, Rules) if path.exists() else Rules()


def parse(path: Path, kind: type[Any], **known: Any) -> Any:
    """A definition file as `kind`; `known` is what its place says. Raises DefinitionError naming file, line or key."""
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        words = getattr(error, "problem", None) or "it is no YAML"
        raise DefinitionError(f"{_name(path)}{where}: {words}") from error
    if not isinstance(said, dict):
        raise DefinitionError(f"{_name(path)}: it holds no keys; see docs/concepts/messages.md")
    try:
        return kind.model_validate({**said, **known})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        words = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            fields = kind.model_fields.items()
            keys = [f.alias or name for name, f in fields if name not in known]
            words = f"there is no such key; the file takes {', '.join(keys)}"
        raise DefinitionError(f"{_name(path)}: {where}: {words}") from error


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])
