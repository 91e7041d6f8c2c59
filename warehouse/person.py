"""Who is to be erased: every identifier of one person, the text patterns that find them, and what stands in for each.

Addresses and long ids are *strong*: they are looked for in any text. Short ids ("42") mean something only in a column
that holds ids; they are *weak* and compared with whole values there.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property

import duckdb

from warehouse.errors import ErasureError
from warehouse.relations import has_table

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
PHONE = re.compile(r"\+[1-9][0-9]{6,14}")
NODES = "intermediate.int_identity__nodes"
PREFIXES = {"email": "email", "phone": "phone", "user": "id", "anon": "id"}
SHORTEST_STRONG = 6
# Columns and JSON keys, in lower case without underscores, whose whole value may be a weak id (two by Fivetran).
CONTACT_NAMES = frozenset(
    {
        "contactid",
        "contact",
        "customerid",
        "personid",
        "memberid",
        "subscriberid",
        "leadid",
        "whoid",
    }
    | {"vid", "canonicalvid", "vidtomerge", "convertedcontactid", "masterrecordid"}
    | {"fivetranid", "fivetranuserid"}
)
ID_NAMES = CONTACT_NAMES | {"userid", "anonymousid", "previousid", "entityid"}
# Tables whose own `id` is that of a person whom we may message.
PEOPLE = re.compile(r"(contact|customer|lead|list_member|member|person|subscriber)s?|people")


@dataclass(frozen=True)
class Weak:
    """Short ids with their stand-ins, and the names of columns and JSON keys in which they mean the person."""

    marks: Mapping[str, str] = field(default_factory=dict)
    names: frozenset[str] = ID_NAMES

    def __bool__(self) -> bool:
        return bool(self.marks)

    def holds(self, name: str, table: str = "") -> bool:
        """Whether a column or JSON key of this name holds such ids."""
        plain = name.lower().replace("_", "")
        return plain in self.names or (plain == "id" and bool(PEOPLE.fullmatch(table)))

    def mark(self, name: str, value: object, table: str = "") -> str | None:
        """The stand-in of the value, None when it is not one of these ids."""
        if not isinstance(value, str | int) or isinstance(value, bool):
            return None
        mark = self.marks.get(str(value).strip())
        return mark if mark is not None and self.holds(name, table) else None


@dataclass(frozen=True)
class Person:
    """One person's identifiers.

    `scoped` are (source, id) pairs: ids that only the tables of that source give this meaning; `kinds` are all sources
    that number their contacts themselves.
    `mark` begins every stand-in; it is random and says nothing about the person.
    """

    contact_ids: tuple[str, ...]
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    ids: tuple[str, ...] = ()
    scoped: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] = ()
    mark: str = field(default_factory=lambda: f"erased-{secrets.token_hex(4)}")

    @cached_property
    def strong(self) -> dict[str, str]:
        """Stand-in of each identifier that is looked for in any text, longest first."""
        digests = [
            method(email.encode()).hexdigest()
            for email in self.emails
            for method in (_md5, hashlib.sha256)
        ]
        names = {*self.emails, *self.phones, *digests}
        names |= {name for name in (*self.ids, *self.contact_ids) if is_strong(name)}
        return {name: self._stand_in(name) for name in sorted(names, key=lambda n: (-len(n), n))}

    @cached_property
    def weak(self) -> Weak:
        """The ids that are compared with whole values only."""
        names = {name for name in (*self.ids, *self.contact_ids) if not is_strong(name)}
        return Weak({name: self._stand_in(name) for name in sorted(names)})

    def weak_in(self, source: str) -> Weak:
        """The same for one source: one that numbers its contacts itself means somebody else by our 42."""
        if not any(kind in source for kind in self.kinds):
            return self.weak
        own = {value: self._stand_in(value) for kind, value in self.scoped if kind in source}
        return Weak(own, CONTACT_NAMES)

    def _stand_in(self, name: str) -> str:
        scoped = [value for _, value in self.scoped]
        known = [*self.contact_ids, *self.ids, *self.emails, *self.phones, *scoped]
        number = known.index(name) + 1 if name in known else 0
        return f"{self.mark}-{number}"

    @cached_property
    def patterns(self) -> list[tuple[re.Pattern[str], str]]:
        """A pattern of each strong identifier, and its stand-in."""
        return [
            (re.compile(_exact(name), re.IGNORECASE), mark) for name, mark in self.strong.items()
        ]

    @cached_property
    def any_text(self) -> re.Pattern[str]:
        """Any strong identifier, in text."""
        return re.compile("|".join(map(_exact, self.strong)) or NEVER, re.IGNORECASE)

    @cached_property
    def _searches(self) -> list[tuple[re.Pattern[bytes], re.Pattern[bytes], int]]:
        """For each strong identifier: how it begins in lower-case bytes, what it must look like, and its reach."""
        return [
            (
                re.compile(_loose(name.lower()).encode()),
                re.compile(_exact(name).encode(), re.IGNORECASE),
                REACH * len(name.encode()),
            )
            for name in self.strong
        ]

    def maybe(self, content: bytes) -> bool:
        """Whether `any_text` can hold in `content`: fast, and wrong only by saying yes."""
        lower = content.lower()
        return any(loose.search(lower) for loose, _, _ in self._searches)

    def found(self, content: bytes) -> int:
        """How often a strong identifier stands in `content`; exact patterns are slow, so only near candidates."""
        lower = content.lower()
        hits = 0
        for loose, exact, reach in self._searches:
            for place in loose.finditer(lower):
                start = max(0, place.start() - BEFORE)
                near = exact.search(content, start, place.start() + reach)
                hits += near is not None and near.start() <= place.start() < near.end()
        return hits

    @cached_property
    def sql_pattern(self) -> str:
        """A pattern for the warehouse that holds wherever `any_text` does, and sometimes elsewhere."""
        return "(?i)" + "|".join(map(_loose, self.strong))

    def dumps(self) -> str:
        """As JSON text."""
        return json.dumps(asdict(self))

    @staticmethod
    def loads(text: str) -> Person:
        """From JSON text."""
        raw = json.loads(text)
        tuples = {name: tuple(raw[name]) for name in ("contact_ids", "emails", "phones", "ids")}
        scoped = tuple((kind, value) for kind, value in raw["scoped"])
        return Person(**tuples, scoped=scoped, kinds=tuple(raw["kinds"]), mark=raw["mark"])


def find(con: duckdb.DuckDBPyConnection, who: str) -> Person:
    """The person that an e-mail address, a phone number or a contact id belongs to.

    An address that identity does not know is a person of its own. Raises ErasureError for anything else unknown.
    """
    wanted = who.strip()
    address = normal_address(wanted)
    nodes = _nodes(con, wanted, address)
    if not nodes and address is None:
        raise ErasureError(
            f"there is no contact {wanted!r}; give a contact id, an e-mail address, or a phone number as +49…"
        )
    kinds: dict[str, set[str]] = {"email": set(), "phone": set(), "id": set()}
    scoped = set()
    for _, node in nodes:
        kind, _, value = node.partition(":")
        if kind in PREFIXES:
            kinds[PREFIXES[kind]].add(value)
        else:
            scoped.add((kind, value.rpartition(":")[2]))
            kinds["id"].add(node)
    if address is not None:
        kinds["email" if "@" in address else "phone"].add(address)
    return Person(
        contact_ids=tuple(sorted({contact_id for contact_id, _ in nodes})),
        emails=tuple(sorted(kinds["email"])),
        phones=tuple(sorted(kinds["phone"])),
        ids=tuple(sorted(kinds["id"])),
        scoped=tuple(sorted(scoped)),
        kinds=_kinds(con),
    )


def normal_address(text: str) -> str | None:
    """An e-mail address in lower case, or a phone number as E.164; None for anything else."""
    if EMAIL.fullmatch(text.strip()):
        return text.strip().lower()
    digits = re.sub(r"[\s().-]", "", text)
    return digits if PHONE.fullmatch(digits) else None


def is_strong(name: str) -> bool:
    """Whether an id is unlikely to mean anything else: six signs or more, of which some are digits and letters."""
    digits, letters = re.search(r"[0-9]", name), re.search(r"[A-Za-z]", name)
    return len(name) >= SHORTEST_STRONG and bool(digits) and (bool(letters) or len(name) >= 9)


def _has_nodes(con: duckdb.DuckDBPyConnection) -> bool:
    schema, table = NODES.split(".")
    return has_table(con, schema, table)


def _kinds(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The sources whose ids identity keeps apart from ours."""
    if not _has_nodes(con):
        return ()
    rows = con.execute(f"select distinct split_part(node, ':', 1) from {NODES}").fetchall()
    return tuple(sorted(str(row[0]) for row in rows if row[0] and row[0] not in PREFIXES))


def _nodes(
    con: duckdb.DuckDBPyConnection, wanted: str, address: str | None
) -> list[tuple[str, str]]:
    if not _has_nodes(con):
        return []
    names = [wanted, f"user:{wanted}"]
    if address is not None:
        names = [f"email:{address}" if "@" in address else f"phone:{address}"]
    rows = con.execute(
        f"select distinct contact_id, node from {NODES} where contact_id in "
        f"(select contact_id from {NODES} where node in (select unnest(?)) or contact_id = ?)",
        [names, wanted],
    ).fetchall()
    return [(str(contact_id), str(node)) for contact_id, node in rows]


def _md5(value: bytes) -> hashlib._Hash:
    """Vendors name people by the MD5 of their address."""
    return hashlib.md5(value, usedforsecurity=False)


NEVER = r"(?!)"
BEFORE, REACH = (
    8,
    8,
)  # bytes that may stand before a match; how much longer than the name its widest spelling is
AT = r"(?:@|%40|\\u0040|&#64;)"
PLUS = r"(?:\+|%2b|\\u002b)"
# Letters before the name may belong to an escaped line end or a percent-encoded sign.
ESCAPED = r"(?<=\\[nrt])|(?<=%[0-9a-f][0-9a-f])|"


def _exact(name: str) -> str:
    """A pattern that finds `name` as a word of its own, however `@` and `+` are written."""
    if "@" in name:
        body = "".join({"@": AT, "+": PLUS}.get(sign, re.escape(sign)) for sign in name)
        return rf"(?:{ESCAPED}(?<![a-z0-9_%+-])(?<![a-z0-9]\.)){body}(?![a-z0-9-])(?!\.[a-z0-9])"
    if PHONE.fullmatch(name):
        return rf"(?<![0-9])(?:\+|00|%2b)?{_digits(name)}(?![0-9])"
    near = "a-z0-9" if len(name) >= 20 or not re.search("[_-]", name) else "a-z0-9_-"
    return rf"(?:{ESCAPED}(?<![{near}])){re.escape(name)}(?![{near}])"


def _loose(name: str) -> str:
    if "@" in name:
        return "".join({"@": AT, "+": PLUS}.get(sign, _plain(sign)) for sign in name)
    return _digits(name) if PHONE.fullmatch(name) else "".join(map(_plain, name))


def _plain(sign: str) -> str:
    """A sign that stands for itself in every dialect of patterns."""
    return (
        sign
        if sign.isalnum() or sign in "_-@"
        else f"[{sign}]"
        if sign not in "^\\]"
        else f"\\{sign}"
    )


def _digits(phone: str) -> str:
    return r"[ ().-]{0,2}".join(phone.removeprefix("+"))
