"""How many segments a text message is billed as: GSM 03.38's 7-bit alphabet where it suffices, else UCS-2.

Source: 3GPP TS 23.038, 6.2.1 (alphabet and extension table) and TS 23.040, 9.2.3.24.1 (concatenation, 6 octets).
"""

from __future__ import annotations

from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # two septets each, and never split between segments
GSM_ALONE, GSM_PART = 160, 153  # septets
UCS_ALONE, UCS_PART = 70, 67  # UTF-16 code units


@dataclass(frozen=True)
class Size:
    """A text's encoding ('GSM-7' or 'UCS-2'), its units (septets or UTF-16 code units), and its segments."""

    encoding: str
    units: int
    segments: int
    misfits: tuple[str, ...] = ()
    """The characters for whose sake it is UCS-2."""


def measure(text: str) -> Size:
    """The size of a text message; an empty one has no segment."""
    misfits = tuple(dict.fromkeys(c for c in text if c not in BASIC and c not in EXTENSION))
    if misfits:
        costs = [2 if ord(c) > 0xFFFF else 1 for c in text]
        return _sized("UCS-2", costs, UCS_ALONE, UCS_PART, misfits)
    return _sized("GSM-7", [2 if c in EXTENSION else 1 for c in text], GSM_ALONE, GSM_PART, ())


def _sized(
    encoding: str, costs: list[int], alone: int, part: int, misfits: tuple[str, ...]
) -> Size:
    units = sum(costs)
    if units <= alone:
        return Size(encoding, units, 1 if units else 0, misfits)
    segments, filled = 1, 0
    for cost in costs:
        if filled + cost > part:
            segments, filled = segments + 1, 0
        filled += cost
    return Size(encoding, units, segments, misfits)
