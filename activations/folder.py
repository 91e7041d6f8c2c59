"""Carries requests to a folder: PUT writes a file whole or not at all, GET says whether the folder can be written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
from typing_extensions import override

from activations.transport import Transport, answer


class FolderAdapter(Transport):
    """For `file://` addresses."""

    @override
    def carry(self, request: requests.PreparedRequest, timeout: Any) -> requests.Response:
        """Write the file whole, or say why not."""
        path = Path(unquote(urlsplit(str(request.url)).path))
        try:
            if request.method == "GET":
                is_good = path.is_dir() and os.access(path, os.W_OK)
                words = {"message": "there" if is_good else "it is no folder that can be written"}
                return answer(request, 200 if is_good else 403, words)
            body = request.body if isinstance(request.body, bytes) else b""
            write_whole(path, body)
        except PermissionError:
            return answer(request, 403, {"message": "the folder cannot be written"})
        except OSError as error:
            return answer(
                request, 503, {"message": f"the file cannot be written: {error.strerror}"}
            )
        return answer(request, 201, {"bytes": len(body)})


def write_whole(path: Path, body: bytes) -> None:
    """Readers see the whole file or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
