"""The guides to messages and campaigns, followed as written: both files are in order and render what they say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from activations.outbox.campaign import load_campaign
from activations.outbox.check import check, sample, without_secrets
from activations.outbox.render import render
from activations.outbox.template import load_messages
from warehouse.manifest import load_manifest
from warehouse.settings import ROOT, load

GUIDES = ROOT / "docs" / "guides"


def block(guide: str, title: str) -> str:
    """The file that a guide shows under this name."""
    text = (GUIDES / guide).read_text(encoding="utf-8")
    [found] = re.findall(rf"```\w+ title=\"{re.escape(title)}\"\n(.*?)```", text, re.DOTALL)
    return str(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shop's messages and those of the guide."""
    made = tmp_path / "models" / "messages"
    made.mkdir(parents=True)
    for path in (ROOT / "models" / "messages").iterdir():
        (made / path.name).write_bytes(path.read_bytes())
    for name in ("wishlist_reminder.yml", "wishlist_reminder.mjml"):
        assert not (made / name).exists()
        words = block("add-a-message.md", f"models/messages/{name}")
        (made / name).write_text(words, encoding="utf-8")
    return made


def test_the_message_of_the_guide_says_what_it_says(folder: Path) -> None:
    """With its example, both variants."""
    settings = without_secrets(load({"MILLRACE_HOME": str(folder.parent)}))
    manifest = load_manifest(settings)
    messages, broken = load_messages(folder)
    assert broken == {}
    message = messages["wishlist_reminder"]

    check(settings, message, manifest)
    known = sample(message, manifest)
    plain, direct = (render(settings, message, variant, known) for variant in message.variants)

    assert plain.subject == "Hello, your wish list is waiting"
    assert direct.subject == "2 things on your wish list"
    assert "You wished for Lamp, Vase. Delivery is free." in str(plain.text)
    small = replace(known, data={"items": ["Chair"], "value": 3})
    assert "Delivery" not in str(render(settings, message, None, small).text)


def test_the_campaign_of_the_guide_is_in_order(folder: Path) -> None:
    """Its message and segments exist."""
    settings = load({"MILLRACE_HOME": str(folder.parent)})
    messages, _ = load_messages(folder)
    name = "models/campaigns/summer_letter.yml"
    assert not (ROOT / name).exists()
    path = folder.parent / "summer_letter.yml"
    path.write_text(block("add-a-campaign.md", name), encoding="utf-8")

    campaign = load_campaign(path, messages, load_manifest(settings))

    assert campaign.schedule.zone == "contact"
