"""A message as one contact would get it: rendered from what the warehouse knows of them, without sending anything."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from activations.errors import DefinitionError
from activations.outbox.check import sample, without_secrets
from activations.outbox.render import Addressee, Rendered, choose, render
from activations.outbox.segments import Size, measure
from activations.outbox.template import Message
from warehouse.manifest import Manifest
from warehouse.settings import Settings


@dataclass(frozen=True)
class Preview:
    """What they would get; `size` and `cost` are of a text message. `contact_id` is None for the example."""

    message: Message
    contact_id: str | None
    made: Rendered
    size: Size | None
    cost: float | None


def preview(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    manifest: Manifest,
    message: Message,
    who: str | None,
    *,
    variant: str | None = None,
    data: dict[str, Any] | None = None,
    price: float | None = None,
) -> Preview:
    """Render `message` for a contact (id or e-mail address), or from its example when `who` is None.

    `data` replaces the example's values. Raises DefinitionError when there is no such contact or variant, and
    RenderError when the text cannot be made.
    """
    if variant is not None and message.variant(variant) is None:
        names = ", ".join(one.name for one in message.variants) or "none"
        raise DefinitionError(f"{message.path}: there is no variant {variant!r}; there are {names}")
    known = sample(message, manifest)
    contact_id = None
    if who is not None:
        contact_id, known = _addressee(con, manifest, message, who, known)
    known = replace(known, data={**message.example, **(data or {})})
    chosen = message.variant(variant)
    if chosen is None:
        chosen, _ = choose(message, known.source_name, contact_id or known.address)
    made = render(without_secrets(settings), message, chosen, known)
    size = measure(made.text or "") if message.channel == "sms" else None
    cost = None if price is None else price * (size.segments if size else 1)
    return Preview(message, contact_id, made, size, cost)


def _addressee(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, message: Message, who: str, usual: Addressee
) -> tuple[str, Addressee]:
    found = con.execute(
        "select c.contact_id, c from marts.dim_contacts as c where c.contact_id = ? or c.email = lower(trim(?)) "
        "order by c.contact_id limit 1",
        [who, who],
    ).fetchall()
    if not found:
        raise DefinitionError(f"no contact has the id or the e-mail address {who!r}")
    contact_id, contact = found[0]
    reads = {name: _read(con, manifest, model, contact_id) for name, model in message.reads.items()}
    address = contact["email" if message.channel == "email" else "phone"] or usual.address
    return str(contact_id), replace(usual, address=address, contact=contact, reads=reads)


def _read(
    con: duckdb.DuckDBPyConnection, manifest: Manifest, model: str, contact_id: str
) -> dict[str, Any]:
    relation = manifest.models[model].relation
    rows = con.execute(
        f"select r from {relation} as r where r.contact_id = ? limit 1", [contact_id]
    ).fetchall()
    return rows[0][0] if rows else dict.fromkeys(manifest.models[model].columns)


def parse_data(text: str | None) -> dict[str, Any]:
    """A JSON object from the command line; raises DefinitionError."""
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise DefinitionError(f"--data is no JSON: {error}") from error
    if not isinstance(value, dict):
        raise DefinitionError("--data is no JSON object")
    return value
