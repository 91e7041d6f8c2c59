"""A fresh warehouse for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.activations.journeys.world import World


@pytest.fixture
def world() -> Iterator[World]:
    """Nobody in it yet."""
    found = World()
    yield found
    found.con.close()
