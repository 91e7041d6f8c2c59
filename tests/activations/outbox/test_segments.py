"""Text messages are counted as carriers bill them: septets or UTF-16 units, with room for concatenation."""

from __future__ import annotations

import pytest

from activations.outbox.segments import measure


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("a" * 159 + "€", "GSM-7", 161, 2),  # the extension table costs two septets
        ("{}[]~^|\\€\f", "GSM-7", 20, 1),
        ("äöüÄÖÜßñÑàèéìòùÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæ@£$¥§¿¡", "GSM-7", 39, 1),
        ("ç", "UCS-2", 1, 1),  # the capital is in the alphabet, the small one is not
        ("á", "UCS-2", 1, 1),
        ("’" + "a" * 69, "UCS-2", 70, 1),  # a typographic apostrophe halves the room
        ("’" + "a" * 70, "UCS-2", 71, 2),
        ("ж" * 134, "UCS-2", 134, 2),
        ("ж" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),  # two UTF-16 units each
        ("😀" * 36, "UCS-2", 72, 2),
        ("😀" * 66, "UCS-2", 132, 2),  # 33 to a part: a pair is not torn
        ("😀" * 67, "UCS-2", 134, 3),
        ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3),  # nor is an escape
    ],
)
def test_a_text_has_the_segments_it_is_billed_for(
    text: str, encoding: str, units: int, segments: int
) -> None:
    """Vectors from the alphabet's tables and the lengths of the standards."""
    size = measure(text)

    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


def test_what_makes_a_text_dear_is_named() -> None:
    """So that whoever writes it can replace it."""
    assert measure("Hi – it’s ready ’").misfits == ("–", "’")
