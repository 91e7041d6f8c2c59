"""A landing contract: the typed columns one source table promises, as declared beside its staging models."""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.errors import ContractError
from warehouse.manifest import Manifest, Source

TYPES = frozenset({"VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "JSON"})
ERASE = ("records", "keep")
SYSTEM_COLUMNS = {
    "_file_id": "VARCHAR",
    "_batch": "BIGINT",
    "_loaded_at": "TIMESTAMP",
    "_extra": "JSON",
}


@dataclass(frozen=True)
class Field:
    """One promised column: its name in the warehouse, its name in the file, its type."""

    name: str
    source_name: str
    data_type: str
    required: bool
    also: tuple[str, ...] = ()
    """Other spellings that a file with a header may have; the first that is there holds."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every name that the column may have in a header, the promised one first."""
        return (self.source_name, *self.also)


@dataclass(frozen=True)
class Contract:
    """What the files of one source table must look like.

    Of the columns in `any_of` at least one must be filled; `unwrap` are the keys that hold the records of a body.
    """

    source: str
    table: str
    schema: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    path: str
    any_of: tuple[str, ...] = ()
    unwrap: tuple[str, ...] = ()
    erase: str = "records"
    """Whether a row whose key names an erased person is a record about them and goes (`records`), or stays (`keep`)."""

    @property
    def label(self) -> str:
        """`<source>.<table>`, as people write it and as the landing folder spells it."""
        return f"{self.source}.{self.table}"

    @property
    def required(self) -> tuple[Field, ...]:
        """The columns that must be present and filled."""
        return tuple(field for field in self.fields if field.required)


def contracts(manifest: Manifest) -> dict[str, Contract]:
    """Every source table that declares `meta.landing`, by label.

    Raises ContractError naming the file when a declaration is impossible.
    """
    found = {
        f"{source.source}.{source.name}": _contract(source)
        for source in manifest.sources.values()
        if "landing" in source.meta
    }
    return dict(sorted(found.items()))


def spellings(name: str) -> tuple[str, ...]:
    """How other warehouses and older connectors write `property_event_id`: PROPERTY_EVENT_ID, PropertyEventId,

    propertyEventId, propertyeventid, and propertyevent_id where a renaming lost the first underscore.
    """
    words = [word for word in name.lower().split("_") if word]
    pascal = "".join(word[0].upper() + word[1:] for word in words)
    others = [name.lower(), name.upper()]
    # What begins with an underscore is the connector's own and keeps it.
    if words and not name.startswith("_"):
        squashed = "".join(words)
        joined = words[0] + "_".join(words[1:])
        others += [pascal, words[0] + pascal[len(words[0]) :], squashed, squashed.upper()]
        others += [joined, joined.upper()]
    return tuple(dict.fromkeys(other for other in others if other != name))


def _contract(source: Source) -> Contract:
    where = f"{source.path}: source {source.source}.{source.name}"
    landing = source.meta["landing"] or {}
    required = set(landing.get("required") or ())
    key = tuple(landing.get("key") or ())
    any_of = tuple(landing.get("any_of") or ())
    loose = bool(landing.get("any_spelling", False))
    fields = []
    for column in source.columns.values():
        data_type = column.data_type
        if data_type not in TYPES:
            raise ContractError(
                f"{where}, column {column.name}: data_type {data_type} is not one of "
                f"{', '.join(sorted(TYPES))}"
            )
        source_name = str(column.meta.get("from", column.name))
        fields.append(
            Field(
                name=column.name,
                source_name=source_name,
                data_type=data_type,
                required=column.name in required or bool(column.meta.get("required")),
                also=spellings(source_name) if loose else (),
            )
        )
    names = {field.name for field in fields}
    unknown = (required | set(key) | set(any_of)) - names
    if unknown:
        raise ContractError(
            f"{where}: key, required or any_of names unknown columns {sorted(unknown)}"
        )
    if not key or not (any_of or any(field.required for field in fields)):
        raise ContractError(
            f"{where}: declare a landing key, and at least one required column or any_of"
        )
    if any(name in SYSTEM_COLUMNS for name in names):
        raise ContractError(
            f"{where}: columns that begin with _ and {list(SYSTEM_COLUMNS)} are ours"
        )
    erase = str(landing.get("erase", "records"))
    if erase not in ERASE:
        raise ContractError(f"{where}: landing.erase {erase!r} is not one of {', '.join(ERASE)}")
    return Contract(
        source=source.source,
        table=source.name,
        schema=source.schema,
        fields=tuple(fields),
        key=key,
        path=source.path,
        any_of=any_of,
        unwrap=tuple(landing.get("unwrap") or ()),
        erase=erase,
    )
