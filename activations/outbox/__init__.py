"""The outbox: one row per intended message of all journeys, campaigns and forms, from proposal to receipt.

Whoever wants something sent proposes it here and may cancel it; nobody but the dispatcher hands anything over.
"""

from __future__ import annotations

from activations.outbox.arbitrate import Verdicts, arbitrate
from activations.outbox.change import cancel, hold, readdress, release, reschedule, retry
from activations.outbox.propose import propose
from activations.outbox.rules import Rules
from activations.outbox.states import FINAL, UNSENT

__all__ = [
    "FINAL",
    "UNSENT",
    "Rules",
    "Verdicts",
    "arbitrate",
    "cancel",
    "hold",
    "propose",
    "readdress",
    "release",
    "reschedule",
    "retry",
]
