"""Stands in for dbt's cross-database macros while sqlfluff renders models."""

from __future__ import annotations


def datediff(first: object, second: object, part: str) -> str:
    """A difference of two moments."""
    return f"datediff('{part}', {first}, {second})"


def dateadd(part: str, interval: object, moment: object) -> str:
    """A moment moved."""
    return f"dateadd('{part}', {interval}, {moment})"


def type_string() -> str:
    """The type of text."""
    return "text"


def replace(text: object, old: str, new: str) -> str:
    """A text with another in its place."""
    return f"replace({text}, {old}, {new})"
