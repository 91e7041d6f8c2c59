"""Durations as people write them, "1 day 12 hours", and times of the day, "08:30"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainSerializer
from pydantic_core import CoreSchema, core_schema

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
DAYS = {"day": 1, "week": 7}
MONTHS = {"month": 1, "year": 12}
PART = re.compile(r"(\d+)\s*(second|minute|hour|day|week|month|year)s?\s*")
PATTERN = r"^\s*(\d+\s*(second|minute|hour|day|week|month|year)s?\s*)+$"


@dataclass(frozen=True, order=True)
class Duration:
    """Calendar months and days (which keep the clock time) and seconds (which do not)."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    @property
    def total_seconds(self) -> int:
        """Its length where a day is 24 hours and a month 30 days: for windows and limits, not for waits."""
        return self.seconds + 86_400 * (self.days + 30 * self.months)

    def __str__(self) -> str:
        named = ((self.months, "month"), (self.days, "day"))
        hours, rest = divmod(self.seconds, 3600)
        minutes, seconds = divmod(rest, 60)
        parts = (*named, (hours, "hour"), (minutes, "minute"), (seconds, "second"))
        text = " ".join(f"{n} {unit}{'s' * (n != 1)}" for n, unit in parts if n)
        return text or "0 seconds"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            duration, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": PATTERN, "examples": ["1 hour", "3 days"]}


def duration(value: object) -> Duration:
    """Read `value`; raises ValueError with an example."""
    if isinstance(value, Duration):
        return value
    text = str(value).strip().lower()
    if not isinstance(value, str) or not re.fullmatch(PATTERN, text):
        raise ValueError(f"{value!r} is no duration; write for example '1 hour' or '3 days'")
    months = days = seconds = 0
    for count, unit in PART.findall(text):
        months += int(count) * MONTHS.get(unit, 0)
        days += int(count) * DAYS.get(unit, 0)
        seconds += int(count) * SECONDS.get(unit, 0)
    return Duration(months, days, seconds)


def _clock(value: object) -> str:
    text = str(value)
    # YAML 1.1 reads 08:30 without quotes as 8 * 60 + 30.
    if isinstance(value, int) and 0 <= value < 1440:
        text = f"{value // 60:02d}:{value % 60:02d}"
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise ValueError(f"{value!r} is no time of the day; write for example '08:30', in quotes")
    return text


TimeOfDay = Annotated[str, BeforeValidator(_clock), PlainSerializer(str)]


def minutes_of(clock: str) -> int:
    """Minutes since midnight of a time of the day."""
    return int(clock[:2]) * 60 + int(clock[3:])
