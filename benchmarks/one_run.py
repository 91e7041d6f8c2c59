"""One run of the benchmark's sync of deals, as a user starts it: a new process, told its home and the endpoint."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from activations import run
from benchmarks import audience
from benchmarks.shop import AS_OF, environ, settings


def main() -> None:
    """Plan, deliver and settle; prints the counts as JSON."""
    home, url = Path(sys.argv[1]), sys.argv[2]
    sync = audience.DEALS
    known = environ(home, url, rate_scale=100)
    result = run.run_sync(settings(home), audience.manifest(sync), sync, AS_OF, known)
    sys.stdout.write(json.dumps({**result.counts, "reason": result.reason}))


if __name__ == "__main__":
    main()
