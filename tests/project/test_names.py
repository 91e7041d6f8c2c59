"""Names carry layer, subject and grain; models open with a sentence, have an owner and describe every column."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import load

ROOT = Path(__file__).resolve().parents[2]
NAMES = {
    "staging": r"stg_[a-z0-9]+(_[a-z0-9]+)*__[a-z0-9_]+",
    "intermediate": r"int_[a-z0-9]+(_[a-z0-9]+)*__[a-z0-9_]+",
    "marts": r"(dim|fct)_[a-z0-9_]+",
    "scores": r"score_[a-z0-9_]+",
    "segments": r"seg_[a-z0-9_]+|segment_memberships",
    "syncs": r"sync_[a-z0-9]+_[a-z0-9_]+",
    "reports": r"rpt_[a-z0-9_]+",
}
LONGEST_SQL, LONGEST_PYTHON = 200, 400


@pytest.fixture(scope="module")
def manifest() -> Manifest:
    """The registry."""
    return load_manifest(load({}))


def test_model_names_say_their_layer(manifest: Manifest) -> None:
    """A model's name matches the rule of its folder."""
    wrong = [
        model.path
        for model in manifest.models.values()
        if not re.fullmatch(NAMES[model.folder], model.name)
    ]

    assert wrong == []


def test_models_open_with_one_sentence(manifest: Manifest) -> None:
    """The first line of the SQL is a comment that says what a row is."""
    wrong = [
        model.path
        for model in manifest.models.values()
        if not (ROOT / model.path).read_text(encoding="utf-8").lstrip().startswith(("-- ", "{#"))
    ]

    assert wrong == []


def test_every_model_has_an_owner_and_a_description(manifest: Manifest) -> None:
    """Somebody answers for each model, and says what it is."""
    wrong = [
        model.path
        for model in manifest.models.values()
        if model.owner == "unowned" or not model.description
    ]

    assert wrong == []


def test_every_published_column_is_described_and_typed(manifest: Manifest) -> None:
    """Marts, scores, segments, syncs and reports describe every column; a segment's are always the same three."""
    wrong = [
        f"{model.path}: {column.name}"
        for folder in ("marts", "scores", "segments", "syncs", "reports")
        for model in manifest.in_folder(folder)
        for column in model.columns.values()
        if not column.description
    ]
    empty = [
        model.path
        for folder in ("marts", "scores", "reports")
        for model in manifest.in_folder(folder)
        if not model.columns
    ]

    assert wrong == []
    assert empty == []


def test_every_report_belongs_to_a_dashboard(manifest: Manifest) -> None:
    """Exposures say who would miss a report; one that nobody names is either dead or forgotten."""
    raw = json.loads((load({}).dbt_target / "manifest.json").read_text(encoding="utf-8"))
    exposures = list(raw["exposures"].values())
    named = {parent for exposure in exposures for parent in exposure["depends_on"]["nodes"]}
    missing = [
        model.name for model in manifest.in_folder("reports") if model.unique_id not in named
    ]

    assert missing == []
    assert [exposure["name"] for exposure in exposures if not exposure["owner"].get("email")] == []


def test_files_stay_short() -> None:
    """The hard limits; the habit is less than half of them."""
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for folder, pattern, limit in (
            ("models", "*.sql", LONGEST_SQL),
            ("warehouse", "*.py", LONGEST_PYTHON),
            ("ml", "*.py", LONGEST_PYTHON),
            ("activations", "*.py", LONGEST_PYTHON),
            ("orchestration", "*.py", LONGEST_PYTHON),
            ("cli", "*.py", LONGEST_PYTHON),
        )
        for path in sorted((ROOT / folder).rglob(pattern))
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > limit
    ]

    assert long == []


def test_models_hold_no_python() -> None:
    """A .py file in `models/` would be read by dbt as a model."""
    assert list((ROOT / "models").rglob("*.py")) == []
