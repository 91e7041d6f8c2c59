"""Journeys that must wait: they ask a score, or something made of one, whose distribution broke.

Who is inside stays where they are, and nobody enters; when the score is mended or accepted, the next tick goes on from
there. Nobody is moved by a word that the predictions' own watch does not believe.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import BaseModel

from activations.conditions.catalog import Catalog
from activations.conditions.language import ScoreIs, Sql
from activations.journeys.definition import Journey
from activations.journeys.running import Running


def waiting(running: Iterable[Running], catalog: Catalog) -> dict[str, str]:
    """The journeys that wait, and for what."""
    if not catalog.held:
        return {}
    found = {}
    for one in running:
        reasons = sorted({catalog.held[name] for name in asked(one.journey, catalog)})
        if reasons:
            found[one.journey.journey] = "; ".join(reasons)
    return found


def asked(journey: Journey, catalog: Catalog) -> set[str]:
    """The models held back that a journey's triggers, steps and exits ask."""
    return {name for node in _nodes(journey) for name in _models(node, catalog.held)}


def _models(node: BaseModel, held: Mapping[str, str]) -> Iterator[str]:
    if isinstance(node, ScoreIs):
        name = f"score_{node.score.partition('.')[0]}"
        yield from (name,) if name in held else ()
    elif isinstance(node, Sql):
        yield from (name for name in held if re.search(rf"\b{re.escape(name)}\b", node.sql))
    elif isinstance(segment := getattr(node, "segment", None), str) and segment in held:
        yield segment


def _nodes(value: object) -> Iterator[BaseModel]:
    """Every part of a definition, however deep."""
    if isinstance(value, BaseModel):
        yield value
        for name in type(value).model_fields:
            yield from _nodes(getattr(value, name))
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _nodes(one)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _nodes(one)
