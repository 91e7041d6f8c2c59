"""Follows a job at a vendor to its end; accepted is not delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from activations import answers
from activations.connector import Call, Request

FIRST_SECONDS, LONGEST_SECONDS = 1.0, 15.0


def follow(
    call: Call, look: Request, is_done: Callable[[dict[str, Any]], bool], rate_scale: float
) -> dict[str, Any]:
    """Look until the job is done, less and less often; returns its last report. Raises BudgetError."""
    seconds = FIRST_SECONDS / rate_scale
    while True:
        call.wait(seconds)
        report = answers.body(call(look))
        if is_done(report):
            return report
        seconds = min(seconds * 2, LONGEST_SECONDS)
