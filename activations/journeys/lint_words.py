"""Words of a journey that nobody keeps: variables not given, names that are no field, undelivered steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from activations import destinations
from activations.actions import parts
from activations.actions.rules import MOVE, Actions, unserved
from activations.actions.rules import load as load_actions
from activations.conditions.catalog import Catalog, suggestion
from activations.conditions.errors import Problem
from activations.journeys.definition import Journey
from activations.journeys.doing import Deal
from activations.journeys.graph import Graph, Vertex
from activations.journeys.steps import Send
from activations.outbox.check import reads_of_data
from activations.outbox.definitions import Definitions, definitions
from warehouse.manifest import Manifest
from warehouse.settings import Settings

ASKING = ("update", "deal", "task", "notify", "webhook")
TEXTS = ("name", "title", "text")


@dataclass(frozen=True)
class Said:
    """All that files say beside the journey's own: messages, and who takes what journeys ask for."""

    messages: Definitions
    actions: Actions

    @classmethod
    def of(cls, settings: Settings, manifest: Manifest) -> Said:
        """Read it. Raises DefinitionError for wrong rules."""
        return cls(definitions(settings, manifest), load_actions(settings.project))

    def lint(self, journey: Journey, catalog: Catalog) -> list[Problem]:
        """The findings, step by step; the journey is valid."""
        found: list[Problem] = []
        graph = Graph(journey)
        for vertex in graph.ordered():
            if isinstance(vertex.body, Send):
                found += self._message(vertex, vertex.body)
            elif vertex.kind in ASKING:
                found += self._asked(vertex, graph, catalog)
        return found

    def _message(self, vertex: Vertex, send: Send) -> Iterator[Problem]:
        path = (*vertex.path, "send", "message")
        if send.message in self.messages.broken:
            words = f"`{send.message}` cannot be sent: {self.messages.broken[send.message]}"
            yield Problem(path, words, "warning")
        message = self.messages.messages.get(send.message)
        if message is None:
            return
        if message.channel != send.channel:
            words = f"`{send.message}` is a message for {message.channel}, not {send.channel}"
            yield Problem(path, words, "warning")
        for name, place in sorted(reads_of_data(message).items()):
            if name not in send.variables:
                yield Problem(
                    path,
                    f"models/messages/{place} reads data.{name}, and `{vertex.id}` gives no variable of that name; "
                    f"add `{name}: <field>` under `variables`",
                    "warning",
                )
        if send.variants == "predictive" and len(message.variants) < 2:
            words = f"`{send.message}` has no variants to choose from"
            yield Problem((*vertex.path, "send", "variants"), words, "warning")

    def _moved(self, vertex: Vertex, deal: Deal, graph: Graph) -> Iterator[Problem]:
        """A move of what this journey does not make, where deals of others cannot be moved."""
        route = self.actions.route(deal.destination, "deal")
        made = any(
            isinstance(one.body, Deal)
            and not one.body.move
            and (one.body.pipeline, one.body.destination) == (deal.pipeline, deal.destination)
            for one in graph.ordered()
        )
        if route is not None and not made and MOVE not in destinations.connector(route.to).takes:
            words = f"{route.to} moves no deals but those of journeys, and no step here makes one in `{deal.pipeline}`"
            yield Problem((*vertex.path, "deal", "move"), words, "warning")

    def _asked(self, vertex: Vertex, graph: Graph, catalog: Catalog) -> Iterator[Problem]:
        path = (*vertex.path, vertex.kind)
        body = vertex.body.model_dump(mode="json", exclude_none=True)
        why = unserved(self.actions, vertex.kind, str(body.get("destination")), body)
        if why is not None:
            yield Problem(path, f"`{vertex.id}` is delivered by nobody: {why}", "warning")
        if isinstance(vertex.body, Deal) and vertex.body.move and why is None:
            yield from self._moved(vertex, vertex.body, graph)
        for key in TEXTS:
            for name in parts.holes(str(body.get(key) or "")):
                if not name.startswith("entry.") and name not in catalog.contacts.columns:
                    hint = suggestion(name, catalog.contacts.columns)
                    words = f"{{{name}}} is no field of the contact, and stays empty; {hint}"
                    yield Problem((*path, key), words, "warning")
