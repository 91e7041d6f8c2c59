"""Keeps secrets and personal data out of everything that is kept: keyed hashes for keys, marks for the rest."""

from __future__ import annotations

import os
import re
import secrets as random_bytes
from collections.abc import Iterable, Sequence
from pathlib import Path

from activations.connector import Row
from warehouse.settings import Settings

EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)*", re.UNICODE)
PHONE = re.compile(r"\+?\d[\d\s().-]{6,}\d")
LONGEST = 500
SHORTEST_VALUE = 4  # shorter texts stand in too many words to be struck out


def text(
    message: str | None, secrets: Iterable[str] = (), values: Iterable[object] = ()
) -> str | None:
    """`message` without `secrets`, addresses, phone numbers and the row's own `values`, at most 500 characters."""
    if message is None:
        return None
    clean = message.replace("\x00", "")  # which PostgreSQL cannot keep
    for secret in secrets:
        if secret:
            clean = clean.replace(secret, "[secret]")
    clean = EMAIL.sub("[email]", clean)
    clean = PHONE.sub("[number]", clean)
    for value in sorted({str(v) for v in values if v is not None}, key=len, reverse=True):
        if len(value) >= SHORTEST_VALUE and _may_hold(clean, value):
            clean = re.sub(re.escape(value), "[value]", clean, flags=re.IGNORECASE)
    return clean[:LONGEST]


def _may_hold(text: str, value: str) -> bool:
    """Whether looking for `value` is worth it: compiling a pattern costs more than all else that is done to a row."""
    if not (text.isascii() and value.isascii()):
        return True  # where upper and lower case are no simple pair
    return value.lower() in text.lower()


def shared(message: str | None, secrets: Iterable[str], rows: Sequence[Row]) -> str | None:
    """Like `text`, of an answer about several rows: whichever row's values it quotes."""
    if message is None:
        return None
    said = message.lower()
    values = {
        value
        for row in rows
        for value in map(str, row.payload.values())
        if len(value) >= SHORTEST_VALUE and value != "None" and value.lower() in said
    }
    return text(message, secrets, values)


def hash_key(settings: Settings) -> str:
    """The installation's secret for hashing keys, made on first use in `<home>/activations.key`.

    Without it nobody can tell from a ledger or a receipt whose row it is by trying addresses.
    """
    path: Path = settings.home / "activations.key"
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = random_bytes.token_hex(32)
        file.write(key)
    return key
