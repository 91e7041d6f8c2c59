"""What is done to finished HTML: links get their parameters, and the plain text is read off where nobody wrote one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

HREF = re.compile(r"""(\bhref\s*=\s*)("[^"]*"|'[^']*')""", re.IGNORECASE)
URL = re.compile(r"https?://[^\s<>\"'()]+")
TRAILING = ".,;:!?"
BREAKS = frozenset({"p", "div", "tr", "br", "h1", "h2", "h3", "h4", "table", "ul", "ol", "li"})
UNSEEN = frozenset({"head", "style", "script", "title"})


def with_parameters(
    url: str, parameters: Mapping[str, str], untouched: tuple[str, ...] = ()
) -> str:
    """`url` with query parameters that it lacks; other schemes and `untouched` beginnings stay as they are."""
    if (
        not parameters
        or not url.startswith(("http://", "https://"))
        or url.startswith(untouched or ("\0",))
    ):
        return url
    parts = urlsplit(url)
    present = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    more = "&".join(
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in parameters.items()
        if name not in present and value
    )
    query = "&".join(part for part in (parts.query, more) if part)
    return urlunsplit(parts._replace(query=query))


def tag_html(text: str, change: Callable[[str], str]) -> str:
    """HTML with `change` applied to the address of every link (`<a href>`), comments for Outlook left alone."""
    finder = _Links()
    finder.feed(text)
    finder.close()
    lines = [0]
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    pieces, done = [], 0
    for (row, column), tag in finder.found:
        start = lines[row - 1] + column
        pieces.append(text[done:start])
        pieces.append(
            HREF.sub(
                lambda m: f'{m[1]}"{html.escape(change(html.unescape(m[2][1:-1])), quote=True)}"',
                tag,
            )
        )
        done = start + len(tag)
    return "".join([*pieces, text[done:]])


def tag_text(text: str, change: Callable[[str], str]) -> str:
    """Plain text with `change` applied to every address in it."""

    def one(found: re.Match[str]) -> str:
        url = found[0].rstrip(TRAILING)
        return change(url) + found[0][len(url) :]

    return URL.sub(one, text)


def plain(text: str) -> str:
    """The words of an HTML text: one line per block, links with their address behind them, what is hidden left out."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Links(HTMLParser):
    """Where the links are, as ((line, column), the tag as it stands)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[tuple[tuple[int, int], str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and dict(attrs).get("href"):
            self.found.append((self.getpos(), self.get_starttag_text() or ""))


class _Reader(HTMLParser):
    """Collects words in `parts`."""

    VOID = frozenset({"br", "img", "meta", "link", "hr", "input", "col", "area", "base", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._open: list[tuple[str, bool, str]] = []  # tag, hidden, address

    @property
    def _is_hidden(self) -> bool:
        return any(hidden for _, hidden, _ in self._open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in BREAKS and not self._is_hidden:
            self.parts.append(
                "\n" if tag in ("br", "li", "tr") else "\n\n" if tag in ("p", "h1", "h2") else "\n"
            )
        if tag in self.VOID:
            if tag == "img" and not self._is_hidden and given.get("alt"):
                self.parts.append(given["alt"])
            return
        style = given.get("style", "").replace(" ", "").lower()
        hidden = tag in UNSEEN or "display:none" in style
        self._open.append((tag, hidden, given.get("href", "") if tag == "a" else ""))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _, _ in self._open]
        if tag not in names:
            return
        while self._open:
            name, _, address = self._open.pop()
            if name == tag:
                if address.startswith("http") and not self._is_hidden:
                    self.parts.append(f" ({address})")
                break
        if tag in BREAKS and not self._is_hidden:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self.parts.append(data.replace("\n", " ").replace("\u200c", "").replace("\xa0", " "))
