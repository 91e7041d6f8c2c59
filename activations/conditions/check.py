"""Finds what a condition says that the installation does not have, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp

from activations.conditions import comparisons
from activations.conditions.catalog import Catalog, Table, suggestion
from activations.conditions.errors import Path, Problem
from activations.conditions.language import (
    All,
    AnyOf,
    Comparison,
    FieldIs,
    Happened,
    HasDeal,
    HasTag,
    InSegment,
    Not,
    Reacted,
    ScoreIs,
    Sql,
)

WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Create,
    exp.Drop,
    exp.Command,
    exp.Copy,
    exp.Attach,
)


def check(
    condition: Any,
    catalog: Catalog,
    path: Path,
    steps: frozenset[str] = frozenset(),
    key: str | None = None,
) -> Iterator[Problem]:
    """The problems of a condition at `path`; `steps` are the ids of the journey's steps that send."""
    match condition:
        case All():
            for i, child in enumerate(condition.all):
                yield from check(child, catalog, (*path, "all", i), steps, key)
        case AnyOf():
            for i, child in enumerate(condition.any):
                yield from check(child, catalog, (*path, "any", i), steps, key)
        case Not():
            yield from check(condition.not_, catalog, (*path, "not"), steps, key)
        case FieldIs():
            yield from _column(condition.field, catalog.contacts, condition, (*path, "field"))
        case ScoreIs():
            yield from _score(condition, catalog, (*path, "score"))
        case HasTag():
            if catalog.tags is None:
                yield Problem((*path, "tag"), "this installation has no tags (dim_contact_tags)")
            elif catalog.tag_names and condition.tag not in catalog.tag_names:
                hint = suggestion(condition.tag, catalog.tag_names)
                yield Problem(
                    (*path, "tag"), f"nobody has the tag `{condition.tag}`; {hint}", "warning"
                )
        case InSegment():
            if condition.segment not in catalog.segments:
                hint = suggestion(condition.segment, catalog.segments)
                yield Problem((*path, "segment"), f"unknown segment `{condition.segment}`; {hint}")
        case Happened():
            yield from event(condition, catalog, path)
            if condition.same_key and key is None:
                yield Problem(
                    (*path, "same_key"), "the journey's entry has no `key` to compare with"
                )
        case Reacted():
            name = condition.reaction
            if catalog.messages is None:
                yield Problem((*path, name), "this installation has no messages (fct_messages)")
            if condition.of != "any" and condition.of not in steps:
                hint = suggestion(condition.of, steps)
                yield Problem((*path, name), f"no step `{condition.of}` sends a message; {hint}")
        case HasDeal():
            for name, asked in condition.deal.items():
                table = catalog.deals or Table("")
                yield from _column(name, table, asked, (*path, "deal", name))
        case Sql():
            yield from _sql(condition, catalog, (*path, "sql"))


def event(asked: Happened, catalog: Catalog, path: Path) -> Iterator[Problem]:
    """The problems of an event and its properties."""
    if catalog.events is None:
        yield Problem((*path, "event"), "this installation has no events")
        return
    if catalog.event_names and asked.event not in catalog.event_names:
        hint = suggestion(asked.event, catalog.event_names)
        yield Problem((*path, "event"), f"unknown event `{asked.event}`; {hint}")
    for name, comparison in asked.where.items():
        if name in catalog.events.columns:
            wrong = comparisons.problem(catalog.events.columns[name], comparison)
            if wrong:
                yield Problem((*path, "where", name), wrong)
        if not comparison.given():
            yield Problem((*path, "where", name), "say what to compare with, for example `eq: …`")


def _column(name: str, table: Table, asked: Comparison, path: Path) -> Iterator[Problem]:
    if name not in table.columns:
        what = f"unknown field `{name}` of {table.model or 'the contact'}"
        yield Problem(path, f"{what}; {suggestion(name, table.columns)}")
        return
    wrong = comparisons.problem(table.columns[name], asked)
    if wrong:
        yield Problem(path, f"`{name}`: {wrong}")


def _score(asked: ScoreIs, catalog: Catalog, path: Path) -> Iterator[Problem]:
    name, _, column = asked.score.partition(".")
    if name not in catalog.scores:
        yield Problem(path, f"unknown score `{name}`; {suggestion(name, catalog.scores)}")
        return
    yield from _column(column or "score", catalog.scores[name], asked, path)


def _sql(asked: Sql, catalog: Catalog, path: Path) -> Iterator[Problem]:
    try:
        statements = sqlglot.parse(asked.sql, read="duckdb")
    except sqlglot.errors.ParseError as error:
        yield Problem(path, f"not readable as SQL: {str(error).splitlines()[0]}")
        return
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        yield Problem(path, "write one SELECT of the contact_ids for whom it holds")
        return
    tree = statements[0]
    if any(tree.find(kind) for kind in WRITES):
        yield Problem(path, "a condition reads; it must not write")
    if "contact_id" not in tree.named_selects:
        yield Problem(path, "its SELECT must have a column contact_id")
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        if table.name and table.name not in ctes and table.name not in catalog.readable:
            hint = suggestion(table.name, catalog.readable)
            yield Problem(path, f"unknown model `{table.name}`; {hint}")
        if not table.name:
            yield Problem(path, f"a condition reads models only, not {table.sql()}")
    for function in tree.find_all(exp.Anonymous):
        yield Problem(
            path, f"unknown function `{function.name}`; use standard SQL, or declare it in a model"
        )
