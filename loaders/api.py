"""One vendor's REST API over dlt's client: paced, retried, JSON objects only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from dlt.sources.helpers.rest_client.client import RESTClient

from loaders.pace import Gate
from loaders.session import PacedSession


class Api:
    """Reads below `url` with a token in the header `Api-Token`, at most `per_second` requests for all processes."""

    def __init__(self, name: str, url: str, token: str, gate: Path, per_second: float) -> None:
        self._session = PacedSession(name, Gate(gate, per_second))
        auth = APIKeyAuth(name="Api-Token", api_key=token, location="header")
        self._client = RESTClient(base_url=url, auth=auth, session=self._session)
        self.total = 0

    def __enter__(self) -> Api:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session.close()

    @property
    def requests(self) -> int:
        """How many were sent, repeats included."""
        return self._session.requests

    def rows(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]] | None:
        """The objects that a listing answers with under its own name; None when the path leads to nothing (404).

        Raises LoaderError.
        """
        response = self._client.get(path, params=dict(params))
        if response.status_code == 404:
            return None
        body = response.json()
        total = str((body.get("meta") or {}).get("total") or 0)
        self.total = int(total) if total.isdigit() else 0
        return [row for row in body.get(path.rpartition("/")[2]) or [] if isinstance(row, dict)]
