"""Semantic 4, the journeys' half: one message per (enrollment, step, visit); sending it once is the outbox's half."""

from __future__ import annotations

from tests.activations.journeys.world import World, at

JOURNEY = """
steps:
  - send: {id: hello, channel: email, message: hello}
  - wait: {id: w, for: 1 day}
  - if: {id: again, when: {field: points, lt: 3}}
    then:
      - go_to: {step: hello}
"""


def test_ticks_and_republication_propose_a_message_once(world: World) -> None:
    """Regression: engines that send and then record, or that queue under a random id, send again."""
    world.contacts("a", points=5)
    world.publish(JOURNEY)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    for minute in range(5):
        world.tick(at(0, f"10:0{minute}"))
    world.publish(
        JOURNEY + "description: Published again while the message waits.\n", at(0, "10:30")
    )
    world.tick(at(0, "11:00"))
    world.deliver(at(0, "11:00"))
    world.tick(at(0, "12:00"))

    assert world.sent() == ["hello"]
    assert world.query("select count(*) from activations.outbox") == [(1,)]


def test_a_loop_sends_once_per_visit(world: World) -> None:
    """A second visit is another message; a second tick is not."""
    world.contacts("a", points=0)
    world.publish(JOURNEY)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(2, "12:00"))

    assert world.query("select visit, count(*) from activations.outbox group by 1 order by 1") == [
        (1, 1),
        (2, 1),
        (3, 1),
    ]


def test_a_message_in_doubt_is_a_branch_and_never_sent_again(world: World) -> None:
    """`unknown` is what the journey reads; it goes on, and proposes nothing anew."""
    world.contacts("a", points=5)
    world.publish(JOURNEY)
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.tick(at(0, "10:00"))
    world.con.execute(
        "update activations.outbox set state = 'in_doubt', state_at = '2026-03-02 10:05:00'"
    )
    world.tick(at(0, "11:00"))

    assert world.path("a") == ["hello:unknown"]
    assert world.query("select count(*) from activations.outbox") == [(1,)]


def test_a_predictive_variant_is_left_to_the_outbox_and_nothing_else_is(world: World) -> None:
    """`variants: predictive` reaches the proposal; a step that says nothing leaves the weights to decide."""
    world.contacts("a", points=5)
    world.publish(
        """
steps:
  - send: {id: hello, channel: email, message: hello, variants: predictive}
  - send: {id: plain, channel: email, message: plain}
"""
    )
    world.tick(at(0))
    world.event("a", "start", at(0, "10:00"))
    world.live(at(0, "10:00"), at(2, "12:00"))

    assert world.query("select message, variants from activations.outbox order by 1") == [
        ("hello", "predictive"),
        ("plain", None),
    ]
