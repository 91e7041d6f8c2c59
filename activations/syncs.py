"""Sync definitions as typed objects, read from the `meta` of the models in `models/syncs/`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from activations import destinations
from activations.alerts import Thresholds
from activations.connector import Target
from activations.errors import DefinitionError
from warehouse.manifest import Manifest, Model

Mode = Literal["upsert", "update", "mirror", "append"]
SUPPRESSED = "suppressed_reason"  # why a row must not be sent; null = it may
INTERNAL = frozenset({"contact_id", SUPPRESSED})  # never sent (unless it is the key)


class Guards(BaseModel):
    """What stops a plan: too few rows, too large a share of accepted rows updated or removed, a first run too large.

    `min_rows` is 1 unless said otherwise, and 0 for mode append: no message to send is a normal day.
    `max_first_rows` null = a first run of any size.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    min_rows: int | None = Field(default=None, ge=0)
    max_change_fraction: float = Field(default=1.0, gt=0, le=1)
    max_first_rows: int | None = Field(default=100_000, ge=1)


class Sync(BaseModel):
    """One model kept equal in one destination."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    path: str
    relation: str
    owner: str
    destination: str
    object: str
    key: str
    mode: Mode
    on_remove: str | None = None
    schedule: str | None = None
    guards: Guards = Guards()
    alerts: Thresholds = Thresholds()
    approval: bool = False
    canary: int | None = Field(default=None, ge=1)
    dry_run: bool = False
    budget_seconds: float = Field(default=900.0, gt=0)
    custom_fields: dict[str, str] = Field(default_factory=dict)
    internal: frozenset[str] = INTERNAL
    predictions: tuple[str, ...] = ()

    @property
    def min_rows(self) -> int:
        """The guard in force."""
        if self.guards.min_rows is None:
            return 0 if self.mode == "append" else 1
        return self.guards.min_rows

    @model_validator(mode="after")
    def _removal_is_said(self) -> Sync:
        if self.mode == "mirror" and not self.on_remove:
            raise ValueError("mode mirror needs on_remove: what removing a row means there")
        if self.mode != "mirror" and self.on_remove:
            raise ValueError(f"on_remove only goes with mode mirror, not {self.mode}")
        return self

    def target(self, columns: tuple[str, ...] = ()) -> Target:
        """What the connector is told."""
        return Target(
            object=self.object,
            key=self.key,
            mode=self.mode,
            on_remove=self.on_remove,
            custom_fields=self.custom_fields,
            columns=columns,
            sync=self.name,
        )


def load_syncs(manifest: Manifest) -> list[Sync]:
    """Every sync of the project, by name.

    Raises DefinitionError naming the file and the fix; also when two syncs write the same column of the same object.
    """
    syncs = [
        load_sync(model).model_copy(update={"predictions": predictions_of(model, manifest)})
        for model in manifest.in_folder("syncs")
    ]
    _refuse_overlap(syncs, manifest)
    return syncs


def predictions_of(model: Model, manifest: Manifest) -> tuple[str, ...]:
    """The prediction models whose words reach `model`, sorted."""
    by_id = {found.unique_id: found for found in manifest.models.values()}
    seen, waiting, names = set[str](), [model], set[str]()
    while waiting:
        found = waiting.pop()
        if found.unique_id not in seen:
            seen.add(found.unique_id)
            if declared := found.meta.get("prediction"):
                names.add(str(declared))
            waiting += [by_id[parent] for parent in found.depends_on if parent in by_id]
    return tuple(sorted(names))


def load_sync(model: Model) -> Sync:
    """One sync from its model; raises DefinitionError."""
    declared = model.meta.get("sync")
    if not isinstance(declared, dict):
        raise DefinitionError(
            f"{model.path}: add meta={{'sync': {{'destination': …}}}} to its config()"
        )
    custom = {
        c.name: str(c.meta["custom_field"])
        for c in model.columns.values()
        if c.meta.get("custom_field")
    }
    internal = {c.name for c in model.columns.values() if c.meta.get("internal")}
    fields = {
        **declared,
        "name": model.name,
        "path": model.path,
        "relation": model.relation,
        "owner": str(declared.get("owner", model.owner)),
        "custom_fields": custom,
        "internal": (INTERNAL | internal) - {str(declared.get("key"))},
    }
    try:
        sync = Sync.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "sync"
        raise DefinitionError(f"{model.path}: meta.sync.{where}: {first['msg']}") from error
    _check_destination(sync)
    if model.columns and sync.key not in model.columns:
        raise DefinitionError(
            f"{sync.path}: key {sync.key!r} is none of its columns ({', '.join(model.columns)})"
        )
    return sync


def _check_destination(sync: Sync) -> None:
    known = destinations.names()
    if sync.destination not in known:
        raise DefinitionError(
            f"{sync.path}: unknown destination {sync.destination!r}; there are {', '.join(known)}, "
            f"or add activations/destinations/{sync.destination}.py"
        )
    connector = destinations.connector(sync.destination)
    modes = connector.objects.get(sync.object)
    if modes is None:
        raise DefinitionError(
            f"{sync.path}: {sync.destination} takes {', '.join(connector.objects)}, not {sync.object!r}"
        )
    if sync.mode not in modes:
        raise DefinitionError(
            f"{sync.path}: {sync.destination} {sync.object} can be synced by {', '.join(sorted(modes))}, "
            f"not {sync.mode}"
        )
    if sync.on_remove and sync.on_remove not in connector.removals:
        raise DefinitionError(
            f"{sync.path}: on_remove may be {', '.join(sorted(connector.removals))}, not {sync.on_remove!r}"
        )


def _refuse_overlap(syncs: list[Sync], manifest: Manifest) -> None:
    """Two writers of one field undo each other for ever."""
    writers: dict[tuple[str, str, str], Sync] = {}
    for sync in syncs:
        separate = destinations.connector(sync.destination).separate
        if sync.mode == "append" or sync.object in separate:
            continue
        for column in manifest.models[sync.name].columns:
            if column == sync.key or column in sync.internal:
                continue
            place = (sync.destination, sync.object, column)
            if other := writers.get(place):
                raise DefinitionError(
                    f"{sync.path}: {other.path} writes {sync.destination} {sync.object}.{column} too; "
                    "leave the column to one of them"
                )
            writers[place] = sync
