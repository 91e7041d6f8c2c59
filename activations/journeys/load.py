"""Reads `models/journeys/*.yml`; what is wrong is told with file, line and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from activations.conditions.errors import Path as Place
from activations.conditions.errors import Problem
from activations.journeys.definition import Journey
from activations.journeys.errors import JourneyError

WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here",
    "string_pattern_mismatch": "must be lower-case letters, digits and _, starting with a letter",
}


@dataclass(frozen=True)
class Source:
    """A file's text as data, and where each part of it stands."""

    name: str
    data: Any
    lines: dict[Place, int]

    def line(self, path: Place) -> int:
        """The line of the innermost part of `path` that the file has."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return 1

    def tell(self, problem: Problem) -> str:
        """A finding as one line."""
        return f"{self.name}:{self.line(problem.path)}: {problem.text}"


def folder(project: Path) -> Path:
    """Where journeys lie."""
    return project / "models" / "journeys"


def paths(project: Path) -> list[Path]:
    """Every journey's file, by name; what begins with _ is none."""
    return sorted(path for path in folder(project).glob("*.yml") if path.name[0] != "_")


def read(path: Path, name: str | None = None) -> tuple[Journey, Source]:
    """A file's journey; raises JourneyError with every finding of its form."""
    return parse(
        path.read_text(encoding="utf-8"), name or f"models/journeys/{path.name}", path.stem
    )


def parse(text: str, name: str, stem: str | None = None) -> tuple[Journey, Source]:
    """The journey that `text` defines; `stem` is what it must be called."""
    source = read_source(text, name)
    if not isinstance(source.data, dict):
        raise JourneyError(f"{name}:1: a journey is a mapping that begins with `journey: <name>`")
    try:
        journey = Journey.model_validate(source.data)
    except ValidationError as error:
        found = [_problem(one, source.data) for one in error.errors(include_url=False)]
        raise JourneyError("\n".join(source.tell(one) for one in found)) from error
    if stem is not None and journey.journey != stem:
        where = Problem(("journey",), f"the file is {stem}.yml: call the journey `{stem}`")
        raise JourneyError(source.tell(where))
    return journey, source


def read_source(text: str, name: str) -> Source:
    """The YAML with the lines of its parts; raises JourneyError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise JourneyError(f"{name}:{line}: {error.problem}") from error
    lines: dict[Place, int] = {}
    if node is not None:
        _lines(node, (), lines)
    return Source(name, data, lines)


def _lines(node: yaml.Node, path: Place, into: dict[Place, int]) -> None:
    into.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*path, key.value)
            into[inner] = key.start_mark.line + 1
            _lines(value, inner, into)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _lines(value, (*path, index), into)


def _problem(error: Any, data: Any) -> Problem:
    """Pydantic's finding, its path without the names of kinds that pydantic adds."""
    path: list[str | int] = []
    at = data
    for part in error["loc"]:
        if (isinstance(at, dict) and part in at) or (
            isinstance(at, list | tuple) and isinstance(part, int) and part < len(at)
        ):
            at = at[part]
        elif part is not error["loc"][-1]:
            continue
        else:
            at = None
        path.append(part)
    message = str(error["msg"]).removeprefix("Value error, ")
    words = WORDS.get(str(error["type"]))
    if error["type"] == "missing":
        return Problem(tuple(path[:-1]), f"`{path[-1]}` is missing in `{_name(path[:-1])}`")
    if words and path:
        return Problem(tuple(path), f"`{path[-1]}` {words}")
    if error["type"] == "no_condition" and isinstance(error.get("input"), dict):
        from activations.conditions.language import kind_of

        try:
            kind_of(error["input"])
        except ValueError as reason:
            message = str(reason)
    return Problem(tuple(path), f"{_name(path)}: {message}")


def _name(path: Iterable[str | int]) -> str:
    words = [str(part) for part in path if isinstance(part, str)]
    return ".".join(words[-2:]) or "journey"
