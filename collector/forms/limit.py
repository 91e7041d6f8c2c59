"""How often one address may post: a bucket for each that fills again with time; in memory, for each process its own."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable

MOST_KNOWN = 100_000
# Whoever has one IPv6 address has all of its /64.
IPV6_PREFIX = 64


class Limit:
    """`per_minute` posts from one address, at once or spread."""

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self.per_minute, self.now = per_minute, now
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, address: str) -> int:
        """Seconds that the address has to wait; 0 when it may post now, which is then counted."""
        who, now = _who(address), self.now()
        left, seen = self._buckets.get(who, (float(self.per_minute), now))
        left = min(self.per_minute, left + (now - seen) * self.per_minute / 60)
        if left < 1:
            return math.ceil((1 - left) * 60 / self.per_minute)
        self._buckets[who] = (left - 1, now)
        if len(self._buckets) > MOST_KNOWN:
            self._forget(now)
        return 0

    def _forget(self, now: float) -> None:
        """Drop the buckets that are full again, and the oldest half when most are not."""
        self._buckets = {k: v for k, v in self._buckets.items() if now - v[1] < 60}
        if len(self._buckets) > MOST_KNOWN:
            newest = sorted(self._buckets.items(), key=lambda pair: pair[1][1])
            self._buckets = dict(newest[len(newest) // 2 :])


def _who(address: str) -> str:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
