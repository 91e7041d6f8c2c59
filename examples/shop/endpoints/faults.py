"""Faults on demand: rules that say which request fails, how, and whether its work is done."""

from __future__ import annotations

import json
import random
import re
import threading
import time
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

KINDS = ("status", "rate_limited", "timeout", "reset", "slow", "partial")


@dataclass
class Rule:
    """One fault: which requests it hits, and what happens to them.

    A request fits when `method`, `path` (a regular expression, searched) and `containing` (in the
    body) do. Of the fitting requests those are hit whose place is in `nth` (from 1) or a multiple
    of `every`, or that are drawn with `probability`, or that come beyond `per_second`; without any
    of these all are. `times` is the most hits.

    status: answers `status`, with Retry-After when `retry_after` (seconds) is given
    rate_limited: the vendor's own way to say so
    timeout: silence for `seconds`, then the connection closes
    reset: a TCP reset
    slow: answers as usual after `seconds`
    partial: rows that contain `rows_containing`, or a share `rows_fraction`, are refused

    With `applied` a status, timeout or reset comes after the work was done and committed: an
    answer that got lost.
    """

    kind: str
    path: str = ""
    method: str = ""
    containing: str = ""
    nth: list[int] = field(default_factory=list)
    every: int = 0
    probability: float | None = None
    per_second: float = 0.0
    times: int | None = None
    seed: int = 0
    status: int = 500
    retry_after: float | None = None
    seconds: float = 30.0
    applied: bool = False
    rows_containing: str = ""
    rows_fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"fault kind {self.kind!r} is unknown: use one of {', '.join(KINDS)}")
        self._pattern = re.compile(self.path)
        self._random = random.Random(self.seed)
        self._recent: list[float] = []
        self.seen = 0
        self.hits = 0

    def hits_request(self, method: str, path: str, body: bytes) -> bool:
        """Count a fitting request and say whether it is hit."""
        fits = self.method in ("", method) and self._pattern.search(path) is not None
        if not fits or self.containing.encode() not in body:
            return False
        self.seen += 1
        is_hit = (self.times is None or self.hits < self.times) and self._is_due()
        self.hits += is_hit
        return is_hit

    def _is_due(self) -> bool:
        if self.per_second:
            moment = time.monotonic()
            self._recent = [one for one in self._recent if one > moment - 1.0]
            is_over = len(self._recent) >= self.per_second
            if not is_over:
                self._recent.append(moment)
            return is_over
        if self.nth or self.every:
            return self.seen in self.nth or (self.every > 0 and self.seen % self.every == 0)
        return self.probability is None or self._random.random() < self.probability

    def refuses(self, row: Any) -> bool:
        """Whether a partial failure hits this row; the same row always gets the same answer."""
        text = json.dumps(row, sort_keys=True, ensure_ascii=False)
        if self.rows_containing:
            return self.rows_containing in text
        return zlib.crc32(f"{self.seed}:{text}".encode()) / 2**32 < self.rows_fraction


def parse(rules: Iterable[dict[str, Any]]) -> list[Rule]:
    """Rules from JSON objects.

    Raises:
        ValueError: a kind or field is unknown; the message lists the known ones.

    """
    known = [one.name for one in fields(Rule)]
    parsed = []
    for rule in rules:
        if unknown := sorted(set(rule) - set(known)):
            raise ValueError(f"fault fields {unknown} are unknown: use {', '.join(known)}")
        if "kind" not in rule:
            raise ValueError(f"a fault needs a kind: one of {', '.join(KINDS)}")
        parsed.append(Rule(**rule))
    return parsed


class Faults:
    """The rules in force; the first that hits a request decides, all of them count it."""

    def __init__(self, rules: Iterable[dict[str, Any]] = ()) -> None:
        self._lock = threading.Lock()
        self._rules = parse(rules)

    def add(self, rules: Iterable[dict[str, Any]]) -> None:
        """Put more rules in force."""
        added = parse(rules)
        with self._lock:
            self._rules.extend(added)

    def clear(self) -> None:
        """Lift every rule."""
        with self._lock:
            self._rules.clear()

    def report(self) -> list[dict[str, Any]]:
        """Each rule with how many requests it fitted and hit."""
        with self._lock:
            return [
                {"kind": r.kind, "path": r.path, "seen": r.seen, "hits": r.hits}
                for r in self._rules
            ]

    def pick(self, method: str, path: str, body: bytes) -> Rule | None:
        """The rule that hits this request, if any."""
        with self._lock:
            hit = [rule for rule in self._rules if rule.hits_request(method, path, body)]
        return hit[0] if hit else None
