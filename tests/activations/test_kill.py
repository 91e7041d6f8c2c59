"""Real processes, real HTTP, real kill -9: in the end the endpoint holds what the model says, and each message once."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("examples.shop.endpoints", reason="the sample shop is not here")
from benchmarks import storm
from benchmarks.prove_activations import PROMISED
from benchmarks.storm_parts import PARTS

ROWS = {"messages": 80, "deals": 900, "contacts": 1_500}
KILLS = {"messages": 6, "deals": 4, "contacts": 2}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_killed_runs_end_in_the_same_state(
    name: str, tmp_path: Path, ledger_url: str | None
) -> None:
    """Killed while it delivers, then left alone: nothing is lost, comes twice, or is in doubt without being listed."""
    figures = storm.weather(name, tmp_path, ROWS[name], KILLS[name], ledger_url or "")

    assert {promise: figures[promise] for promise in PROMISED} == dict.fromkeys(PROMISED, 0)
    hit = sum(figures[f"kills_{place}"] for place in storm.PLACES)
    assert figures["kills"] == hit > 0
    assert figures["kills_outside_delivery"] < hit


MODEL = {"+44": ("a",), "+45": ("b",)}


def test_the_proof_sees_what_it_promises_to_see() -> None:
    """A lost row, a changed one, a foreign one, a message that came twice and a doubt that nobody lists are counted."""
    part, both = PARTS["messages"], set(MODEL)

    def judge(
        held: dict[str, list[tuple[str, ...]]], accepted: set[str], listed: set[str]
    ) -> dict[str, float]:
        found = storm.verdict(part, MODEL, held, accepted, listed)
        return {name: value for name, value in found.items() if value}

    assert judge({"+44": [("a",)], "+45": [("b",)]}, both, set()) == {}
    assert judge({"+44": [("a",)]}, both, set()) == {"lost": 1}
    assert judge({"+44": [("a",)]}, {"+44"}, {"+45"}) == {}
    assert judge({"+44": [("a",)]}, {"+44"}, set()) == {"lost": 1, "in_doubt_unlisted": 1}
    assert judge({"+44": [("a",)], "+45": [("x",)]}, both, set()) == {"lost": 1}
    assert judge({"+44": [("a",)] * 2, "+45": [("b",)]}, both, set()) == {"duplicate_sends": 1}
    assert judge({"+44": [("a",)], "+45": [("b",)]}, {"+44"}, set()) == {"in_doubt_unlisted": 1}
    foreign = {"+44": [("a",)], "+45": [("b",)], "+46": [("c",)]}
    assert judge(foreign, {*both, "+46"}, set()) == {"foreign": 1}
