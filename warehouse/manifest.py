"""The dbt manifest as typed objects: the one registry of models, sources and what their `meta` declares."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from warehouse.dialect import ident
from warehouse.errors import ManifestError
from warehouse.settings import Settings

MEMBERSHIPS = "segment_memberships"
# Folders of models by which people and vendors act; reports and what only they read can wait.
DECIDING = ("scores", "segments", "syncs")
WORD = re.compile(r"[a-z_0-9]+")


@dataclass(frozen=True)
class Column:
    """One described column of a model or source table."""

    name: str
    data_type: str
    description: str
    meta: dict[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """One dbt model: where it lies, what it says of itself and what it reads.

    `checksum` moves with the model's own text and with that of every macro of the project that it calls.
    """

    name: str
    unique_id: str
    schema: str
    folder: str
    path: str
    description: str
    materialized: str
    checksum: str
    columns: dict[str, Column]
    meta: dict[str, Any]
    tags: tuple[str, ...]
    depends_on: tuple[str, ...]

    @property
    def owner(self) -> str:
        """Who answers for the model."""
        return str(self.meta.get("owner", "unowned"))

    @property
    def relation(self) -> str:
        """The quoted name to select from."""
        return ident(self.schema, self.name)


@dataclass(frozen=True)
class Source:
    """One declared source table and its landing contract, if it has one."""

    source: str
    name: str
    unique_id: str
    schema: str
    path: str
    description: str
    columns: dict[str, Column]
    meta: dict[str, Any]


@dataclass(frozen=True)
class Manifest:
    """Everything declared in `models/`, by unique name."""

    models: dict[str, Model]
    sources: dict[str, Source]
    seeds: dict[str, str] = field(default_factory=dict)
    """Checksum of each seed, by unique id."""
    tested_by: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The names of the models that each data or unit test looks at, by the test's unique id."""

    def in_folder(self, folder: str) -> list[Model]:
        """The models of one top-level folder of `models/`, by name."""
        found = [model for model in self.models.values() if model.folder == folder]
        return sorted(found, key=lambda model: model.name)

    def reads(self) -> dict[str, list[str]]:
        """The names of the models that each model reads directly, sorted, by its own name."""
        by_id = {model.unique_id: model.name for model in self.models.values()}
        return {
            model.name: sorted(by_id[parent] for parent in model.depends_on if parent in by_id)
            for model in self.models.values()
        }

    def with_inputs(self, names: Iterable[str]) -> list[str]:
        """`names` and all models that they read, directly or over others."""
        reads = self.reads()
        found: dict[str, None] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += reads[name]
        return list(found)

    def deciding(self) -> list[str]:
        """The names of what decides, the models of `DECIDING`, and of all that they read, directly or over others."""
        return sorted(
            self.with_inputs(name for name, one in self.models.items() if one.folder in DECIDING)
        )


def load_manifest(settings: Settings, *, refresh: bool = True) -> Manifest:
    """Read the manifest, parsing the project first when a definition is newer than it.

    Raises ManifestError when dbt cannot parse the project (the message is dbt's own).
    """
    path = settings.dbt_target / "manifest.json"
    if refresh and _stale(path, settings):
        made = path.with_name(f".{path.name}.{os.getpid()}")
        parse(settings).write(str(made))
        # Another process may be reading the old one.
        os.replace(made, path)
    if not path.exists():
        raise ManifestError(f"{path} is missing; it is written by the first `millrace run`")
    return read(path)


def parse(settings: Settings) -> Any:
    """Let dbt parse the project; returns dbt's own manifest.

    Needs no database. Raises ManifestError when dbt cannot parse the project (the message is dbt's own).
    """
    from dbt.cli.main import dbtRunner

    os.environ.setdefault("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
    with _any_warehouse(settings):
        outcome = dbtRunner().invoke(["parse", *options(settings)])
    if not outcome.success:
        raise ManifestError(f"dbt could not parse {settings.dbt_project}: {outcome.exception}")
    return outcome.result


@contextmanager
def _any_warehouse(settings: Settings) -> Iterator[None]:
    """Connection settings that are the same for every installation, without its folder and its memory.

    dbt keeps what it has parsed for one connection only, and would parse some thousand files anew for another.
    """
    kept = {
        name: os.environ.pop(name, None) for name in ("MILLRACE_WAREHOUSE", "MILLRACE_MEMORY_LIMIT")
    }
    os.environ["MILLRACE_WAREHOUSE"] = settings.database.name
    try:
        yield
    finally:
        del os.environ["MILLRACE_WAREHOUSE"]
        os.environ.update({name: value for name, value in kept.items() if value is not None})


def options(settings: Settings) -> list[str]:
    """What every call of dbt says: where the project lies, to be quiet and to write nothing down."""
    folder = str(settings.dbt_project)
    # Artifacts cost seconds to write, nobody reads them, and a reader of the manifest may meet half of one.
    quiet = ["--quiet", "--log-level-file", "none", "--no-write-json"]
    return [*quiet, "--project-dir", folder, "--profiles-dir", folder]


def read(path: Path) -> Manifest:
    """The manifest at `path` as typed objects; read once per process and state of the file."""
    found = path.stat()
    return _read(path, found.st_ino, found.st_mtime_ns, found.st_size)


@functools.lru_cache(maxsize=2)
def _read(path: Path, *_state: int) -> Manifest:
    raw = json.loads(path.read_text(encoding="utf-8"))
    macros = _macro_checksums(raw.get("macros", {}))
    models = {
        node["name"]: _model(node, macros)
        for node in raw["nodes"].values()
        if node["resource_type"] == "model"
    }
    if MEMBERSHIPS in models:
        models[MEMBERSHIPS] = _reading_all_segments(models)
    sources = {
        f"{node['source_name']}.{node['name']}": _source(node) for node in raw["sources"].values()
    }
    seeds = {
        node["unique_id"]: node["checksum"]["checksum"]
        for node in raw["nodes"].values()
        if node["resource_type"] == "seed"
    }
    names = {model.unique_id: model.name for model in models.values()}
    tests = [node for node in raw["nodes"].values() if node["resource_type"] == "test"]
    tested_by = {
        test["unique_id"]: tuple(names[p] for p in test["depends_on"]["nodes"] if p in names)
        for test in [*tests, *raw.get("unit_tests", {}).values()]
    }
    return Manifest(models=models, sources=sources, seeds=seeds, tested_by=tested_by)


def _reading_all_segments(models: dict[str, Model]) -> Model:
    """The membership model with every segment among its inputs: each records its members when it is built.

    dbt cannot know this, for no file may list the segments.
    """
    model = models[MEMBERSHIPS]
    segments = [other.unique_id for other in models.values() if "segment" in other.meta]
    return replace(model, depends_on=(*model.depends_on, *sorted(segments)))


def _macro_checksums(macros: dict[str, Any]) -> dict[str, str]:
    """A checksum of each macro of this project and of those that it calls, by name."""
    own = {uid: macro for uid, macro in macros.items() if not uid.startswith("macro.dbt")}

    def reached(uid: str, seen: set[str]) -> set[str]:
        if uid in own and uid not in seen:
            seen.add(uid)
            for called in own[uid]["depends_on"]["macros"]:
                reached(called, seen)
        return seen

    return {
        own[uid]["name"]: _digest(*(own[name]["macro_sql"] for name in sorted(reached(uid, set()))))
        for uid in own
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _model(node: dict[str, Any], macros: dict[str, str]) -> Model:
    config = node["config"]
    parts = Path(node["original_file_path"].replace("\\", "/")).parts
    return Model(
        name=node["name"],
        unique_id=node["unique_id"],
        schema=node["schema"],
        folder=parts[parts.index("models") + 1],
        path="/".join(parts[parts.index("models") :]),
        description=node.get("description") or _first_comment(node.get("raw_code", "")),
        materialized=config.get("materialized", "view"),
        checksum=_digest(
            node["checksum"]["checksum"],
            # By name in its text: what dbt records depends on whether it has parsed or built.
            *(macros[name] for name in sorted(set(WORD.findall(node["raw_code"])) & set(macros))),
        ),
        columns=_columns(node),
        meta=dict(config.get("meta") or {}),
        tags=tuple(config.get("tags") or ()),
        depends_on=tuple(node["depends_on"]["nodes"]),
    )


def _first_comment(code: str) -> str:
    """The sentence a model opens with, which describes it where no .yml does."""
    first = code.lstrip().split("\n", 1)[0]
    return first.removeprefix("--").strip() if first.startswith("--") else ""


def _source(node: dict[str, Any]) -> Source:
    parts = Path(node["original_file_path"].replace("\\", "/")).parts
    return Source(
        source=node["source_name"],
        name=node["name"],
        unique_id=node["unique_id"],
        schema=node["schema"],
        path="/".join(parts[parts.index("models") :]),
        description=node.get("description", ""),
        columns=_columns(node),
        meta=dict(node["config"].get("meta") or {}),
    )


def _columns(node: dict[str, Any]) -> dict[str, Column]:
    return {
        name: Column(
            name=name,
            data_type=str(column.get("data_type") or "varchar").upper(),
            description=column.get("description", ""),
            meta=dict((column.get("config") or {}).get("meta") or column.get("meta") or {}),
            tags=tuple((column.get("config") or {}).get("tags") or column.get("tags") or ()),
        )
        for name, column in node["columns"].items()
    }


def _stale(path: Path, settings: Settings) -> bool:
    if not path.exists():
        return True
    made = path.stat().st_mtime_ns
    folders = (settings.project / "models", settings.dbt_project / "macros")
    files = [settings.dbt_project / "dbt_project.yml"]
    for folder in folders:
        files.extend(folder.rglob("*"))
    return any(file.stat().st_mtime_ns > made for file in files)
