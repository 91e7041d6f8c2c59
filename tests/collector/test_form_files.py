"""A form is one file; whatever is wrong with it is said with file, line and way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import FormError
from collector.forms.files import load_forms
from warehouse.settings import ROOT

GOOD = """title: Letter
fields:
  - {name: email, type: email, label: E-mail}
consents:
  - {name: news, channel: email, text: Yes, version: "1", opt_in: single}
after: {message: Thanks}
"""


def write(folder: Path, text: str, name: str = "letter.yml") -> Path:
    forms = folder / "models" / "forms"
    forms.mkdir(parents=True, exist_ok=True)
    (forms / name).write_text(text, encoding="utf-8")
    return forms


def test_the_forms_that_we_ship_are_read() -> None:
    assert "newsletter" in load_forms(ROOT / "models" / "forms")


def test_no_folder_is_no_form(tmp_path: Path) -> None:
    assert load_forms(tmp_path / "models" / "forms") == {}


def test_the_file_gives_the_name_and_the_rest_has_sensible_defaults(tmp_path: Path) -> None:
    text = GOOD.replace("text: Yes", "text: 'Yes'")
    form = load_forms(write(tmp_path, text))["letter"]
    assert (form.name, form.consents[0].purpose, form.fields[0].attribute) == (
        "letter",
        "marketing",
        "email",
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("type: email", "type: emial", 3, "Input should be 'email'"),
        ("title: Letter", "titel: Letter", 1, "unknown here"),
        ("title: Letter\n", "", 1, "missing; add it"),
        ("{name: email,", "{name: E mail,", 3, "small letters"),
        (", label: E-mail", "", 3, "add a `label`"),
        ("type: email", "type: select", 3, "`options`"),
        ("name: email", "name: stamp", 3, "name of our own"),
        ("channel: email", "channel: sms", 1, "add a field of type phone"),
        ("opt_in: single", "opt_in: triple", 5, "'single' or 'double'"),
        ("{message: Thanks}", "{}", 6, "either a `message` or a `redirect`"),
        ("{message: Thanks}", "{redirect: /thanks}", 6, "whole address"),
        ("after:", "origins: [shop.example/x]\nafter:", 6, "an origin is written like"),
        ("after:", "honeypot: email\nafter:", 1, "also a field"),
        ("title: Letter", "name: other\ntitle: Letter", None, "called like its file"),
        ("title: Letter", "\ttitle: Letter", 1, "no YAML"),
        (GOOD.replace("text: Yes", "text: 'Yes'"), "- a list", 1, "beginning with title"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int | None, says: str
) -> None:
    text = GOOD.replace("text: Yes", "text: 'Yes'")
    assert old in text

    with pytest.raises(FormError) as told:
        load_forms(write(tmp_path, text.replace(old, new)))

    where = "models/forms/letter.yml" + (f", line {line}" if line else "")
    assert any(said.startswith(where) and says in said for said in str(told.value).split("\n"))


def test_a_yes_that_yaml_reads_as_true_is_said(tmp_path: Path) -> None:
    """The commonest trap of YAML: unquoted, Yes is no text."""
    with pytest.raises(
        FormError, match=r"line 5, consents\.0\.text: this must be text; put it in quotes"
    ):
        load_forms(write(tmp_path, GOOD))


def test_two_files_of_one_name_and_a_name_no_address_can_hold(tmp_path: Path) -> None:
    text = GOOD.replace("text: Yes", "text: 'Yes'")
    with pytest.raises(FormError, match="small letters"):
        load_forms(write(tmp_path / "a", text, "My Form.yml"))
    write(tmp_path / "b", text)
    with pytest.raises(FormError, match="two files"):
        load_forms(write(tmp_path / "b", text, "letter.yaml"))
