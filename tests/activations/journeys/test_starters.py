"""The starter journeys: every message they send exists, is of the step's channel and purpose, and renders."""

from __future__ import annotations

from pathlib import Path

import pytest

from activations.journeys.graph import Graph
from activations.journeys.load import paths, read
from activations.outbox.render import Addressee, render
from activations.outbox.template import load_messages
from warehouse.settings import ROOT, load

MESSAGES, BROKEN = load_messages(ROOT / "models" / "messages")
FILES = paths(ROOT)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_a_journey_sends_can_be_sent(path: Path, tmp_path: Path) -> None:
    """Channel and purpose agree, and the words come out with a way to leave, with a name and without one."""
    journey, _ = read(path)
    assert BROKEN == {}
    settings = load(
        {
            "MILLRACE_HOME": str(tmp_path),
            "MILLRACE_COLLECTOR_SIGNING_KEY": "k" * 32,
            "MILLRACE_COLLECTOR_PUBLIC_URL": "https://events.shop.example",
        }
    )
    for vertex in Graph(journey).ordered():
        if vertex.kind != "send":
            continue
        message = MESSAGES[vertex.body.message]
        assert (message.channel, message.purpose) == (vertex.body.channel, vertex.body.purpose)
        for contact in (
            {"contact_id": "c1", "first_name": "Ada"},
            {"contact_id": "c2", "first_name": None},
        ):
            data = {name: contact.get(origin) for name, origin in vertex.body.variables.items()}
            who = Addressee("ada@mail.example", contact, data, source_name=journey.journey)
            done = render(settings, message, next(iter(message.variants), None), who)
            assert done.html and done.text and done.subject
            assert "first_name" not in done.html and "{{" not in done.html
            if message.purpose != "transactional":
                assert done.unsubscribe_url
                assert done.unsubscribe_url in done.html.replace("&amp;", "&")
