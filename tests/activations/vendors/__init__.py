"""One scripted server for each file of `activations/destinations/`, found by presence."""

from __future__ import annotations

import importlib
import pkgutil

from tests.activations.scripted import Kind


def names() -> list[str]:
    """The destinations that have a stand-in; a `_` module is what several share."""
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return sorted(name for name in found if not name.startswith("_"))


def kinds() -> dict[str, Kind]:
    """Every kind by name: a destination's first is called after it, each other one `<destination>.<object>`."""
    found: dict[str, Kind] = {}
    for name in names():
        for place, kind in enumerate(importlib.import_module(f"{__name__}.{name}").KINDS):
            found[kind.name or (name if place == 0 else f"{name}.{kind.object}")] = kind
    return found
