"""The messages and campaigns that we ship are in order: names, markup, a way to leave."""

from __future__ import annotations

from pathlib import Path

from activations.outbox.definitions import definitions
from warehouse.manifest import load_manifest
from warehouse.settings import load


def test_every_file_is_usable(tmp_path: Path) -> None:
    """What is broken would be named here."""
    settings = load({"MILLRACE_HOME": str(tmp_path)})

    defined = definitions(settings, load_manifest(settings))

    assert defined.broken == {}
    assert {campaign.message for campaign in defined.campaigns} <= set(defined.messages)
    assert any("*" in message.confirms for message in defined.messages.values())
    assert set(defined.rules.channels) == {"email", "sms"}
