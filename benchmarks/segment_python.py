"""Sends calls with Segment's own Python SDK: python -m benchmarks.segment_python <url> <write key> <first> <count>."""

from __future__ import annotations

import json
import sys

from segment.analytics.client import Client


def send(url: str, key: str, first: int, count: int) -> int:
    """Send `count` calls numbered from `first`; returns how many batches or calls the SDK gave up on."""
    failed: list[str] = []
    client = Client(
        key,
        host=url,
        max_queue_size=count + 1000,
        max_retries=20,
        on_error=lambda error, batch: failed.append(f"{error}: {len(batch)}"),
        thread=2,
        gzip=True,
    )
    for number in range(first, first + count):
        # The queue drops what it has no room for, and says so only here.
        taken, _ = client.track(
            user_id=f"person-{number % 997}",
            anonymous_id=f"device-{number % 1009}",
            event="Product Viewed",
            properties={"number": number, "product_id": f"P{number % 50}"},
        )
        if not taken:
            failed.append("queue")
    client.shutdown()
    return len(failed)


if __name__ == "__main__":
    address, write_key, start, amount = sys.argv[1:5]
    print(json.dumps({"failed": send(address, write_key, int(start), int(amount))}))
