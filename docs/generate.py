"""Writes the reference pages from the code and the definitions, and checks that they still match (`--check`)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click
import typer

from activations import destinations
from activations.connector import Connector
from activations.journeys import load as journey_files
from activations.journeys.definition import Journey
from activations.journeys.diagram import mermaid
from activations.syncs import load_syncs
from cli.main import app
from ml import registry
from warehouse.contract import contracts
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import ROOT, load

FOLDER = ROOT / "docs" / "reference"
NOTE = "<!-- written by `make docs`; do not edit -->\n\n"


def pages() -> dict[str, str]:
    """Each reference page's text by file name."""
    manifest = load_manifest(load({}))
    return {
        "models.md": _models(manifest),
        "landing.md": _landing(manifest),
        "predictions.md": _predictions(),
        "syncs.md": _syncs(manifest),
        "destinations.md": _destinations(),
        "settings.md": _settings(),
        "cli.md": _cli(),
        "journey.schema.json": _journey_schema(),
        "journeys.md": _journeys(),
    }


def _models(manifest: Manifest) -> str:
    text = "# Models\n\nEvery dbt model, by layer; the first sentence says what one row is.\n"
    for folder in sorted({model.folder for model in manifest.models.values()}):
        text += f"\n## {folder}\n\n| model | one row is | owner |\n|---|---|---|\n"
        for model in manifest.in_folder(folder):
            first = " ".join(model.description.split()).split(". ")[0].rstrip(".")
            text += f"| `{model.name}` | {first} | {model.owner} |\n"
    return text


def _landing(manifest: Manifest) -> str:
    text = "# Landing contracts\n\nPut files into `landing/<source>/<table>/`: CSV, NDJSON or Parquet, plain or gzip.\n"
    for contract in contracts(manifest).values():
        text += f"\n## {contract.label}\n\nKey: {', '.join(contract.key)}. Declared in `{contract.path}`.\n\n"
        text += "| column | in the file | type | required |\n|---|---|---|---|\n"
        for field in contract.fields:
            mark = "yes" if field.required else ""
            text += f"| `{field.name}` | `{field.source_name}` | {field.data_type} | {mark} |\n"
    return text


def _predictions() -> str:
    text = "# Predictions\n\nOne file each in `ml/models/`.\n\n| model | question | reads |\n|---|---|---|\n"
    for name in registry.names():
        spec = registry.spec(name)
        reads = ", ".join(f"`{relation}`" for relation in spec.relations)
        text += f"| `{name}` | {spec.question} | {reads} |\n"
    return text


def _syncs(manifest: Manifest) -> str:
    text = "# Syncs\n\nWhat the connectors can do is on the page of [destinations](destinations.md).\n\n"
    text += "| sync | destination | object | key | mode | owner |\n|---|---|---|---|---|---|\n"
    for sync in load_syncs(manifest):
        text += f"| `{sync.name}` | {sync.destination} | {sync.object} | `{sync.key}` | {sync.mode} | {sync.owner} |\n"
    return text


def _destinations() -> str:
    """What each connector declares, and the pages that its facts come from, as its own text names them."""
    text = "# Destinations\n\nOne file each in `activations/destinations/`.\n\n"
    text += "| destination | objects (modes) | a request holds at most | requests | an answer that is lost |\n"
    text += "|---|---|---|---|---|\n"
    sources = "\n## Sources\n\n`read`: when the page was opened; `stated`: when the figure was taken from the "
    sources += "vendor's description or from notes on it. None was checked on a live account.\n\n"
    for name in destinations.names():
        found = destinations.connector(name)
        limits = found.limits
        text += f"| `{name}` | {_objects(found)} | {limits.max_rows:,} rows, {limits.max_bytes:,} bytes "
        text += f"| {_rates(found)} | {_lost(found)} |\n"
        words = " ".join((sys.modules[found.__module__].__doc__ or "").split())
        sources += f"- `{name}`: {words}\n"
    return text + sources


def _objects(found: type[Connector]) -> str:
    parts = [f"{thing} ({', '.join(sorted(modes))})" for thing, modes in found.objects.items()]
    removals = f"; removes by {', '.join(sorted(found.removals))}" if found.removals else ""
    return ", ".join(parts) + removals


def _rates(found: type[Connector]) -> str:
    parts = [
        f"{rate.count:,} in {rate.seconds:g} s" + (f" ({rate.name})" if rate.name else "")
        for rate in found.rates
    ]
    return ", ".join(parts) or "no rate stated"


def _lost(found: type[Connector]) -> str:
    if found.replay_safe:
        return "sent again"
    asks = found.reconcile is not Connector.reconcile
    return "looked up at the vendor, else in doubt" if asks else "in doubt, reported"


def _settings() -> str:
    """The settings page is .env.example, told as a table."""
    text = "# Settings\n\nRead from the environment when a process starts.\n\n| variable | meaning |\n|---|---|\n"
    meaning: list[str] = []
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            meaning.append(line.lstrip("# "))
        elif "=" in line:
            text += f"| `{line.split('=')[0]}` | {' '.join(meaning)} |\n"
            meaning = []
        else:
            meaning = []
    return text


def _journeys() -> str:
    """Every journey with its picture."""
    text = "# Journeys\n\nThe journeys of this installation, drawn from their files.\n"
    for path in journey_files.paths(ROOT):
        journey, _ = journey_files.read(path)
        text += (
            f"\n## {path.stem}\n\n{journey.description}\n\n```mermaid\n{mermaid.draw(journey)}```\n"
        )
    return text


def _journey_schema() -> str:
    """The grammar of a journey's file as JSON Schema, for editors and builders."""
    schema = Journey.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "A journey of Millrace: models/journeys/<name>.yml"
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _cli() -> str:
    text = "# Command line\n\n"
    group = typer.main.get_command(app)
    context = click.Context(group, info_name="millrace")
    for name in sorted(group.list_commands(context)):  # type: ignore[attr-defined]
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        inner = click.Context(command, info_name=name, parent=context)
        text += f"## millrace {name}\n\n{command.help}\n\n```\n{command.get_usage(inner)}\n```\n\n"
        for part, sub in sorted(getattr(command, "commands", {}).items()):
            usage = sub.get_usage(click.Context(sub, info_name=part, parent=inner))
            text += f"### millrace {name} {part}\n\n{sub.help}\n\n```\n{usage}\n```\n\n"
    return text.rstrip() + "\n"


def main() -> int:
    """Write the pages, or with `--check` only say which differ."""
    check = "--check" in sys.argv[1:]
    FOLDER.mkdir(parents=True, exist_ok=True)
    different = []
    for name, text in pages().items():
        path: Path = FOLDER / name
        wanted = (NOTE if name.endswith(".md") else "") + text
        if not path.exists() or path.read_text(encoding="utf-8") != wanted:
            different.append(name)
            if not check:
                path.write_text(wanted, encoding="utf-8")
    if check and different:
        sys.stderr.write(
            f"docs/reference is out of date: {', '.join(different)}; run `make docs`\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
