"""The lint of words: what a message reads and no step gives, names that are no field, and what nobody delivers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from activations.actions.rules import Actions
from activations.journeys.lint_words import Said
from activations.journeys.load import parse
from activations.journeys.validate import validate
from activations.outbox.definitions import Definitions
from activations.outbox.rules import Rules
from activations.outbox.template import load_messages
from tests.activations.journeys.world import World

ROUTES = {"places": {"crm": {"task": {"to": "hubspot"}}, "slack": {"notify": {"to": "slack"}}}}
JOURNEY = """
journey: j
description: For the lint.
owner: growth
entry: {trigger: {event: start}}
steps:
"""


def findings(
    world: World,
    folder: Path,
    steps: str,
    body: str = "Hello {{ data.cart }}",
    routes: dict[str, Any] | None = None,
) -> list[str]:
    """What the lint says of these steps, with one text message `hello`."""
    (folder / "hello.yml").write_text("channel: sms\npurpose: marketing\nexample: {cart: 1}\n")
    (folder / "hello.txt").write_text(body)
    routed = {"places": routes} if routes else ROUTES
    messages, broken = load_messages(folder)
    said = Said(Definitions(Rules(), messages, [], {}, broken), Actions.model_validate(routed))
    journey, source = parse(JOURNEY + steps, "j.yml")
    return [source.tell(one) for one in said.lint(journey, world.catalog)]


def test_a_variable_that_the_message_reads_and_the_step_does_not_give_is_named(
    world: World, tmp_path: Path
) -> None:
    """With the place in the template; one that is given is no finding."""
    send = "  - send: {id: s, channel: sms, message: hello}\n"
    (told,) = findings(world, tmp_path, send)

    assert told.startswith("j.yml:7: models/messages/hello.txt reads data.cart")
    assert (
        findings(world, tmp_path, send.replace("hello}", "hello, variables: {cart: points}}")) == []
    )
    assert findings(world, tmp_path, send, body="Hello") == []


def test_a_message_of_another_channel_and_variants_that_are_none_are_named(
    world: World, tmp_path: Path
) -> None:
    """Both would only show when somebody is about to get it."""
    told = findings(
        world,
        tmp_path,
        "  - send: {id: s, channel: email, message: hello, variants: predictive}\n",
        body="Hi",
    )

    assert len(told) == 2
    assert "is a message for sms, not email" in told[0]
    assert "no variants" in told[1]


def test_what_nobody_delivers_and_names_that_are_no_field_are_named(
    world: World, tmp_path: Path
) -> None:
    """A deal without a route; a hole in a text that would stay empty, with what was meant."""
    told = findings(
        world,
        tmp_path,
        """  - task: {id: t, title: "Call {first_nam} of {entry.shop}"}
  - deal: {id: d, pipeline: sales, stage: new}
  - notify: {id: n, to: "#x", text: "{first_name}"}
""",
    )

    assert len(told) == 3
    assert "{first_nam} is no field" in told[0]
    assert "first_name" in told[0].split("is no field")[1]
    assert "places.crm.deal" in told[1]
    assert "{last_name}" in told[2]


MOVE = "  - deal: {id: d, destination: hook, pipeline: sales, stage: won, move: true}\n"


def test_a_move_of_what_nobody_can_move_and_words_that_a_move_does_not_take_are_named(
    world: World, tmp_path: Path
) -> None:
    """A webhook knows no deals of others; where a step makes one, or the CRM can move its own, there is no finding."""
    hook = {"deal": {"to": "webhook"}}
    makes = "  - deal: {id: m, destination: hook, pipeline: sales, stage: new, name: x}\n"
    plain = MOVE.replace("move: true", "move: true, name: x")
    (told,) = findings(world, tmp_path, plain, routes={"hook": hook})

    assert "moves no deals but those of journeys" in told
    assert findings(world, tmp_path, makes + plain, routes={"hook": hook}) == []
    crm = {"hook": {"deal": {"to": "pipedrive"}}}
    assert findings(world, tmp_path, plain, routes=crm) == []

    wrong = MOVE.replace("move: true", "move: true, owner: ann, amount: 5.0")
    journey, source = parse(JOURNEY + wrong, "j.yml")
    assert [source.tell(one) for one in validate(journey, world.catalog)] == [
        f"j.yml:7: a move changes the stage of a deal that is there, and no more; leave `{name}` out"
        for name in ("amount", "owner")
    ]
