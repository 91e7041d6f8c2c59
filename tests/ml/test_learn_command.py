"""`millrace learn`: a file or a table in, a verdict and what it rests on out; what is neither is said plainly."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from cli import learn
from ml.errors import ModelError
from tests.ml.synthetic import AS_OF, rows
from warehouse.connection import connect
from warehouse.settings import Settings

QUESTION = learn.Question(label="y", entity="id", time="at", horizon_days=14.0)


def told(settings: Settings, source: str, out: Path | None = None) -> str:
    console = Console(width=200, record=True)
    learn.run(settings, AS_OF, source, QUESTION, out, None, console)
    return console.export_text()


def test_a_table_and_a_file_of_the_same_rows_give_the_same_verdict(
    settings: Settings, tmp_path: Path
) -> None:
    """Candidates and reliability are printed; pictures and the model are written where a folder is named."""
    frame = rows(1500)
    path, out = tmp_path / "leads.parquet", tmp_path / "out"
    frame.write_parquet(path)
    with connect(settings) as con:
        con.execute("create schema sample")
        con.register("given", frame.to_arrow())
        con.execute("create table sample.leads as select * from given")

    by_table, by_file = told(settings, "sample.leads"), told(settings, str(path), out)

    assert by_file.startswith(by_table.rstrip())
    assert by_table.startswith("promoted: ")
    for words in ("candidates beside the simple things", "reliability of what"):
        assert words in by_table
    assert (out / "reliability.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "lift.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "model" / "model.json").exists()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("leads.csv", "there is no file leads.csv, and no table leads.csv in the warehouse"),
        ("leads", "there is no file leads, and no warehouse with such a table"),
    ],
)
def test_what_is_neither_file_nor_table_is_said(
    settings: Settings, source: str, words: str
) -> None:
    """In one sentence, not as a database's error."""
    with connect(settings):
        pass

    with pytest.raises(ModelError, match=words):
        told(settings, source)


def test_a_file_of_another_kind_is_said(settings: Settings, tmp_path: Path) -> None:
    """Nobody guesses what is in a spreadsheet."""
    path = tmp_path / "leads.xlsx"
    path.write_bytes(b"PK")

    with pytest.raises(ModelError, match="is no CSV, TSV, JSON lines or Parquet file"):
        told(settings, str(path))
