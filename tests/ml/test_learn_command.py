"""`millrace learn`: a file or a table in, a verdict and what it rests on out; what is neither is said plainly."""

from __future__ import annotations

import gzip
from pathlib import Path

import polars as pl
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


def csv(change: str = "") -> str:
    """A small table as text, its header changed from `y` where said."""
    text = rows(300).write_csv()
    return text.replace("c,y", change, 1) if change else text


FILES = {
    "semicolons.csv": csv().replace(",", ";").encode(),
    "tabs.tsv": csv().replace(",", "\t").encode(),
    "utf16.csv": csv().encode("utf-16"),
    "mark.csv": ("\ufeff" + csv()).encode(),
    "spaces.csv": csv(" c , y ").encode(),
    "upper.CSV": csv().encode(),
    "packed.csv.gz": gzip.compress(csv().encode()),
    "array.json": rows(300).write_json().encode(),
    "lines.ndjson": rows(300).write_ndjson().encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_a_table_is_read_however_it_was_saved(
    name: str, settings: Settings, tmp_path: Path
) -> None:
    """By other separators, encodings and packings the same rows come out."""
    path = tmp_path / name
    path.write_bytes(FILES[name])
    found = learn.read(settings, str(path))

    assert found.columns == ["id", "at", "x", "noise", "c", "y"]
    assert found["x"].to_list() == pytest.approx(rows(300)["x"].to_list())
    assert found["y"].cast(pl.Boolean).to_list() == rows(300)["y"].to_list()


def test_words_for_nothing_are_nothing(settings: Settings, tmp_path: Path) -> None:
    """NULL in a label is a row without a label, not a third outcome."""
    path = tmp_path / "export.csv"
    path.write_text("y,x\ntrue,1\nNULL,NA\nfalse,\n", encoding="utf-8")

    assert learn.read(settings, str(path)).rows() == [(True, 1), (None, None), (False, None)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("long.csv", csv() + "1,2,3,4,5,6,7,8\n", "line 302 has 8 fields, the header 6"),
        ("twice.csv", csv("y,y"), "more than one column y; rename all but one"),
        ("empty.csv", "", "cannot be read: empty CSV"),
        ("cut.ndjson", '{"y": 1}\n{"y":', "cannot be read"),
        ("cut.parquet", "PAR1", "cannot be read"),
        ("cut.csv.gz", "nothing packed", "cannot be read"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_is_wrong_with_it(
    name: str, content: str, words: str, settings: Settings, tmp_path: Path
) -> None:
    """And where, as far as it can be known."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    with pytest.raises(ModelError, match=words):
        told(settings, str(path))
