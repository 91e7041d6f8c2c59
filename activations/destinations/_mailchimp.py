"""Mailchimp's batch operations: many small requests sent as one job, whose results come as a gzipped tar archive.

Jobs: https://mailchimp.com/developer/marketing/guides/run-async-requests-batch-endpoint/
500 of an account may be pending: https://mailchimp.com/developer/release-notes/batch-api-limit-now-considers-pending-batch-webhooks/
The archive's address is good for ten minutes and new at each look at the job (all read 2026-11).
"""

from __future__ import annotations

import io
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from activations import answers
from activations.connector import Call, Request
from activations.errors import InDoubtError, RefusedError

BATCHES = "/3.0/batches"
FINISHED = "finished"


@dataclass(frozen=True)
class Operation:
    """One request within a job; `path` as if it were sent alone, `name` as the results will call it."""

    name: str
    method: str
    path: str
    body: Any = None

    def form(self) -> dict[str, Any]:
        """As the job takes it: the path below the version, the body as a text."""
        made = {"method": self.method, "path": self.path.removeprefix("/3.0")}
        made |= {"operation_id": self.name}
        return made if self.body is None else made | {"body": orjson.dumps(self.body).decode()}


@dataclass(frozen=True)
class Result:
    """What came of one operation: the status and body that it would have been answered with."""

    status: int
    body: dict[str, Any]


def results(call: Call, job: str) -> dict[str, Result] | None:
    """What came of each operation of a job, by name; None while it runs.

    Raises InDoubtError when the archive cannot be had whole: the job is as it was, and may be asked again.
    """
    for _ in range(2):  # an address that went stale meanwhile is given anew
        state = answers.body(call(Request("GET", f"{BATCHES}/{job}")))
        if state["status"] != FINISHED:
            return None
        if not state.get("response_body_url"):
            raise InDoubtError("mailchimp: a finished batch without the address of its results")
        try:
            archive = call(Request("GET", "", address=str(state["response_body_url"]))).content
        except RefusedError as error:
            refusal = error
            continue
        return dict(_read(archive))
    raise InDoubtError(f"mailchimp: {refusal}")


def _read(archive: bytes) -> Iterator[tuple[str, Result]]:
    """Every file of the archive is a list of results; nothing is unpacked to the disk."""
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:*") as files:
            for member in files:
                file = files.extractfile(member) if member.isfile() else None
                for one in orjson.loads(file.read()) if file else ():
                    yield str(one["operation_id"]), Result(int(one["status_code"]), _body(one))
    except (tarfile.TarError, EOFError, OSError, zlib.error, orjson.JSONDecodeError) as error:
        words = f"mailchimp: a batch's archive that cannot be read ({type(error).__name__})"
        raise InDoubtError(words) from error


def _body(one: dict[str, Any]) -> dict[str, Any]:
    """The answer of an operation, which is JSON in a text and empty where there is none."""
    text = one.get("response")
    value = orjson.loads(text) if text else None
    return value if isinstance(value, dict) else {}
