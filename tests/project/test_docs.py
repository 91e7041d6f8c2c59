"""Documentation that cannot rot: links resolve, targets and commands exist and are named, guides stay short."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PAGES = sorted(
    path
    for path in [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "examples").rglob("*.md"),
        *(ROOT / "benchmarks").glob("*.md"),
    ]
    if ".venv" not in path.parts
)


def text_of(path: Path) -> str:
    """A page's text."""
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_relative_links_resolve(page: Path) -> None:
    """A link to a page that is not there is a promise broken."""
    broken = [
        target
        for target in LINK.findall(text_of(page))
        if "://" not in target and not (page.parent / target).exists()
    ]

    assert broken == []


def test_readme_and_guides_stay_short() -> None:
    """200 lines for the README, 80 for a guide."""
    assert len(text_of(ROOT / "README.md").splitlines()) <= 200
    long = [
        path.name
        for path in (ROOT / "docs" / "guides").glob("*.md")
        if len(text_of(path).splitlines()) > 80
    ]
    assert long == []


def test_make_targets_are_documented_and_documented_targets_exist() -> None:
    """What `make` prints and what the pages say is the same list."""
    makefile = text_of(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z][a-z-]*):.*##", makefile, flags=re.MULTILINE))
    words = "\n".join(text_of(page) for page in PAGES)
    named = set(re.findall(r"(?:`|^|\s)make ([a-z][a-z-]*)", words, flags=re.MULTILINE))

    assert named - targets <= {"that", "it", "them", "sure"}
    assert targets - named - {"help"} == set()


def test_decisions_are_numbered_without_gaps() -> None:
    """One page per decision, in order."""
    numbers = [int(path.name[:4]) for path in sorted((ROOT / "docs" / "decisions").glob("*.md"))]

    assert numbers == list(range(1, len(numbers) + 1))


def test_every_command_is_in_the_reference() -> None:
    """The command line's page names every subcommand."""
    import click
    import typer

    from cli.main import app

    group = typer.main.get_command(app)
    names = group.list_commands(click.Context(group))  # type: ignore[attr-defined]
    page = text_of(ROOT / "docs" / "reference" / "cli.md")
    context = click.Context(group)
    told = [group.get_command(context, name).name for name in names]  # type: ignore[attr-defined]

    missing = [name for name in names if f"## millrace {name}" not in page]
    assert told == names
    assert {"journey", "outbox", "run"} <= set(names)
    assert missing == []


def test_every_top_level_folder_is_in_the_readme() -> None:
    """A newcomer finds each folder named where they look first."""
    folders = {
        path.name
        for path in ROOT.iterdir()
        if path.is_dir()
        and not path.name.startswith(".")
        and path.name not in {"data", "logs", "build"}
        and not path.name.endswith(".egg-info")
        and path.name != "__pycache__"
    }
    readme = text_of(ROOT / "README.md")

    assert {name for name in folders if f"{name}/" not in readme} <= {"tests", "benchmarks"}


def test_every_machine_rule_is_documented() -> None:
    """The page names each rule of the list, in its order, with what such an event counts as."""
    macro = text_of(ROOT / "dbt_project" / "macros" / "machine_rules.sql")
    page = text_of(ROOT / "docs" / "concepts" / "machine-events.md").split("## Not applied")[0]
    rules = re.findall(r"'rule': '([^']+)', 'made_by': '([^']+)'", macro)
    rows = re.findall(r"^\| (M[^ ]+) \| [^|]+ \| ([a-z]+) \|", page, flags=re.MULTILINE)

    assert rules
    assert rows == rules
