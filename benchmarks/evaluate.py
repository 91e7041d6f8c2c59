"""`make evaluate`: judges the models on the real data beside the project, against baselines computed in the same run.

Writes `out/evaluation.json`, a list with one object per data set and model (or the reason why a data set was skipped),
and ends with 1 when a bar is missed. `make evaluate NAME=maven_crm` runs one data set and leaves the others' objects.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

from rich.table import Table

from benchmarks import evaluation
from benchmarks.judged import Bar, Judged, tidy
from benchmarks.measure import OUT, console, timed

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


def names() -> list[str]:
    """The data sets: the files in benchmarks/evaluation."""
    return sorted(found.name for found in pkgutil.iter_modules(evaluation.__path__))


def missing(needs: tuple[str, ...], data: Path) -> str | None:
    """Why a data set cannot be read, or None."""
    absent = [path for path in needs if not (data / path).exists()]
    return f"skipped: ../shared/data/{', '.join(absent)} is not there" if absent else None


def run(name: str, data: Path = DATA) -> list[dict[str, Any]]:
    """The objects of one data set, printed as they come."""
    module = importlib.import_module(f"{evaluation.__name__}.{name}")
    reason = missing(module.NEEDS, data)
    if reason:
        console.print(f"{name}: {reason}")
        return [{"dataset": name, "skipped": reason}]
    found = []
    with timed() as clock:
        for judged in module.evaluate(data):
            show(judged)
            found.append(judged.as_dict())
    return [{**one, "seconds": tidy(clock.seconds)} for one in found]


def show(judged: Judged) -> None:
    """A model's figures over its baselines', with the bars beneath."""
    console.print(
        f"\n[bold]{judged.dataset}: {judged.model}[/bold]\n{judged.verdict}", soft_wrap=True
    )
    table = Table("")
    for figure in judged.figures:
        table.add_column(figure, justify="right")
    bars = {bar.figure: bar for bar in judged.bars}
    rows = {judged.model: judged.figures, **judged.baselines}
    for name, found in rows.items():
        table.add_row(name, *(_cell(found.get(figure)) for figure in judged.figures))
    if bars:
        table.add_section()
        table.add_row("bar", *(str(bars.get(figure, "-")) for figure in judged.figures))
        table.add_row("", *(_told(bars.get(figure), judged) for figure in judged.figures))
    console.print(table)


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{tidy(value):,}"


def _told(bar: Bar | None, judged: Judged) -> str:
    if bar is None:
        return ""
    return "met" if bar.met(judged.figures) else "[red]missed[/red]"


def merge(found: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """`found` with what `path` holds about other data sets."""
    here = {one["dataset"] for one in found}
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = [one for one in before if one["dataset"] not in here]
    return sorted(kept + found, key=lambda one: (one["dataset"], one.get("model", "")))


def main() -> int:
    """Every data set, or the one that NAME names; 1 when a bar is missed."""
    wanted = os.environ.get("NAME") or None
    if wanted is not None and wanted not in names():
        console.print(
            f"benchmarks/evaluation/{wanted}.py does not exist; there are: {', '.join(names())}"
        )
        return 2  # fmt: skip
    path = OUT / "evaluation.json"
    found = [one for name in names() if wanted in (None, name) for one in run(name)]
    every = merge(found, path) if wanted else found
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(every, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    missed = [f"{one['dataset']} {one['model']}: {bar}" for one in found for bar in one.get("missed", ())]  # fmt: skip
    for line in missed:
        console.print(f"[red]missed[/red] {line}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
