"""What goes out once and cannot be repeated: one writing request a row, and none for a row that cannot go now."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from typing_extensions import override

from activations.connector import Call, Connector, Limits, Outcome, Row
from activations.moments import Window
from activations.values import unfilled


class Messages(Connector, ABC):
    """A subclass says which columns a row needs, how far ahead its vendor takes one, and how one is handed over."""

    replay_safe = False
    window: ClassVar[Window]
    time_column: ClassVar[str] = "send_at"

    @abstractmethod
    def needed(self, row: Row) -> Sequence[str]:
        """Columns of `row` that must hold something."""

    @abstractmethod
    def hand_over(self, call: Call, row: Row) -> Outcome:
        """Send one message that can go now."""

    def refusal(self, row: Row) -> Outcome | None:
        """Why a row does not go out now, None where it does: something is missing, or its time is past or too far."""
        late_or_early = self.window.refusal
        return unfilled(row, *self.needed(row)) or late_or_early(
            row.seq, row.payload.get(self.time_column), self.now()
        )

    @override
    def send(self, call: Call, lane: Limits, rows: Sequence[Row]) -> Iterator[Outcome]:
        for row in rows:
            yield self.refusal(row) or self.hand_over(call, row)


class Mails(Messages, ABC):
    """E-mail: an address, a subject, and HTML or text."""

    @override
    def needed(self, row: Row) -> Sequence[str]:
        return ("to", "subject", "html" if row.payload.get("html") else "text")
