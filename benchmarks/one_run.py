"""One run of the benchmark's sync of deals, as a user starts it: a new process, told its home and the endpoint.

It imports what such a run imports and nothing of the sample shop's generator.
"""

from __future__ import annotations

import json
import os
import sys

from activations import run
from benchmarks import audience
from warehouse import clock
from warehouse.settings import load


def main() -> None:
    """Plan, deliver and settle by the environment's settings; prints the counts as JSON."""
    settings, sync = load(os.environ), audience.DEALS
    as_of = clock.as_of(settings)
    result = run.run_sync(settings, audience.manifest(sync), sync, as_of, os.environ)
    sys.stdout.write(json.dumps({**result.counts, "reason": result.reason}))


if __name__ == "__main__":
    main()
