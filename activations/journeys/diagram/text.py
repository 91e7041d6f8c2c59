"""How wide text is, near enough to wrap it, without fonts at hand: widths of a wide sans-serif face."""

from __future__ import annotations

NARROW = set("iljI|.,:;'!()[]{} ftr·")
WIDE = set("mwMW@%≥≤→—…")
UPPER = set("ABCDEFGHKNOPQRUVXYZ&_+=<>≠#")


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Pixels, a little too many rather than too few."""
    ems = sum(
        0.38 if c in NARROW else 0.98 if c in WIDE else 0.74 if c in UPPER else 0.615 for c in text
    )
    return ems * size * (1.08 if bold else 1.0)


def wrap(text: str, room: float, size: float, most: int = 5) -> list[str]:
    """Lines that fit into `room`; words that do not are broken, and after `most` lines … stands for the rest."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while width(word, size) > room:
            if line:
                lines.append(line)
                line = ""
            cut = len(word)
            while width(word[:cut], size) > room:
                cut -= 1
            lines.append(word[:cut])
            word = word[cut:]
        longer = f"{line} {word}".strip()
        if width(longer, size) > room:
            lines.append(line)
            line = word
        else:
            line = longer
    lines += [line] if line else []
    if len(lines) > most:
        lines = lines[:most]
        while width(lines[-1] + "…", size) > room:
            lines[-1] = lines[-1][:-1]
        lines[-1] += "…"
    return lines


def fit(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """One line, cut with … where it is too long."""
    if width(text, size, bold=bold) <= room:
        return text
    while text and width(text + "…", size, bold=bold) > room:
        text = text[:-1]
    return text + "…"
