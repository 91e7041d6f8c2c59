"""All that the files say about messages: rules, templates and campaigns, each checked; what is wrong stops its own."""

from __future__ import annotations

from dataclasses import dataclass, field

from activations.errors import DefinitionError
from activations.outbox.campaign import Campaign, load_campaigns
from activations.outbox.check import check
from activations.outbox.rules import Rules
from activations.outbox.rules import load as load_rules
from activations.outbox.template import Message, load_messages
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@dataclass(frozen=True)
class Definitions:
    """All that the files say about messages."""

    rules: Rules
    messages: dict[str, Message]
    campaigns: list[Campaign]
    reads: dict[str, dict[str, str]] = field(default_factory=dict)
    """Relations by name, by message."""
    broken: dict[str, str] = field(default_factory=dict)
    """What is wrong with files that cannot be used, by name."""

    def message(self, name: str) -> Message:
        """One message; raises DefinitionError."""
        if name not in self.messages:
            known = ", ".join(self.messages) or "none"
            raise DefinitionError(
                self.broken.get(name) or f"there is no message {name!r}; there are {known}"
            )
        return self.messages[name]

    def campaign(self, name: str) -> Campaign:
        """One campaign; raises DefinitionError."""
        for one in self.campaigns:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.campaigns) or "none"
        raise DefinitionError(
            self.broken.get(name) or f"there is no campaign {name!r}; there are {known}"
        )


def definitions(settings: Settings, manifest: Manifest) -> Definitions:
    """Read and check every file. What is wrong with one stops that one; wrong rules raise DefinitionError."""
    models = settings.project / "models"
    messages, broken = load_messages(models / "messages")
    for name, message in list(messages.items()):
        try:
            check(settings, message, manifest)
        except DefinitionError as error:
            broken[name] = str(error)
            del messages[name]
    campaigns, lost = load_campaigns(models / "campaigns", messages, manifest)
    relations = {
        name: {key: manifest.models[model].relation for key, model in message.reads.items()}
        for name, message in messages.items()
    }
    return Definitions(
        load_rules(models / "messages"), messages, campaigns, relations, {**broken, **lost}
    )
