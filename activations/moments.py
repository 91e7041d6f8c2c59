"""When a message is to be sent: reads the time a row asks for and holds it against the vendor's window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from activations.connector import Outcome

LATE = timedelta(hours=1)  # a message this much past its time is stale: refused, not moved


def read(text: object) -> datetime | None:
    """An ISO 8601 time (UTC where no zone is said); None for anything else."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Window:
    """How far ahead a vendor takes a message; without `soonest` it schedules none, and rows wait with us."""

    soonest: timedelta | None
    latest: timedelta = timedelta(0)

    def refusal(self, seq: int, text: object, now: datetime) -> Outcome | None:
        """Why a row cannot be handed over now, or None when it can."""
        if text is None or text == "":
            return None
        moment = read(text)
        if moment is None:
            return Outcome(seq, "rejected", code="bad_time", message="it is no ISO 8601 time")
        if moment - now < -LATE:
            hours = LATE.total_seconds() / 3600
            message = f"its time is more than {hours:.0f} h past; a stale message is not sent"
            return Outcome(seq, "rejected", code="stale", message=message, permanent=True)
        if moment - now > self.latest:
            message = "its time is beyond the vendor's window; handed over when it is nearer"
            return Outcome(seq, "deferred", code="too_early", message=message)
        return None

    def moment(self, text: object, now: datetime) -> datetime | None:
        """The time to hand over; None = at once."""
        moment = read(text)
        if moment is None or self.soonest is None or moment <= now:
            return None
        return max(moment, now + self.soonest)
