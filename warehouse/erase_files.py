"""Takes a person out of files: landing files keep every other record as it was, other files get stand-ins.

A landing file is written beside the old one and swapped in only after the warehouse knows it.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import scrub
from warehouse.contract import Contract
from warehouse.dialect import ident
from warehouse.landing import content_id, file_format
from warehouse.person import Person
from warehouse.scrub import Rules
from warehouse.settings import Settings

SUFFIX = ".erasing"
UNFINISHED = {".tmp", ".part"}
SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True)
class Rewritten:
    """A file that was written anew, still under `fresh`; `relative` is its name below landing/."""

    path: Path
    fresh: Path
    relative: str
    content_id: str
    file_bytes: int
    modified_ns: int
    deleted: int
    changed: int

    def swap(self) -> None:
        """Put the new file in the old one's place."""
        os.replace(self.fresh, self.path)


def rewrite_landing(
    settings: Settings, contracts: dict[str, Contract], person: Person
) -> list[Rewritten]:
    """Write every landing file that mentions the person anew, beside the old one.

    Files that are still being written are left to their writer: the proof finds the person in them.
    """
    done = []
    for path in sorted(settings.landing.rglob("*")) if settings.landing.is_dir() else []:
        if not path.is_file() or path.name.startswith((".", "_")):
            continue
        if path.suffix in UNFINISHED:
            continue
        parts = path.relative_to(settings.landing).parts
        contract = contracts.get(".".join(parts[:2]))
        rules = scrub.rules_of(contract) if contract else Rules(source=parts[0])
        fresh, deleted, changed = _rewrite(path, person, rules)
        if fresh is None:
            continue
        beside = path.with_name(f".{path.name}{SUFFIX}")
        beside.write_bytes(fresh)
        stat = beside.stat()
        done.append(
            Rewritten(
                path=path,
                fresh=beside,
                relative="/".join(parts),
                content_id=content_id(beside),
                file_bytes=stat.st_size,
                modified_ns=stat.st_mtime_ns,
                deleted=deleted,
                changed=changed,
            )
        )
    return done


def rewrite_other(path: Path, person: Person) -> int:
    """Put stand-ins into a file that is no landing file; returns how many places changed (values or lines)."""
    with path.open("rb") as stream:
        head = stream.read(len(SQLITE))
    if head == SQLITE:
        return rewrite_sqlite(path, person)
    if file_format(path) == "parquet":
        fresh, deleted, changed = _parquet(path, person, Rules(is_about_person=False))
        if fresh is not None:
            _replace(path, fresh)
        return deleted + changed
    content = read(path)
    clean = scrub.data(person, content)
    if clean == content:
        return 0
    _replace(path, _packed(path, clean))
    return person.found(content)


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}{SUFFIX}")
    beside.write_bytes(content)
    beside.chmod(path.stat().st_mode & 0o777)
    os.replace(beside, path)


def rewrite_sqlite(path: Path, person: Person) -> int:
    """Put stand-ins into every text of an SQLite file, then leave nothing of the old ones in it."""
    changed = 0
    with closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as con:
        con.execute("pragma secure_delete = on")
        tables = [
            str(row[0])
            for row in con.execute("select name from sqlite_master where type = 'table'")
        ]
        con.execute("begin immediate")
        for table in tables:
            changed += _rewrite_table(con, table, person)
        con.execute("commit")
        if changed:
            con.execute("vacuum")
            con.execute("pragma wal_checkpoint(truncate)")
    return changed


def _rewrite_table(con: sqlite3.Connection, table: str, person: Person) -> int:
    described = con.execute(f"pragma table_info({ident(table)})").fetchall()
    names = [str(row[1]) for row in described]
    keys = [name for name, row in zip(names, described, strict=True) if row[5]] or ["rowid"]
    where = " and ".join(f"{_column(key)} is ?" for key in keys)
    fresh = []
    selected = ", ".join(map(_column, [*keys, *names]))
    for record in con.execute(f"select {selected} from {ident(table)}"):
        old = dict(zip(names, record[len(keys) :], strict=True))
        new = {name: _clean(person, value) for name, value in old.items()}
        if new != old:
            fresh.append(({n: v for n, v in new.items() if v is not old[n]}, record[: len(keys)]))
    for values, key in fresh:
        sets = ", ".join(f"{ident(name)} = ?" for name in values)
        con.execute(f"update {ident(table)} set {sets} where {where}", [*values.values(), *key])
    return len(fresh)


def _column(name: str) -> str:
    """A quoted column; SQLite's own row number has no quotes, for a wrong quoted name is text to SQLite."""
    return name if name == "rowid" else ident(name)


def read(path: Path) -> bytes:
    """A file's content, unpacked when it is a whole gzip stream."""
    content = path.read_bytes()
    if path.suffix.lower() == ".gz":
        try:
            return gzip.decompress(content)
        except (OSError, EOFError):
            return content
    return content


def _clean(person: Person, value: Any) -> Any:
    if isinstance(value, str):
        return scrub.text(person, value)
    return scrub.data(person, value) if isinstance(value, bytes) else value


def _rewrite(path: Path, person: Person, rules: Rules) -> tuple[bytes | None, int, int]:
    """The new content and how many records went and changed; None where the file does not mention the person."""
    kind = file_format(path)
    if kind == "parquet":
        return _parquet(path, person, rules)
    content = read(path)
    if not _may_name(person, rules, content):
        return None, 0, 0
    match kind:
        case "csv":
            pieces = _csv(content, person, rules)
        case "ndjson":
            pieces = ((line, _json(line, person, rules)) for line in content.splitlines(True))
        case _:
            pieces = iter([(content, _json(content, person, rules))])
    kept, deleted, changed = [], 0, 0
    for old, new in pieces:
        deleted += new is None
        changed += new is not None and new != old
        kept.append(new or b"")
    clean = b"".join(kept)
    return (None, 0, 0) if clean == content else (_packed(path, clean), deleted, changed)


def _packed(path: Path, content: bytes) -> bytes:
    return gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content


def _may_name(person: Person, rules: Rules, content: bytes) -> bool:
    """Whether a piece of a file can mention the person at all."""
    weak = person.weak_in(rules.source)
    return person.maybe(content) or any(name.encode() in content for name in weak.marks)


def _json(piece: bytes, person: Person, rules: Rules) -> bytes | None:
    """A JSON text without the person, None where it goes; what is no JSON as a whole gets stand-ins, line by line."""
    if not _may_name(person, rules, piece):
        return piece
    try:
        given = json.loads(piece)
    except ValueError:
        lines = piece.splitlines(keepends=True)
        if len(lines) > 1:
            return b"".join(_json(line, person, rules) or b"" for line in lines)
        return scrub.data(person, piece)
    clean = scrub.document(person, rules, given)
    if clean == given:
        return piece
    end = b"\n" if piece.endswith(b"\n") else b""
    return None if clean is None else json.dumps(clean, separators=(",", ":")).encode() + end


def _csv(content: bytes, person: Person, rules: Rules) -> Iterator[tuple[bytes, bytes | None]]:
    """Each record as it was and as it is to be; one that does not fit the header gets stand-ins only."""
    records = _records(content)
    first = next(records, b"")
    yield first, first
    header = next(csv.reader([first.decode("utf-8-sig", "surrogateescape")]), [])
    for raw in records:
        if not _may_name(person, rules, raw):
            yield raw, raw
            continue
        text = io.StringIO(raw.decode("utf-8", "surrogateescape"), newline="")
        fields = next(csv.reader(text), [])
        if len(fields) != len(header):
            yield raw, scrub.data(person, raw)
            continue
        given = dict(zip(header, fields, strict=True))
        clean = scrub.row(person, rules, given)
        yield raw, raw if clean == given else _csv_record(clean)


def _csv_record(clean: scrub.Row | None) -> bytes | None:
    if clean is None:
        return None
    out = io.StringIO(newline="")
    values = ["" if value is None else value for value in clean.values()]
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue().encode("utf-8", "surrogateescape")


def _records(content: bytes) -> Iterator[bytes]:
    """Lines, joined while a quote is open; a quote that never closes leaves the rest as single lines."""
    lines = content.splitlines(keepends=True)
    place = 0
    while place < len(lines):
        end, quotes = place + 1, lines[place].count(b'"')
        while quotes % 2 and end < len(lines):
            quotes += lines[end].count(b'"')
            end += 1
        if quotes % 2:
            end = place + 1
        yield b"".join(lines[place:end])
        place = end


def _parquet(path: Path, person: Person, rules: Rules) -> tuple[bytes | None, int, int]:
    table = pq.read_table(path)
    rows = table.to_pylist()
    clean = [scrub.row(person, rules, row) for row in rows]
    if clean == rows:
        return None, 0, 0
    kept = [row for row in clean if row is not None]
    changed = sum(a is not None and a != b for a, b in zip(clean, rows, strict=True))
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(kept, schema=table.schema), out, compression="zstd")
    return out.getvalue(), len(rows) - len(kept), changed
