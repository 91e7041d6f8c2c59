"""Checks message definitions before anybody gets one: names that do not exist, markup that breaks, no way to leave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from activations.errors import DefinitionError
from activations.outbox.render import TRANSACTIONAL, Addressee, RenderError, parsed, render
from activations.outbox.template import ROOTS, Message, Variant
from warehouse.errors import WarehouseError
from warehouse.manifest import Manifest
from warehouse.settings import Settings

CONTACTS = "dim_contacts"
PLACE, KEY = "https://preview.invalid", "a key for previews only, it seals nothing"


def check(settings: Settings, message: Message, manifest: Manifest) -> None:
    """Raises DefinitionError naming file, line and fix; a message that passes can be rendered from its example."""
    columns = _columns(message, manifest)
    for variant in message.variants or (None,):
        names: set[str] = set()
        for place, text, escape in _texts(message, variant):
            names |= _check_names(message, place, text, escape, columns)
        if (
            message.channel == "email"
            and message.purpose != TRANSACTIONAL
            and "unsubscribe_url" not in names
        ):
            raise DefinitionError(
                f"{message.body_file(variant).name}: a {message.purpose} e-mail needs a visible way to leave: "
                "link to {{ unsubscribe_url }}"
            )
        try:
            render(without_secrets(settings), message, variant, sample(message, manifest))
        except (RenderError, WarehouseError) as error:
            raise DefinitionError(f"{message.path}: with its example: {error}") from error


def reads_of_data(message: Message) -> dict[str, str]:
    """The names below `data` that any variant of the message reads, and the file that reads each."""
    found: dict[str, str] = {}
    for variant in message.variants or (None,):
        for place, text, escape in _texts(message, variant):
            for use in parsed(message, place, text, escape).analyze().globals.get("data", ()):
                if len(use.segments) > 1 and isinstance(use.segments[1], str):
                    found.setdefault(use.segments[1], place)
    return found


def sample(message: Message, manifest: Manifest) -> Addressee:
    """Somebody of whom nothing is known, and the message's own example."""
    known = manifest.models.get(CONTACTS)
    contact = dict.fromkeys(known.columns if known else (), None)
    reads = {
        name: dict.fromkeys(manifest.models[model].columns) for name, model in message.reads.items()
    }
    address = "somebody@mail.example" if message.channel == "email" else "+15005550006"
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Addressee(address, contact, message.example, reads, "example", "example", now)


def without_secrets(settings: Settings) -> Settings:
    """The settings with a door and a key where the installation has none: links of previews lead nowhere."""
    return replace(
        settings,
        signing_keys=settings.signing_keys or (KEY,),
        public_url=settings.public_url or PLACE,
    )


def _texts(message: Message, variant: Variant | None) -> Iterable[tuple[str, str, bool]]:
    """Every Liquid text of the message: where it is, the text, and whether it is HTML."""
    body = message.body_file(variant)
    said = {
        "subject": (variant and variant.subject) or message.subject,
        "preheader": (variant and variant.preheader) or message.preheader,
        **{f"links.{name}": text for name, text in message.links.items()},
    }
    for key, text in said.items():
        if text:
            yield f"{message.name}.yml: {key}", text, key == "preheader"
    for path in (body, message.text_file()):
        if isinstance(path, Path):
            yield path.name, path.read_text(encoding="utf-8"), path.suffix != ".txt"


def _check_names(
    message: Message,
    place: str,
    text: str,
    escape: bool,
    columns: Mapping[str, frozenset[str] | None],
) -> set[str]:
    """The roots that a text uses; raises DefinitionError for one that does not exist, or a column that does not."""
    found = parsed(message, place, text, escape).analyze().globals
    for root, uses in found.items():
        if root not in ROOTS and root not in message.reads:
            raise DefinitionError(
                f"models/messages/{place}: there is no {root!r}; there are {', '.join(sorted(ROOTS))}"
                f"{', and under reads: ' + ', '.join(message.reads) if message.reads else ''}"
            )
        known = columns.get(root)
        for use in uses:
            name = use.segments[1] if len(use.segments) > 1 else None
            if known is not None and isinstance(name, str) and name not in known:
                line = text.count("\n", 0, use.span.index) + 1
                fix = (
                    "name it under example"
                    if root == "data"
                    else f"there are {', '.join(sorted(known))}"
                )
                raise DefinitionError(
                    f"models/messages/{place}: line {line}: there is no {root}.{name}; {fix}"
                )
    return set(found)


def _columns(message: Message, manifest: Manifest) -> dict[str, frozenset[str] | None]:
    """What each root holds; None where nobody can know."""
    contacts = manifest.models.get(CONTACTS)
    found: dict[str, frozenset[str] | None] = {
        "contact": frozenset(contacts.columns) if contacts else None,
        "data": frozenset(message.example),
        "message": frozenset({"name", "variant", "source"}),
    }
    for name, model in message.reads.items():
        if model not in manifest.models:
            raise DefinitionError(f"{message.path}: reads.{name}: there is no model {model!r}")
        if "contact_id" not in manifest.models[model].columns:
            raise DefinitionError(f"{message.path}: reads.{name}: {model} has no contact_id")
        found[name] = frozenset(manifest.models[model].columns)
    return found
