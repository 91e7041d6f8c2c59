"""Sends rows and learns what came of each; when a whole request is refused for one row's sake, halving finds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from activations.channel import Channel
from activations.connector import Connector, Limits, Outcome, Row, State
from activations.errors import InDoubtError, LedgerError, RefusedError, TooLargeError

UNREPORTED = "the destination reported nothing about this row"


def send(
    connector: Connector,
    channel: Channel,
    lane: Limits,
    rows: Sequence[Row],
    found: dict[int, Outcome],
    *,
    was_halved: bool = False,
) -> None:
    """Send rows of one lane; fills `found` by seq, also when an ActivationError ends it early."""
    mine = {row.seq for row in rows}
    unknown: State = "deferred" if connector.replay_safe else "in_doubt"
    try:
        for outcome in understood(connector, channel, lane, rows):
            if outcome.seq not in mine:
                raise LedgerError(f"{connector.name} reported on a row that was not in its batch")
            found[outcome.seq] = outcome
        for seq in mine:
            found.setdefault(seq, Outcome(seq, unknown, message=UNREPORTED))
    except InDoubtError as error:
        for seq in mine:
            found.setdefault(seq, Outcome(seq, unknown, message=str(error)))
        raise
    except RefusedError as error:
        left = [row for row in rows if row.seq not in found]
        again = parts(error, rows, left, found, was_halved=was_halved)
        is_halved = isinstance(error, TooLargeError) if len(again) == 2 else was_halved
        for part in again:
            send(connector, channel, lane, part, found, was_halved=is_halved)


def parts(
    error: RefusedError,
    rows: Sequence[Row],
    left: Sequence[Row],
    found: dict[int, Outcome],
    *,
    was_halved: bool = False,
) -> list[Sequence[Row]]:
    """What to send again, and how divided, after `rows` were refused; whom the refusal names is rejected in `found`."""
    named = {rows[place].seq: words for place, words in error.rows.items() if place < len(rows)}
    if len(left) == 1 or (isinstance(error, TooLargeError) and was_halved):
        named = {row.seq: error.message for row in left}
    for seq, words in named.items():
        found[seq] = Outcome(seq, "rejected", code=error.code, message=words)
    others = [row for row in left if row.seq not in found]
    if not others:
        return []
    if named:
        return [others]
    middle = (len(others) + 1) // 2
    return [others[:middle], others[middle:]]


def understood(
    connector: Connector, channel: Channel, lane: Limits, rows: Sequence[Row]
) -> Iterator[Outcome]:
    """The connector's outcomes; an answer in a shape it does not know leaves the rest in doubt."""
    try:
        yield from connector.send(channel, lane, rows)
    except (LookupError, TypeError, ValueError) as error:
        message = (
            f"{connector.name}: an answer in an unexpected shape ({type(error).__name__}: {error})"
        )
        raise InDoubtError(message) from error
