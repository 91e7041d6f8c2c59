"""What people ask of prediction models: an overview, a card, and letting through what a watch holds back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ml import registry, watch
from ml.watch import Row
from warehouse.settings import Settings


def overview(settings: Settings, as_of: datetime) -> list[Row]:
    """One row per model: what serves, since when, why, and what its watches say."""
    return watch.overview(settings, as_of)


def card(settings: Settings, name: str, as_of: datetime) -> Path:
    """Write the model's card and its pictures; returns the page. Raises ModelError."""
    # Drawing needs matplotlib, which takes a second to load.
    from ml import card as cards

    return cards.write(settings, name, as_of)


def accept(settings: Settings, name: str, by: str) -> str | None:
    """Let the model's newest scores through; what was held, or None. Raises ModelError for an unknown model."""
    registry.spec(name)
    return watch.accept(settings, name, by)
