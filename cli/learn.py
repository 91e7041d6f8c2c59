"""`millrace learn`: asks whether a column of any file or table can be told from the others, and prints the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from cli import tables
from ml import plots
from ml.errors import ModelError
from ml.learner import Learned, learn
from warehouse.connection import connect
from warehouse.dialect import ident
from warehouse.errors import WarehouseError
from warehouse.relations import has_table
from warehouse.settings import Settings

FIGURES = ("log_loss", "auc", "brier", "ece", "ece_floor")
ROUNDS = 4


@dataclass(frozen=True)
class Question:
    """What `learn` is asked; see its options."""

    label: str
    entity: str | None = None
    time: str | None = None
    known: str | None = None
    horizon_days: float = 0.0
    ignore: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    positive: str | None = None
    seed: int = 7
    levels: tuple[tuple[str, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        levels = tuple(tuple(part.split(",")) for part in self.fallback)
        object.__setattr__(self, "levels", levels)


def read(settings: Settings, source: str) -> pl.DataFrame:
    """A file (CSV, TSV, JSON or Parquet, also gzipped) or a table of the warehouse, as `schema.table`.

    Raises ModelError when it is neither, or cannot be read.
    """
    path = Path(source)
    return tables.read(path) if path.exists() else _table(settings, source)


def _table(settings: Settings, source: str) -> pl.DataFrame:
    schema, _, table = source.partition(".")
    if not table or not settings.database.exists():
        raise ModelError(f"there is no file {source}, and no warehouse with such a table")
    with connect(settings) as con:
        if not has_table(con, schema, table):
            raise ModelError(f"there is no file {source}, and no table {source} in the warehouse")
        return pl.DataFrame(con.sql(f"select * from {ident(schema, table)}").to_arrow_table())


def run(
    settings: Settings,
    as_of: datetime,
    source: str,
    question: Question,
    out: Path | None,
    predict: str | None,
    console: Console,
) -> None:
    """Learn, print, and with `out` write pictures, the model's files and predictions of what has no label yet."""
    frame = read(settings, source)
    named = (question.label, question.entity, question.time, question.known)
    if twice := tables.repeated(frame) & set(named):
        names = ", ".join(sorted(twice))
        raise ModelError(f"{source} has more than one column {names}; rename all but one")
    model = learn(
        frame,
        label=question.label,
        entity=question.entity,
        time=question.time,
        known=question.known,
        horizon_days=question.horizon_days,
        ignore=question.ignore,
        fallback=question.levels,
        positive=question.positive,
        seed=question.seed,
        as_of=as_of,
    )
    show(model, console)
    if out is None:
        return
    asked = read(settings, predict) if predict else frame.filter(pl.col(question.label).is_null())
    for path in write(model, asked, out):
        console.print(f"wrote {path}", soft_wrap=True, highlight=False)


def show(model: Learned, console: Console) -> None:
    """The verdict first, then what it rests on."""
    style = "bold green" if model.is_promoted else "bold yellow"
    console.print(model.verdict, style=style, soft_wrap=True, highlight=False, markup=False)
    for line in model.warnings:
        console.print(f"warning: {line}", style="red", soft_wrap=True, highlight=False, markup=False)  # fmt: skip
    for line in model.notes:
        console.print(f"note: {line}", soft_wrap=True, highlight=False, markup=False)
    test = [metric for metric in model.metrics if metric.cohort == "test"]
    names = list(dict.fromkeys(m.candidate for m in test if m.metric == "log_loss"))
    if names:
        _candidates(model, names, console)
        _reliability(model, console)


def _candidates(model: Learned, names: list[str], console: Console) -> None:
    found = {(m.candidate, m.metric): m.value for m in model.metrics if m.cohort == "test"}
    rows = f"{found['served', 'rows']:,.0f} tested rows"
    table = Table(rows, title="candidates beside the simple things", title_justify="left")
    for figure in FIGURES:
        table.add_column(figure, justify="right")
    for name in names:
        cells = (found.get((name, figure)) for figure in FIGURES)
        table.add_row(name, *("-" if v is None else f"{v:.{ROUNDS}f}" for v in cells))
    console.print(table)


def _reliability(model: Learned, console: Console) -> None:
    table = Table("said", "happened", "rows", title="reliability of what is served", title_justify="left")  # fmt: skip
    for said, happened, rows in model.bins.select(
        "predicted_mean", "observed_rate", "row_count"
    ).iter_rows():
        table.add_row(f"{said:.1%}", f"{happened:.1%}", f"{rows:,}")
    console.print(table)


def write(model: Learned, asked: pl.DataFrame, out: Path) -> list[Path]:
    """The paths written: two pictures where something was tested, the model's files, predictions where asked."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WarehouseError(f"{out} cannot be made: {error}") from error
    files = {f"model/{name}": content for name, content in model.files().items()}
    if model.bins.height:
        files["reliability.png"] = plots.reliability(model.bins, "What was said, what happened")
        files["lift.png"] = plots.lift(model.lift, "Tenths of the rows, most likely first")
    if asked.height:
        files["predictions.csv"] = model.predict(asked).write_csv().encode()
    for name, content in files.items():
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_bytes(content)
    return [out / name for name in files]
