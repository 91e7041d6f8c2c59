"""Looks for a person everywhere an installation keeps anything, and says what was searched and what was found."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import duckdb
import pyarrow.parquet as pq
import sqlalchemy as sa

from warehouse import scrub
from warehouse.connection import connect, open_serving
from warehouse.contract import Contract
from warehouse.dialect import columns, ident
from warehouse.erase_files import SQLITE
from warehouse.erase_tables import candidates, rules_for
from warehouse.person import Person
from warehouse.scrub import Rules
from warehouse.settings import Settings

PIECE, OVERLAP = 1 << 26, 1 << 12
DUCKDB, DUCKDB_AT = b"DUCK", 8  # the mark stands after the checksum of the file's header


@dataclass
class Search:
    """What was searched (`searched`: kind of place to number of places) and what was found (`hits`: place to count)."""

    searched: dict[str, int] = field(default_factory=dict)
    hits: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, place: str, hits: int) -> None:
        """Count one place."""
        self.searched[kind] = self.searched.get(kind, 0) + 1
        if hits:
            self.hits[place] = self.hits.get(place, 0) + hits


def search(
    settings: Settings,
    contracts: dict[str, Contract],
    person: Person,
    ignore: frozenset[Path] = frozenset(),
) -> Search:
    """Look into every table of the warehouse and the serving copy, the ledger, and every byte below the home folder."""
    done = Search()
    if settings.database.exists():
        with connect(settings) as con:
            _tables(con, contracts, person, done, "warehouse table", "warehouse.duckdb")
    _ledger(settings, person, done)
    for root in roots(settings):
        for path in sorted(root.rglob("*")):
            if path.is_file() and not path.is_symlink() and path not in ignore:
                _file(path, settings, contracts, person, done)
    return done


def roots(settings: Settings) -> tuple[Path, ...]:
    """The folders in which an installation writes: its home, and dbt's output (which names the command it ran for)."""
    return settings.home, settings.dbt_target, settings.dbt_project / "logs"


def place(settings: Settings, path: Path) -> str:
    """A file's name below the home folder or the project."""
    for root in (settings.home, settings.project):
        if path.is_relative_to(root):
            return path.relative_to(root).as_posix()
    return path.name


def _tables(
    con: duckdb.DuckDBPyConnection,
    contracts: dict[str, Contract],
    person: Person,
    done: Search,
    kind: str,
    file: str,
) -> None:
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() order by all"
    ).fetchall()
    for schema, table in tables:
        rules = rules_for(schema, table, contracts)
        names, rows = candidates(con, person, schema, table, rules)
        weak = person.weak_in(rules.source)
        found = sum(
            scrub.mentions(person, weak, rules, dict(zip(names, values, strict=True)))
            for _, *values in rows
        )
        done.add(kind, f"{file}: {schema}.{table}", found)


def _ledger(settings: Settings, person: Person, done: Search) -> None:
    """Every text of every table, whatever database it is in."""
    url = sa.make_url(settings.ledger_url)
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")  # as the ledger itself opens it
    engine = sa.create_engine(url)
    with engine.connect() as con:
        for table in sa.inspect(con).get_table_names():
            found = 0
            for record in con.execute(sa.text(f"select * from {ident(table)}")).mappings():
                found += scrub.mentions(person, person.weak, Rules(table=table), dict(record))
            done.add("ledger table", f"ledger: {table}", found)
    engine.dispose()


def _file(
    path: Path,
    settings: Settings,
    contracts: dict[str, Contract],
    person: Person,
    done: Search,
) -> None:
    name = place(settings, path)
    hits = person.found(name.encode())
    with path.open("rb") as stream:
        head = stream.read(DUCKDB_AT + len(SQLITE))
    for content in _pieces(path):
        hits += person.found(content)
    if path.suffix.lower() == ".parquet":
        hits += sum(person.found(text) for text in _parquet_texts(path))
    if head.startswith(SQLITE):
        hits += sum(person.found(text) for text in _sqlite_texts(path))
    done.add("file, byte by byte", name, hits)
    if head[DUCKDB_AT : DUCKDB_AT + len(DUCKDB)] == DUCKDB and path != settings.database:
        with open_serving(path) as con:
            _tables(con, contracts, person, done, "serving table", name)


def _pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes as they are, and unpacked where it is packed."""
    with path.open("rb") as stream:
        yield from _overlapping(stream)
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as unpacked:
            yield from _overlapping(unpacked)


def _overlapping(stream: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    """Pieces of a stream that overlap, so that nothing falls between two."""
    kept = b""
    while piece := _next(stream):
        yield kept + piece
        kept = piece[-OVERLAP:]


def _next(stream: IO[bytes] | gzip.GzipFile) -> bytes:
    try:
        return stream.read(PIECE)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""  # a damaged stream was looked at as it is; the loader says what is wrong with it


def _parquet_texts(path: Path) -> Iterator[bytes]:
    for batch in pq.ParquetFile(path).iter_batches():
        yield "\n".join(str(record) for record in batch.to_pylist()).encode()


def _sqlite_texts(path: Path) -> Iterator[bytes]:
    """Text that is stored in pieces over several pages is whole only when it is asked for."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=60)) as con:
        tables = [
            str(row[0])
            for row in con.execute("select name from sqlite_master where type = 'table'")
        ]
        for table in tables:
            names = [str(row[1]) for row in con.execute(f"pragma table_info({ident(table)})")]
            for record in con.execute(f"select {columns(names)} from {ident(table)}"):
                for value in record:
                    if isinstance(value, str):
                        yield value.encode("utf-8", "surrogatepass")
                    elif isinstance(value, bytes):
                        yield value
