"""The store of on-site decisions: one small file per person and sync, found by a name that only the key can make.

Written by the destination `feed`, read by the front door. No file says whom it is about.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import re
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from warehouse import clock

CONTACT, ANONYMOUS = "contact", "anonymous"
SHORTEST_KEY = 32
FOLDER = "feed"
NAME = re.compile(r"[A-Za-z0-9_-]{43}")
SYNC = re.compile(r"[A-Za-z0-9_]{1,100}")
# What Segment's SDKs make (a UUID), or anything as hard to guess: nothing else protects a visitor's decisions.
UNGUESSABLE = re.compile(r"[A-Za-z0-9_-]{22,100}")
LEAST_SIGNS = 8


def opaque(key: str, kind: str, identifier: str) -> str:
    """The name by which a person's decisions are asked for: HMAC-SHA256 of `<kind>:<id>`, base64url without padding."""
    digest = hmac.new(key.encode(), f"{kind}:{identifier}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def is_unguessable(identifier: str) -> bool:
    """Whether an anonymous id is long and mixed enough that nobody finds it by trying."""
    return bool(UNGUESSABLE.fullmatch(identifier)) and len(set(identifier)) >= LEAST_SIGNS


def place(folder: Path, name: str) -> Path:
    """The folder of one person's decisions."""
    return folder / name[:2] / name


def put(folder: Path, name: str, sync: str, document: dict[str, Any]) -> None:
    """Write one sync's decision about one person; readers see the whole of it or what was there before."""
    if not NAME.fullmatch(name) or not SYNC.fullmatch(sync):
        raise ValueError("not the name of a decision")
    path = place(folder, name) / f"{sync}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def drop(folder: Path, name: str, sync: str | None = None) -> int:
    """Take one sync's decision about a person away, or all; returns how many there were."""
    there = place(folder, name)
    found = list(there.glob(f"{sync or '*'}.json")) if there.is_dir() else []
    for path in found:
        path.unlink(missing_ok=True)
    if there.is_dir() and not any(there.iterdir()):
        there.rmdir()
    return len(found)


def is_there(folder: Path, name: str, sync: str, message_key: str | None = None) -> bool:
    """Whether a sync has decided about a person; with `message_key`, whether that is this very message."""
    try:
        text = (place(folder, name) / f"{sync}.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return message_key is None or json.loads(text).get("message_key") == message_key


def read(folder: Path, name: str, now: datetime) -> dict[str, Any]:
    """What is decided for a person now, by sync; {} for nobody, and for names that are none."""
    found: dict[str, Any] = {}
    if not NAME.fullmatch(name):
        return found
    for path in sorted(place(folder, name).glob("*.json")):
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue  # taken away since
        until = document.pop("expires_at", None)
        if until is None or clock.aware(datetime.fromisoformat(until)) > now:
            found[path.stem] = document
    return found
