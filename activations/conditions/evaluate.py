"""Evaluates conditions for many subjects at once; each leaf is asked once per tick, however many journeys ask it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from activations.conditions.catalog import Catalog
from activations.conditions.language import All, AnyOf, Condition, Leaf, Not, leaves
from activations.conditions.leaf import CONTACT, LeafSql, Scope, compile_leaf
from warehouse.dialect import json_object

SUBJECT = ("enrollment_no", "contact_id", "enrollment_id", "entered_at", "arrived_at", "entry_key")


@dataclass(frozen=True)
class Needs:
    """What can change a condition's answer."""

    events: frozenset[str]
    models: frozenset[str]
    by_time: bool


class Evaluator:
    """Answers of one tick: a temporary table per leaf, filled for the subjects that were asked for so far."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, catalog: Catalog, as_of: dt.datetime
    ) -> None:
        self.con, self.catalog, self.as_of = con, catalog, as_of
        self.filled: dict[str, str] = {}
        self.scans = 0

    def needs(self, condition: Condition, scope: Scope) -> Needs:
        """What can change the answer; `by_time` also where something that ages is negated."""
        compiled = [self._leaf(leaf, scope) for leaf in leaves(condition)]
        return Needs(
            frozenset(name for leaf in compiled for name in leaf.events),
            frozenset(name for leaf in compiled for name in leaf.models),
            any(leaf.by_time for leaf in compiled) or _ages(condition, negated=False),
        )

    def by_enrollment(self, condition: Condition, scope: Scope) -> bool:
        """Whether the answer depends on the stay, and not on the contact alone."""
        return any(self._leaf(leaf, scope).scope != CONTACT for leaf in leaves(condition))

    def select(self, condition: Condition, scope: Scope, subjects: str) -> str:
        """A SELECT of (enrollment_no, arrived_at, value, true_at, inputs, broken), one row per row of `subjects`.

        `subjects` is a relation with the columns of SUBJECT, one row per enrollment.
        """
        answers = self.answers([(condition, scope)], subjects, ("enrollment_no", "arrived_at"))
        named = ", ".join(f"a.{name}_0 as {name}" for name in ("value", "true_at", "inputs"))
        return f"select a.enrollment_no, a.arrived_at, {named}, a.broken from ({answers}) as a"

    def answers(
        self, asked: Sequence[tuple[Condition, Scope]], subjects: str, columns: Sequence[str]
    ) -> str:
        """A SELECT of `columns` of the subjects, then value_0, true_at_0, inputs_0, value_1, … and `broken`.

        Of `subjects` the columns of SUBJECT are read where an answer depends on the stay, else the contact_id.
        """
        joins: list[str] = []
        told: list[str] = []
        tables: dict[str, str] = {}
        for number, (condition, scope) in enumerate(asked):
            aliases: dict[str, str] = {}
            inputs: list[tuple[str, str]] = []
            for leaf in leaves(condition):
                compiled = self._leaf(leaf, scope)
                if compiled.id not in tables:
                    alias = tables[compiled.id] = f"l{len(tables)}"
                    on = " and ".join(f"s.{name} = {alias}.{name}" for name in compiled.keys)
                    joins.append(f"left join {self._fill(compiled, subjects)} as {alias} on {on}")
                alias = tables[compiled.id]
                if leaf_id(leaf) not in aliases:
                    inputs.append((compiled.label, f"{alias}.input"))
                aliases[leaf_id(leaf)] = alias
            told += [
                f"{_value(condition, aliases)} as value_{number}",
                f"{_true_at(condition, aliases)} as true_at_{number}",
                f"{json_object(inputs)} as inputs_{number}",
            ]
        broken = ", ".join(f"{alias}.broken" for alias in tables.values())
        carried = ", ".join(f"s.{name}" for name in columns)
        return (
            f"select {carried}, {', '.join(told)}, coalesce({broken}, null) as broken "
            f"from {subjects} as s {' '.join(joins)}"
        )

    def _leaf(self, leaf: Leaf, scope: Scope) -> LeafSql:
        return compile_leaf(leaf, self.catalog, self.as_of, scope)

    def _fill(self, leaf: LeafSql, subjects: str) -> str:
        """Ask the leaf for those of `subjects` that were not asked for yet; returns its table."""
        columns = ", ".join(leaf.keys if leaf.scope == CONTACT else SUBJECT)
        table = self.filled.get(leaf.id)
        unasked = f"select distinct {columns} from {subjects} as q"
        if table is None:
            self.scans += 1
            table = self.filled[leaf.id] = f"leaf_{leaf.id}"
            self.con.execute(
                f"create or replace temp table {table} as with unasked as materialized ({unasked}) "
                f"{leaf.select('unasked')}"
            )
            return table
        on = " and ".join(f"f.{name} = q.{name}" for name in leaf.keys)
        unasked += f" where not exists (select 1 from {table} as f where {on})"
        made = self.con.execute(f"create or replace temp table unasked as {unasked}").fetchall()
        if made[0][0]:
            self.scans += 1
            self.con.execute(f"insert into {table} {leaf.select('unasked')}")
        return table


def leaf_id(leaf: Leaf) -> str:
    """A leaf's identity within one condition."""
    from activations.conditions.language import digest

    return digest(leaf)


def _value(condition: Condition, aliases: dict[str, str]) -> str:
    match condition:
        case All():
            return "(" + " and ".join(_value(child, aliases) for child in condition.all) + ")"
        case AnyOf():
            return "(" + " or ".join(_value(child, aliases) for child in condition.any) + ")"
        case Not():
            return f"(not {_value(condition.not_, aliases)})"
        case _:
            return f"coalesce({aliases[leaf_id(condition)]}.value, false)"


def _true_at(condition: Condition, aliases: dict[str, str]) -> str:
    """Since when it holds, as far as that is known: the first of any, the last of all."""
    match condition:
        case All():
            parts = [_true_at(child, aliases) for child in condition.all]
            return parts[0] if len(parts) == 1 else f"greatest({', '.join(parts)})"
        case AnyOf():
            parts = [_true_at(child, aliases) for child in condition.any]
            return parts[0] if len(parts) == 1 else f"least({', '.join(parts)})"
        case Not():
            return "cast(null as timestamp)"
        case _:
            alias = aliases[leaf_id(condition)]
            return f"case when {alias}.value then {alias}.true_at end"


def _ages(condition: Condition, *, negated: bool) -> bool:
    """Whether a window is negated: what fell out of it makes the whole true without anything happening."""
    match condition:
        case All():
            return any(_ages(child, negated=negated) for child in condition.all)
        case AnyOf():
            return any(_ages(child, negated=negated) for child in condition.any)
        case Not():
            return _ages(condition.not_, negated=not negated)
        case _:
            return negated and getattr(condition, "within", None) is not None
