"""Stands in for dbt's adapter while sqlfluff renders models: a dispatched macro becomes a call of its own name."""

from __future__ import annotations

from collections.abc import Callable


def dispatch(name: str, *_: object) -> Callable[..., str]:
    """A macro that renders as `name(arguments)`, or as nothing where it only configures."""
    if name.startswith("incremental"):
        return lambda *_: ""
    quoted = name in (
        "matches_pattern",
        "replace_pattern",
        "extract_pattern",
        "json_text",
    )

    def render(*arguments: object) -> str:
        texts = [f"'{a}'" if quoted and index else str(a) for index, a in enumerate(arguments)]
        return f"{name}({', '.join(texts)})"

    return render


def quote(name: str) -> str:
    """A name in double quotes, as DuckDB writes it."""
    return f'"{name}"'
