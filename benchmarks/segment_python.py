"""Sends calls with Segment's own Python SDK, and writes down which of them were acknowledged.

python -m benchmarks.segment_python <url> <write key> <first> <count> <file>: one acknowledged number a line.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from typing import BinaryIO

from requests import Response
from segment.analytics import request
from segment.analytics.client import Client


def send(url: str, key: str, first: int, count: int, acknowledged: BinaryIO) -> int:
    """Send `count` calls numbered from `first`; returns how many calls the SDK gave up on.

    What counts as acknowledged is what the answers say: the calls in the body of each request that got a 200. The SDK's
    threads write to one file, which only a file of bytes bears.
    """
    failed: list[int] = []

    def note(answer: Response, *_: object, **__: object) -> None:
        if answer.status_code == 200:
            batch = json.loads(gzip.decompress(answer.request.body))["batch"]
            numbers = "".join(f"{call['properties']['number']}\n" for call in batch)
            acknowledged.write(numbers.encode())

    # The SDK offers no word about success; its session tells every answer, and stays as it is.
    request._session.hooks["response"].append(note)
    client = Client(
        key,
        host=url,
        max_queue_size=count + 1000,
        max_retries=20,
        on_error=lambda _, batch: failed.append(len(batch)),
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
            failed.append(1)
    client.shutdown()
    return sum(failed)


if __name__ == "__main__":
    address, write_key, start, amount, path = sys.argv[1:6]
    with Path(path).open("wb") as out:
        print(json.dumps({"failed": send(address, write_key, int(start), int(amount), out)}))
