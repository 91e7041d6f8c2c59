"""Remembers whom we erased without knowing who it was: keyed hashes of their addresses, compared with what is loaded.

The key is `MILLRACE_ERASURE_KEY`, or a file of the installation's home; without it nobody can find an address in the
hashes by trying. An address that comes back in a later load is put on record and stays suppressed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import duckdb

from warehouse.clock import naive
from warehouse.contract import Contract
from warehouse.dialect import ident
from warehouse.person import Person, normal_address
from warehouse.settings import Settings

# DuckDB's patterns have no look-around: what they find is a candidate.
FIND_EMAIL = r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+(?:@|%40|\\u0040)[a-z0-9.-]+"
FIND_PHONE = r"(?:[+]|%2b|00)[1-9][0-9 ().-]{5,22}[0-9]"
PLUS = frozenset(
    {"outlook.com", "hotmail.com", "live.com", "icloud.com", "me.com", "mac.com"}
    | {"fastmail.com", "proton.me", "protonmail.com"}
)
PLUS_AND_DOTS = frozenset({"gmail.com", "googlemail.com"})


def channel_of(address: str) -> str:
    """`email` or `sms`."""
    return "email" if "@" in address else "sms"


def mailbox(address: str) -> str:
    """The one mailbox behind an address and its aliases, by the rules of big providers."""
    name, at, domain = address.partition("@")
    if not at:
        return address
    if domain in PLUS_AND_DOTS:
        return f"{name.partition('+')[0].replace('.', '')}@gmail.com"
    return f"{name.partition('+')[0]}@{domain}" if domain in PLUS else address


def hash_key(settings: Settings) -> bytes:
    """The secret behind the hashes: the setting, or `<home>/erasure.key`, made on first use."""
    if settings.erasure_key:
        return settings.erasure_key.encode()
    path: Path = settings.home / "erasure.key"
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip().encode()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_hex(32)
        file.write(key)
    return key.encode()


def address_hash(key: bytes, address: str) -> str:
    """The keyed hash of an address's mailbox: HMAC-SHA256 in hex."""
    text = f"{channel_of(address)}:{mailbox(address)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def remember(
    con: duckdb.DuckDBPyConnection, settings: Settings, person: Person, now: datetime, reason: str
) -> int:
    """Put the person's addresses on record as hashes; returns how many. The same erasure again changes nothing."""
    key = hash_key(settings)
    rows = {(address_hash(key, a), channel_of(a)) for a in (*person.emails, *person.phones)}
    con.execute("delete from raw_millrace.erasures where erasure_id = ?", [person.mark])
    for digest, channel in sorted(rows):
        con.execute(
            "insert into raw_millrace.erasures values (?, ?, ?, ?, ?)",
            [person.mark, digest, channel, naive(now), reason],
        )
    con.execute("delete from raw_millrace.erasure_progress")
    con.execute(
        "insert into raw_millrace.erasure_progress select source, table_name, max(batch) "
        "from landing.files where rows_loaded > 0 group by source, table_name"
    )
    return len(rows)


def recognise(con: duckdb.DuckDBPyConnection, settings: Settings, contract: Contract) -> int:
    """Look for erased addresses in what a table got since the last look; returns how many came back."""
    erased = _erased(con)
    if not erased:
        return 0
    seen = con.execute(
        "select coalesce(max(batch), 0) from raw_millrace.erasure_progress "
        "where source = ? and table_name = ?",
        [contract.source, contract.table],
    ).fetchall()[0][0]
    table = ident(contract.schema, contract.table)
    newest = con.execute(f"select coalesce(max(_batch), 0) from {table}").fetchall()[0][0]
    if newest <= seen:
        return 0
    key = hash_key(settings)
    back = 0
    for address in _addresses(con, contract, seen):
        erased_at = erased.get((address_hash(key, address), channel_of(address)))
        if erased_at is not None:
            con.execute("delete from raw_millrace.erased_addresses where address = ?", [address])
            con.execute(
                "insert into raw_millrace.erased_addresses values (?, ?, ?, ?)",
                [address, channel_of(address), erased_at, newest],
            )
            back += 1
    con.execute(
        "delete from raw_millrace.erasure_progress where source = ? and table_name = ?",
        [contract.source, contract.table],
    )
    con.execute(
        "insert into raw_millrace.erasure_progress values (?, ?, ?)",
        [contract.source, contract.table, newest],
    )
    return back


def _erased(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], datetime]:
    rows = con.execute(
        "select address_hash, channel, max(erased_at) from raw_millrace.erasures group by all"
    ).fetchall()
    return {(digest, channel): erased_at for digest, channel, erased_at in rows}


def _addresses(con: duckdb.DuckDBPyConnection, contract: Contract, seen: int) -> Iterable[str]:
    """Everything that looks like an address in the rows of batches after `seen`, normalised."""
    names = [f.name for f in contract.fields if f.data_type in ("VARCHAR", "JSON")] + ["_extra"]
    found: set[str] = set()
    for name in names:
        text = f"lower(cast({ident(name)} as varchar))"
        rows = con.execute(
            f"select distinct unnest(regexp_extract_all(t, ?) || regexp_extract_all(t, ?)) from "
            f"(select distinct {text} as t from {ident(contract.schema, contract.table)} "
            "where _batch > ?)",
            [FIND_EMAIL, FIND_PHONE, seen],
        ).fetchall()
        found.update(str(row[0]) for row in rows)
    return sorted(filter(None, map(_normal, found)))


def _normal(text: str) -> str | None:
    plain = re.sub(r"%40|\\u0040", "@", text)
    plain = re.sub(r"^(%2b|00(?=[1-9]))", "+", plain)
    return normal_address(plain.strip(".'"))
