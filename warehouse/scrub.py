"""Takes a person out of one row: records of them go; events stay, with a stand-in, without what describes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.contract import Contract
from warehouse.person import Person, Weak

# What describes a person, in lower case without underscores: emptied wherever a row is about the erased person.
WORDS = """
    firstname lastname fullname middlename surname givenname familyname displayname username nickname salutation
    birthday bornon dateofbirth birthdate gender sex company companyname organization jobtitle avatar avatarurl
    phone mobile email emailaddress toaddress address address1 address2 addressline1 addressline2 street housenumber
    city town zip zipcode postalcode postcode latitude longitude lat lon location geo ip ipaddress ipopt ipsignup
    useragent useragentstring body text html subject note notes comment comments traits mergefields
    signature linkedin twitter facebook website
"""
DESCRIBES = frozenset(WORDS.split())
# Emptied in a table's own columns only: inside JSON they name products and libraries.
DESCRIBES_IN_COLUMNS = DESCRIBES | {"name", "title", "value", "description", "extra"}
GONE = "[erased]"
# A display name before an address that was replaced: `Ada Almeida <erased-…>`.
NAMED = re.compile(r'[^"<>,;:{}\[\]\\\n]{1,80}<(erased-[0-9a-f]{8}-[0-9]+)>')

Row = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """How rows of one table are treated.

    `key`: a row whose key names the person is a record about them and goes. `delete`: so does every row that mentions
    them. `clear`: columns that are emptied besides those that describe a person. `required`: columns that may not be
    empty. `is_about_person`: whether columns that describe a person are emptied at all.
    """

    table: str = ""
    source: str = ""
    key: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()
    delete: bool = False
    clear: frozenset[str] = frozenset()
    is_about_person: bool = True


def rules_of(contract: Contract) -> Rules:
    """The rules of a landed table, by the names of its columns and by those in its files."""
    return Rules(
        table=contract.table,
        source=contract.source,
        key=_both(contract, () if contract.erase == "keep" else contract.key),
        required=_both(contract, (field.name for field in contract.required)),
    )


def _both(contract: Contract, chosen: Iterable[str]) -> frozenset[str]:
    files = {field.name: field.spellings for field in contract.fields}
    return frozenset(name for field in chosen for name in (field, *files[field]))


def row(person: Person, rules: Rules, given: Mapping[str, Any]) -> Row | None:
    """The row without the person: the same object's values where nothing mentions them, None where the row goes."""
    weak = person.weak_in(rules.source)
    if not mentions(person, weak, rules, given):
        return dict(given)
    if rules.delete or any(
        _is_key(person, weak, rules, name, given.get(name)) for name in rules.key
    ):
        return None
    fresh: Row = {}
    for name, value in given.items():
        plain = name.lower().replace("_", "").replace("-", "")
        describes = rules.is_about_person and plain in DESCRIBES_IN_COLUMNS
        if name in rules.clear or (describes and not _is_address(person, value)):
            fresh[name] = GONE if name in rules.required and isinstance(value, str) else None
            if name in rules.required and not isinstance(value, str):
                fresh[name] = value
        elif (mark := weak.mark(name, value, rules.table)) is not None:
            fresh[name] = mark if isinstance(value, str) else None
        elif isinstance(value, str):
            fresh[name] = json_text(person, weak, value, describe=rules.is_about_person)
        elif isinstance(value, list | dict):
            fresh[name] = _tree(person, weak, value, describe=rules.is_about_person)
        else:
            fresh[name] = value
    return fresh


def mentions(person: Person, weak: Weak, rules: Rules, given: Mapping[str, Any]) -> bool:
    """Whether any value of the row names the person."""
    return any(
        _names(person, weak, rules.table, name, value) for name, value in given.items() if value
    )


def text(person: Person, value: str) -> str:
    """`value` with a stand-in for every identifier."""
    if not person.any_text.search(value):
        return value
    for pattern, stand_in in person.patterns:
        value = pattern.sub(stand_in, value)
    return NAMED.sub(r"<\1>", value) if person.mark in value else value


def data(person: Person, value: bytes) -> bytes:
    """The same for bytes of any encoding that keeps ASCII."""
    if not person.found(value):
        return value
    return text(person, value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def json_text(person: Person, weak: Weak, value: str, *, describe: bool) -> str:
    """A JSON document without the person, or any other text with stand-ins."""
    if value[:1] in "{[":
        try:
            tree = json.loads(value)
        except ValueError:
            return text(person, value)
        return json.dumps(_tree(person, weak, tree, describe=describe), separators=(",", ":"))
    return text(person, value)


def document(person: Person, rules: Rules, node: Any) -> Any:
    """A JSON document of one record or a list of records, without the person's; None where nothing is left of it."""
    if isinstance(node, list):
        records = [document(person, rules, item) for item in node]
        return [
            item for item, old in zip(records, node, strict=True) if item is not None or old is None
        ]
    return row(person, rules, node) if isinstance(node, dict) else node


def _tree(person: Person, weak: Weak, node: Any, *, describe: bool) -> Any:
    match node:
        case dict():
            named = describe and any(_is_address(person, value) for value in node.values())
            return {
                text(person, key): weak.mark(key, value)
                or _tree(person, weak, value, describe=describe)
                for key, value in node.items()
                if (
                    not (describe and re.sub("[_-]", "", key.lower()) in DESCRIBES)
                    and not (named and key.lower() == "name")
                )
                or _is_address(person, value)
            }
        case list():
            # Where some of several name the person, the others are somebody else.
            theirs = [_names(person, weak, "", "", value) for value in node]
            return [
                _tree(person, weak, value, describe=describe and (mine or not any(theirs)))
                for value, mine in zip(node, theirs, strict=True)
            ]
        case str():
            return json_text(person, weak, node, describe=describe)
        case _:
            return node


def _names(person: Person, weak: Weak, table: str, name: str, value: Any) -> bool:
    if isinstance(value, str | int) and not isinstance(value, bool):
        if weak.mark(name, value, table) is not None:
            return True
        if not isinstance(value, str):
            return False
        if person.any_text.search(value):
            return True
        return bool(weak) and value[:1] in "{[" and _json_names(weak, value)
    if isinstance(value, dict):
        return any(_names(person, weak, "", key, inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(_names(person, weak, "", "", inner) for inner in value)
    return False


def _json_names(weak: Weak, value: str) -> bool:
    try:
        tree = json.loads(value)
    except ValueError:
        return False
    return any(weak.mark(key, found) is not None for key, found in _leaves(tree))


def _leaves(node: Any, key: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, key)
    else:
        yield key, node


def _is_key(person: Person, weak: Weak, rules: Rules, name: str, value: Any) -> bool:
    """Whether a key's column says whom the record is about."""
    if weak.mark(name, value, rules.table) is not None:
        return True
    return isinstance(value, str) and bool(person.any_text.fullmatch(value.strip()))


def _is_address(person: Person, value: Any) -> bool:
    """Whether a whole value is a strong identifier: it gets a stand-in, so that rows stay apart."""
    return isinstance(value, str) and bool(person.any_text.fullmatch(value.strip()))
