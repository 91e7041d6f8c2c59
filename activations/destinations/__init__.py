"""Finds connectors by presence: each module in this folder defines one; what several share is in a `_` module."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from activations.connector import Connector
from activations.errors import DefinitionError


def names() -> list[str]:
    """The destinations there are, by name."""
    return list(_names())


@cache
def _names() -> tuple[str, ...]:
    found = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in found if not name.startswith("_")))


@cache
def connector(name: str) -> type[Connector]:
    """The connector class of one destination; raises DefinitionError when there is none."""
    if name not in _names():
        raise DefinitionError(f"there is no destination {name!r}; there are {', '.join(names())}")
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Connector)
        and value.__module__ == module.__name__
    ]
    if len(found) != 1 or found[0].name != name:
        raise DefinitionError(
            f"activations/destinations/{name}.py must define one Connector named {name!r}"
        )
    return found[0]
