"""Files in which a vendor lists what a job refused, at another host and in a form of its own: whom they name."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Sequence

from activations.connector import Call, Request, Row
from activations.errors import RefusedError

BETWEEN = re.compile(r"[\s,;\"'<>{}\[\]]+")


def named(call: Call, addresses: Iterable[str], rows: Sequence[Row], column: str) -> set[int]:
    """Places of the rows whose `column` is a word of one of the files; a file that is not to be had names nobody.

    What is not named may have been refused all the same: it is sent again, which tells.
    """
    words: set[str] = set()
    for address in addresses:
        try:
            content = call(Request("GET", "", address=address)).content
        except RefusedError:  # its address is good for a time only
            continue
        words.update(BETWEEN.split(_text(content).lower()))
    return {n for n, row in enumerate(rows) if str(row.payload[column]).strip().lower() in words}


def _text(content: bytes) -> str:
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error):
            return ""
    return content.decode("utf-8", "replace")
