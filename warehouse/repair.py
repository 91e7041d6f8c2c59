"""Reads a damaged text file line by line, never holding it, into a well-formed CSV with one row per record.

Its columns are the line number, what is wrong with the record as such ('' when nothing is) and its original
text; a CSV file's own fields follow. What a field means is judged afterwards, in SQL.
"""

from __future__ import annotations

import csv
import zlib
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.landing import CHUNK_BYTES
from warehouse.scan import MAX_LINE_BYTES

MAX_RECORD_LINES = 1000
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """One physical line: its number (from 1), its text as it came, and why it cannot be used ('' if it can)."""

    number: int
    text: str
    problem: str


def read_lines(path: Path) -> Iterator[Line]:
    """The physical lines of a plain or gzip file; a cut or corrupt end is a last, broken line."""
    number, pending = 0, b""
    for chunk, end in pieces(path):
        lines = (pending + chunk).split(b"\n")
        pending = lines.pop()
        if end or len(pending) > MAX_LINE_BYTES:
            lines.append(pending)
            pending = b""
        for index, raw in enumerate(lines):
            number += 1
            problem = end if index == len(lines) - 1 else ""
            yield _decode(number, raw.removeprefix(BOM) if number == 1 else raw, problem)
    if pending:
        yield _decode(number + 1, pending.removeprefix(BOM) if number == 0 else pending, "")


def write_json_lines(path: Path, target: Path) -> None:
    """Write `line, problem, text` for every non-blank line of an NDJSON file."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["_line", "_problem", "_text"])
        for line in read_lines(path):
            if line.text.strip() or line.problem:
                writer.writerow([line.number, line.problem, line.text])


def write_csv_records(path: Path, target: Path, width: int) -> None:
    """Write `line, problem, text, fields…` for every record of a CSV file whose header has `width` names."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["_line", "_problem", "_text", *(f"f{index}" for index in range(width))])
        records = _records(filled_lines(path), width)
        next(records, None)
        for line, fields in records:
            padded = fields if len(fields) == width else [""] * width
            writer.writerow([line.number, line.problem, line.text, *padded])


def filled_lines(path: Path) -> Iterator[Line]:
    """The non-blank lines of `path`."""
    return (line for line in read_lines(path) if line.text.strip() or line.problem)


def _records(lines: Iterator[Line], width: int) -> Iterator[tuple[Line, list[str]]]:
    """Join lines while a quote is open; a quote that never closes breaks only the line it is on."""
    waiting: deque[Line] = deque()
    while True:
        first = waiting.popleft() if waiting else next(lines, None)
        if first is None:
            return
        taken = [first]
        while not first.problem and _quote_is_open(taken) and len(taken) < MAX_RECORD_LINES:
            following = waiting.popleft() if waiting else next(lines, None)
            if following is None:
                break
            taken.append(following)
            if following.problem:
                break
        fields, problem = _split("\n".join(line.text for line in taken), width)
        if len(taken) > 1 and (problem or any(line.problem for line in taken)):
            waiting.extendleft(reversed(taken[1:]))
            yield Line(first.number, first.text, "a quote opens and never closes"), []
        else:
            text = "\n".join(line.text for line in taken)
            yield Line(first.number, text, first.problem or problem), fields


def _quote_is_open(taken: list[Line]) -> bool:
    return sum(line.text.count('"') for line in taken) % 2 == 1


def _split(text: str, width: int) -> tuple[list[str], str]:
    try:
        fields = next(csv.reader([text + "\n"] if "\n" not in text else text.splitlines(True)), [])
    except csv.Error as error:
        return [], f"not a CSV record: {error}"
    if len(fields) != width:
        return fields, f"expected {width} columns, found {len(fields)}"
    return fields, ""


def pieces(path: Path) -> Iterator[tuple[bytes, str]]:
    """Decompressed pieces of the file; the last one says why it is the last when it should not be."""
    zipped = path.suffix.lower() == ".gz"
    gunzip = zlib.decompressobj(wbits=31)
    with path.open("rb") as stream:
        while raw := stream.read(CHUNK_BYTES):
            if not zipped:
                yield raw, ""
            while zipped and raw:
                try:
                    piece = gunzip.decompress(raw)
                except zlib.error as error:
                    yield b"", f"the gzip stream is damaged ({error}); send the file again"
                    return
                yield piece, ""
                raw = gunzip.unused_data
                if gunzip.eof and raw:
                    gunzip = zlib.decompressobj(wbits=31)
    if zipped and not gunzip.eof:
        yield b"", "the gzip stream ends early; send the whole file again"


def _decode(number: int, raw: bytes, end: str) -> Line:
    text = raw.rstrip(b"\r\n")
    if end:
        return Line(number, text.decode("utf-8", "backslashreplace"), end)
    if b"\0" in text:
        shown = text.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
        return Line(number, shown, "contains a NUL byte")
    try:
        return Line(number, text.decode("utf-8"), "")
    except UnicodeDecodeError as error:
        shown = text.decode("utf-8", "backslashreplace")
        return Line(
            number, shown, f"not UTF-8: byte 0x{text[error.start]:02x} at {error.start + 1}"
        )
