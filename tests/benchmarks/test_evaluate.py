"""The frame of `make evaluate`: data sets by presence, clear skips, bars that can be missed."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from benchmarks import evaluate, evaluation
from benchmarks.judged import Bar, Judged


def judged(auc: float) -> Judged:
    bars = (Bar("auc", ">=", 0.8),)
    return Judged("shop", "wins", "promoted", {"auc": auc}, {"constant": {"auc": 0.5}}, bars)


def needs(name: str) -> tuple[str, ...]:
    """What a data set's file says that it reads."""
    return tuple(importlib.import_module(f"{evaluation.__name__}.{name}").NEEDS)


@pytest.mark.parametrize("name", evaluate.names())
def test_every_file_says_what_it_reads_and_evaluates(name: str) -> None:
    module = importlib.import_module(f"{evaluation.__name__}.{name}")

    # A data set without needs is made on the spot.
    assert isinstance(module.NEEDS, tuple)
    assert all(isinstance(path, str) for path in module.NEEDS)
    assert callable(module.evaluate)


@pytest.mark.parametrize("name", [name for name in evaluate.names() if needs(name)])
def test_absent_data_are_skipped_with_the_path_that_is_absent(name: str, tmp_path: Path) -> None:
    module = importlib.import_module(f"{evaluation.__name__}.{name}")
    (one,) = evaluate.run(name, tmp_path)

    assert one["dataset"] == name
    assert module.NEEDS[0] in one["skipped"]


def test_a_bar_is_missed_from_the_wrong_side_and_where_the_figure_is_absent() -> None:
    assert judged(0.81).missed == []
    assert judged(0.79).missed == ["auc >= 0.8"]
    assert Judged("shop", "wins", "", {}, bars=(Bar("auc", ">=", 0.8),)).missed == ["auc >= 0.8"]


def test_one_data_set_leaves_the_objects_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "evaluation.json"
    path.write_text(json.dumps([{"dataset": "a", "auc": 1}, {"dataset": "b", "auc": 2}]))

    found = evaluate.merge([{"dataset": "a", "model": "wins", "auc": 3}], path)

    assert [(one["dataset"], one["auc"]) for one in found] == [("a", 3), ("b", 2)]
