"""What is wrong with a condition: where in its tree, what, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One finding: `path` leads through the keys and positions of the YAML document."""

    path: Path
    text: str
    severity: str = "error"
