"""Reads the files of the forms, strictly: whatever is wrong is said with the file, the line and the way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from collector.errors import FormError
from collector.forms.definition import Form


def load_forms(folder: Path) -> dict[str, Form]:
    """Every form below `folder` by its name; none where there is no folder. Raises FormError."""
    found: dict[str, Form] = {}
    for path in sorted([*folder.glob("*.yml"), *folder.glob("*.yaml")]):
        if path.stem in found:
            raise FormError(
                f"{_name(path)}: there are two files for the form {path.stem}; delete one"
            )
        found[path.stem] = read_form(path)
    return found


def read_form(path: Path) -> Form:
    """One form. Raises FormError with the file, the line and what to do."""
    text = path.read_text(encoding="utf-8")
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise FormError(f"{_name(path)}, line {line}: this is no YAML: {error.problem}") from error
    if not isinstance(content, dict):
        raise FormError(
            f"{_name(path)}, line 1: a form is a list of `key: value`, beginning with title"
        )
    if "name" in content:
        raise FormError(f"{_name(path)}: take `name` out, the form is called like its file")
    try:
        return Form.model_validate({"name": path.stem, **content})
    except ValidationError as error:
        wrong = [_told(path, node, problem) for problem in error.errors(include_url=False)]
        raise FormError("\n".join(wrong)) from error


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])


def _told(path: Path, node: Any, problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "this word is unknown here; check its spelling, or take it out"
    elif problem["type"] == "missing":
        message = "this is missing; add it"
    elif problem["type"] == "string_type":
        message = "this must be text; put it in quotes"
    elif problem["type"] == "string_pattern_mismatch":
        message = f"{message}; use small letters, digits and _"
    return f"{_name(path)}, line {_line(node, problem['loc'])}{f', {where}' if where else ''}: {message}"


def _line(node: Any, place: tuple[int | str, ...]) -> int:
    """The line of the innermost part of `place` that is in the file."""
    line = int(node.start_mark.line) + 1
    for part in place:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                return line
            line, node = pair[0].start_mark.line + 1, pair[1]
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            return line
    return line
