"""The only place that knows what time it is; everything that decides takes `as_of` instead."""

from __future__ import annotations

from datetime import UTC, datetime

from warehouse.settings import Settings


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def as_of(settings: Settings) -> datetime:
    """The moment a run decides for: `MILLRACE_AS_OF` when set, else the present, to the second."""
    return settings.as_of or now().replace(microsecond=0)


def naive(moment: datetime) -> datetime:
    """The same moment as the warehouse stores it: UTC without an offset. Refuses naive input."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no time zone; pass an aware UTC time")
    return moment.astimezone(UTC).replace(tzinfo=None)


def aware(moment: datetime) -> datetime:
    """A moment as the warehouse returns it (naive UTC), aware again."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
