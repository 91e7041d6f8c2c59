"""SQL stays in the subset that both engines share: what differs between them is behind dispatched macros."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# Measured to fail or to differ in silence on the second engine.
FORBIDDEN = {
    "::": r"::",
    "hash()": r"(?<![a-z_])hash\(",
    "current_timestamp or now()": r"current_timestamp|(?<![a-z_])now\(\)",
    "sub-day datediff": r"datediff\([^)]*'(hour|minute|second)'",
    "pivot": r"(?<![a-z_])(un)?pivot(?![a-z_])",
    "asof join": r"asof join",
    "exclude or replace of *": r"\* (exclude|replace)",
    "epoch()": r"(?<![a-z_])epoch\(",
    "strftime or strptime": r"strf?p?time\(",
    "list functions": r"(?<![a-z_])list(_[a-z]+)?\(",
    "json operators": r"->>?",
    "json functions": r"json_extract|get_json_object",
    "regexp functions": r"regexp_[a-z]+\(",
    "quantile": r"quantile|percentile_cont",
    "a type without a macro": r"as (varchar|string|text|timestamptz)(?![a-z_])",
    "merge": r"(?<![a-z_])merge into",
    # DuckDB divides doubles, Spark decimals of few digits; whole numbers divide as doubles on both.
    "a decimal in arithmetic": r"[-+*/] [0-9]+\.[0-9]|(?<![0-9a-z_.'])[0-9]+\.[0-9]+\)* [-+*/] ",
    # Engines differ where a double lies between two others; write rounded.
    "round to digits": r"(?<![a-z_])round\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*, [1-9][0-9]*\)",
    # A text on Spark; write adapter.quote.
    "a quoted name": r'(as |\.)"[a-z_]',
    "a backslash": r"\\",
}


def models() -> list[Path]:
    """Every model's file."""
    return sorted((ROOT / "models").rglob("*.sql"))


def code(path: Path) -> str:
    """The SQL without comments, in lower case."""
    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", text).lower()


@pytest.mark.parametrize("construct", sorted(FORBIDDEN))
def test_models_keep_to_the_portable_subset(construct: str) -> None:
    """A model that needs more gets a macro with one form per engine."""
    pattern = re.compile(FORBIDDEN[construct])
    found = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in models()
        if (match := pattern.search(code(path)))
    ]

    assert found == []


def test_every_window_order_says_where_nulls_go() -> None:
    """The engines sort NULL to different ends."""
    found = []
    for path in models():
        for match in re.finditer(r"over \((.*?)\)(?=[\s,]| =)", code(path), flags=re.DOTALL):
            inner = match.group(1)
            if "order by" in inner and "nulls" not in inner:
                found.append(f"{path.relative_to(ROOT)}: {' '.join(inner.split())[:80]}")

    assert found == []


def test_every_dispatched_macro_has_a_form_for_both_engines() -> None:
    """DuckDB and Spark stand beside each other, one macro per file."""
    missing = []
    for path in sorted((ROOT / "dbt_project" / "macros").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"adapter\.dispatch\('([a-z_]+)'\)", text):
            missing += [
                f"{path.name}: {engine}__{name}"
                for engine in ("duckdb", "spark")
                if f"macro {engine}__{name}" not in text
            ]

    assert missing == []
