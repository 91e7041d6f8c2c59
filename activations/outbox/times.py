"""When a message may go: quiet hours and calendar periods by the clock of whoever receives it, as SQL."""

from __future__ import annotations

from activations.outbox.permission import TRANSACTIONAL
from activations.outbox.rules import Quiet
from warehouse.dialect import literal, local_time, utc_time


def is_quiet(quiet: Quiet, moment: str, zone: str) -> str:
    """SQL for whether `moment` (UTC) lies in the window by the clock of `zone`; the window may cross midnight."""
    clock = f"cast({local_time(moment, zone)} as time)"
    begun, over = f"{clock} >= {_time(quiet.start)}", f"{clock} < {_time(quiet.end)}"
    inside = f"{begun} and {over}" if quiet.start <= quiet.end else f"({begun} or {over})"
    named = ", ".join(literal(name) for name in quiet.channels)
    return f"purpose <> {literal(TRANSACTIONAL)} and channel in ({named}) and {inside}"


def quiet_end(quiet: Quiet, moment: str, zone: str) -> str:
    """SQL for the end (UTC) of the window that holds `moment`; an end that the clocks skip moves forward with them."""
    local, end = local_time(moment, zone), _time(quiet.end)
    day = f"cast({local} as date) + case when cast({local} as time) < {end} then 0 else 1 end"
    return utc_time(f"(({day}) + {end})", zone)


def period(moment: str, zone: str, per: str) -> str:
    """SQL for the first day of the calendar period (day, ISO week, month) that holds `moment`."""
    return f"cast(date_trunc({literal(per)}, {local_time(moment, zone)}) as date)"


def _time(value: object) -> str:
    return f"cast({literal(str(value))} as time)"
