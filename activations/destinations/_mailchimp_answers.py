"""What Mailchimp's answers say of a member: its status, and refusals that are for good."""

from __future__ import annotations

from collections.abc import Mapping

from activations.connector import Learned, Outcome
from activations.destinations._mailchimp import Result

# What the status of a member says of the address.
LEARNED: Mapping[str, Learned] = {"unsubscribed": "opt_out", "cleaned": "hard_bounce"}
# The vendor's words for members that it will never take again from us: they must sign up themselves.
NEVER = ("compliance state", "permanently deleted", "forgotten email")


def refused(seq: int, said: Result) -> Outcome:
    """What an operation that failed says of its row."""
    message = str(said.body.get("detail") or said.body.get("title") or "refused")
    if said.status == 429 or said.status >= 500:
        return Outcome(seq, "deferred", code=str(said.status), message=message)
    return rejected(seq, str(said.status), message)


def rejected(seq: int, code: str, message: str) -> Outcome:
    """A refusal; the vendor's words tell whether it is for good."""
    never = any(word in message.lower() for word in NEVER)
    learned: Learned | None = "opt_out" if never else None
    return Outcome(seq, "rejected", code=code, message=message, permanent=never, learned=learned)
