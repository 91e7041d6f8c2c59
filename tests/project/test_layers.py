"""The house: which package may import which, which SQL layer may read which, and who may touch connection and clock."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import load

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("warehouse", "ml", "activations", "loaders", "orchestration", "collector", "cli")
OUTSIDE = {"tests", "examples", "benchmarks", "docs"}
MAY_READ = {
    "staging": {"staging"},
    "intermediate": {"staging", "intermediate"},
    "marts": {"staging", "intermediate", "marts"},
    "scores": {"staging", "intermediate", "marts", "scores"},
    "segments": {"staging", "intermediate", "marts", "scores", "segments"},
    "syncs": {"staging", "marts", "scores", "segments", "intermediate"},
    "reports": {"staging", "intermediate", "marts", "scores", "segments", "reports"},
}
# Written by the platform, not landed: models beyond staging may read them as sources.
PLATFORM_SOURCES = {"ml", "activations", "journeys", "millrace", "outbox"}


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The registry."""
    return load_manifest(load({}))


def python_files() -> list[Path]:
    """Every module of our packages."""
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def test_every_package_has_its_place_in_the_layers() -> None:
    """A new top-level package fails here until it is placed in the import-linter contract."""
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")} - OUTSIDE
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {name.strip() for layer in layers for name in layer.split("|")}

    assert folders == placed == set(PACKAGES)


def test_models_read_only_from_their_own_layer_or_below(manifest: Manifest) -> None:
    """Staging < intermediate < marts < scores, segments < syncs, reports; nothing reads a sync."""
    by_id = {model.unique_id: model for model in manifest.models.values()}
    wrong = [
        f"{model.path} reads {by_id[parent].path}"
        for model in manifest.models.values()
        for parent in model.depends_on
        if parent in by_id and by_id[parent].folder not in MAY_READ[model.folder]
    ]

    assert wrong == []


def test_only_staging_reads_landed_sources(manifest: Manifest) -> None:
    """Everything else reads sources only where the platform itself writes them."""
    sources = {source.unique_id: source for source in manifest.sources.values()}
    wrong = [
        f"{model.path} reads source {sources[parent].source}"
        for model in manifest.models.values()
        for parent in model.depends_on
        if parent in sources
        and model.folder != "staging"
        and sources[parent].source not in PLATFORM_SOURCES
    ]

    assert wrong == []


def calls(tree: ast.AST) -> set[str]:
    """Dotted names of everything that is called in a module."""
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def test_only_the_warehouse_opens_connections() -> None:
    """`duckdb.connect` stands in warehouse/connection.py and nowhere else."""
    users = [
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if "duckdb.connect" in calls(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert users == ["warehouse/connection.py"]


def test_only_the_clock_knows_the_time() -> None:
    """`datetime.now` and its kin stand in warehouse/clock.py; durations may use a monotonic clock."""
    forbidden = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "dt.datetime.now"}
    users = [
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if forbidden & calls(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert users == ["warehouse/clock.py"]


def test_nothing_reads_the_environment_at_import() -> None:
    """`os.environ` and `os.getenv` are used inside functions only."""
    wrong = []
    for path in python_files():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        wrong += [
            f"{path.relative_to(ROOT)}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and ast.unparse(node) in {"os.environ", "os.getenv"}
            and id(node) not in inside
        ]

    assert wrong == []


def test_every_module_opens_with_a_sentence() -> None:
    """The first line of a file says what it makes."""
    missing = [
        path.relative_to(ROOT).as_posix()
        for path in python_files()
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]

    assert missing == []


def test_a_start_of_the_command_line_loads_no_engine() -> None:
    """Groups of commands are read when they are asked for: help waits for no database and no solver."""
    heavy = (
        "duckdb",
        "pyarrow",
        "scipy",
        "sqlalchemy",
        "dagster",
        "activations.outbox",
        "activations.journeys",
    )
    code = f"import sys, cli.main; print([name for name in {heavy!r} if name in sys.modules])"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
