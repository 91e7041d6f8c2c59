"""Reads a `.json` file value by value, never holding it: one document over many lines, several, or an array of them."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from warehouse.repair import Line, pieces
from warehouse.scan import MAX_LINE_BYTES

BLANK = re.compile(r"[ \t\r\n\ufeff]*")
BLANK_OR_COMMA = re.compile(r"[ \t\r\n,]*")


def write_json_values(path: Path, target: Path) -> None:
    """Write `line, problem, text` for every value of a `.json` file, the elements of arrays one by one."""
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["_line", "_problem", "_text"])
        for value in json_values(path):
            writer.writerow([value.number, value.problem, value.text])


def json_values(path: Path) -> Iterator[Line]:
    """The values of a plain or gzip file of JSON, each with the number of the line that it begins on.

    What is no JSON is one broken value, up to the next line that opens an object or array at the same depth or
    less; a cut end is a last, broken value.
    """
    reader = _Reader(path)
    depth, told = 0, False
    while reader.skip(BLANK_OR_COMMA if depth else BLANK):
        first = reader.first
        if first == "[":
            # An array inside an array is a value; the loader's SQL takes it apart or refuses it.
            if depth == 0:
                depth = 1
                reader.take(1)
                continue
        elif first == "]" and depth:
            depth = 0
            reader.take(1)
            continue
        value = reader.value()
        told = bool(reader.end) and value.problem == reader.end
        yield value
    cut = reader.end or (depth and "the document ends inside an array; send the whole file again")
    if cut and not told:
        yield Line(reader.line, "(the end of the file)", cut)


class _Reader:
    """The text of a file from the place that has been read up to, with more behind it as needed."""

    def __init__(self, path: Path) -> None:
        self.line = 1
        self.end = ""
        self._text = ""
        self._at = 0
        self._column = 0
        self._pieces = pieces(path)
        # Bytes that are not UTF-8 become \x.., which no JSON string may hold.
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._more = True

    @property
    def first(self) -> str:
        """The next character."""
        return self._text[self._at]

    def skip(self, blanks: re.Pattern[str]) -> bool:
        """Pass over blanks; whether anything follows."""
        while True:
            found = blanks.match(self._text, self._at)
            self.take((found.end() if found else self._at) - self._at)
            if self._at < len(self._text):
                return True
            if not self._fill():
                return False

    def take(self, length: int) -> str:
        """The next `length` characters, which are then behind us."""
        taken = self._text[self._at : self._at + length]
        self._at += length
        newlines = taken.count("\n")
        self.line += newlines
        self._column = len(taken) - taken.rfind("\n") - 1 if newlines else self._column + length
        if self._at > MAX_LINE_BYTES:
            self._text, self._at = self._text[self._at :], 0
        return taken

    def value(self) -> Line:
        """The JSON value that begins here, or what is broken up to where the next one may begin."""
        number = self.line
        while True:
            problem = ""
            try:
                _, end = json.JSONDecoder().raw_decode(self._text, self._at)
                # A number may go on in the next piece.
                complete = end < len(self._text)
            except ValueError as error:
                complete, problem = False, f"not valid JSON: {getattr(error, 'msg', error)}"
                end = 0
            except RecursionError:
                complete, problem, end = True, "not valid JSON: nested too deeply", 0
            waiting = len(self._text) - self._at <= MAX_LINE_BYTES
            if complete or not (waiting and self._fill()):
                break
        if not problem:
            return Line(number, self.take(end - self._at), "")
        following = re.compile(rf"\n[ \t]{{0,{self._column}}}[{{\[]").search(
            self._text, self._at + 1
        )
        stop = following.start() if following else len(self._text)
        text = self.take(min(stop - self._at, MAX_LINE_BYTES))
        at_the_end = self._at == len(self._text) and not self._more
        return Line(number, text.rstrip(), (at_the_end and self.end) or problem)

    def _fill(self) -> bool:
        """Read one more piece; False at the end."""
        if not self._more:
            return False
        raw, end = next(self._pieces, (None, ""))
        self.end = self.end or end
        self._more = raw is not None
        self._text += self._decoder.decode(raw or b"", final=raw is None).replace("\0", "\\x00")
        return True
