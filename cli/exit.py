"""Ends the process at once, after the exit handlers and with everything written out.

DuckDB's Python binding otherwise prints pages about objects that live until the interpreter is gone.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """Run what was registered for exit, flush, and end with `code`."""
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
