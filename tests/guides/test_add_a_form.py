"""The guide to forms, followed as written: the file is a form, what it shows to post is taken, its links work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from collector.app import application
from collector.settings import read
from warehouse.settings import ROOT

GUIDE = (ROOT / "docs" / "guides" / "add-a-form.md").read_text(encoding="utf-8")
KEY = "k" * 32


def block(title: str) -> str:
    """The file that the guide shows under this name."""
    [found] = re.findall(rf"```\w+ title=\"{re.escape(title)}\"\n(.*?)```", GUIDE, re.DOTALL)
    return str(found)


def test_the_guide_followed_as_written_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "models/forms/tasting.yml"
    assert not (ROOT / name).exists()
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_text(block(name), encoding="utf-8")
    [(address, body)] = re.findall(r"(http://\S+/forms/tasting) \\\n\s+-d '([^']+)'", GUIDE)
    [script] = re.findall(r"<script src=\"([^\"]+)\"", GUIDE)
    monkeypatch.setenv("MILLRACE_COLLECTOR_SIGNING_KEY", KEY)
    links: dict[str, str] = {}
    exec(block("link.py"), links)  # the guide's own lines

    environ = {"MILLRACE_HOME": str(tmp_path), "MILLRACE_COLLECTOR_SIGNING_KEY": KEY}
    settings = read(environ, tmp_path / "models" / "forms")
    with TestClient(application(settings)) as client:
        page = client.get(f"{urlsplit(address).path}?campaign=spring")
        assert 'value="spring"' in page.text and "Come and taste" in page.text
        assert client.get(urlsplit(script).path).status_code == 200
        assert client.post(urlsplit(address).path, json=json.loads(body)).status_code == 200
        for link in ("confirm", "leave"):
            assert client.post(urlsplit(links[link]).path).status_code == 200
    landed = {path.parent.name for path in (settings.landing / "forms").rglob("collector-*")}
    assert landed == {"submissions", "confirmations", "preferences"}
