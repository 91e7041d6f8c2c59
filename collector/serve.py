"""Starts the front door under uvicorn, in one process or several."""

from __future__ import annotations

import uvicorn
from starlette.applications import Starlette

from collector.app import application
from collector.forms.files import load_forms
from collector.settings import read


def create() -> Starlette:
    """The application of the installation that the environment names."""
    return application(read())


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop; a stop answers what is under way and publishes every spool file.

    Addresses are not logged, for some vendors can only carry a token there.
    """
    # Whatever is wrong is said once, before any process starts.
    load_forms(read().forms)
    uvicorn.run(
        "collector.serve:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=30,
        server_header=False,
    )
