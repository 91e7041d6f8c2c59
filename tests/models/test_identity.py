"""One person: the same whatever order the evidence arrives in, never two strangers, and every change on record."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.models.installation import Installation

START = datetime(2026, 1, 1)
NODES, CHANGES = "int_identity__nodes", "int_identity__changes"
Row = dict[str, Any]


def moment(number: int) -> str:
    return (START + timedelta(hours=number)).isoformat() + "Z"


def contact(key: str, email: str | None, phone: str | None, updated: int) -> Row:
    return {
        "contact_id": key,
        "email": email,
        "phone": phone,
        "created_at": moment(0),
        "updated_at": moment(updated),
    }


def event(number: str, kind: str, hour: int, **values: Any) -> Row:
    row = {"messageId": number, "type": kind, "timestamp": moment(hour), **values}
    return row | {"receivedAt": row["timestamp"]}


def random_world(rng: random.Random, name: str) -> tuple[list[Row], list[Row]]:
    """Contacts in several versions and events among a handful of people, devices, addresses and phones."""
    users = [f"{name}u{n}" for n in range(rng.randint(2, 7))]
    devices = [f"{name}d{n}" for n in range(rng.randint(1, 5))]
    emails = [f"{name}e{n}@mail.example" for n in range(rng.randint(1, 5))]
    phones = [f"+4930{rng.randint(1000000, 9999999)}" for _ in range(rng.randint(1, 3))]
    contacts = [
        contact(user, rng.choice([*emails, None]), rng.choice([*phones, None]), version)
        for user in users
        for version in range(rng.randint(0, 2))
    ]
    events = []
    for number in range(rng.randint(1, 14)):
        key, user = f"{name}m{number}", rng.choice([*users, "null"])
        kind = rng.choice(["identify", "track", "track", "alias"])
        values: Row = {"userId": user}
        if kind == "identify":
            values |= {"traits": {"email": rng.choice(emails)}}
        if kind == "alias":
            values |= {"previousId": rng.choice(users)}
        if kind == "track":
            values |= {"event": "Product Viewed", "properties": {}}
        if rng.random() < 0.7:
            values |= {"anonymousId": rng.choice(devices)}
        events.append(event(key, kind, rng.randint(0, 900), **values))
    return contacts, events


def reference(contacts: list[Row], events: list[Row]) -> dict[str, frozenset[str]]:
    """Who belongs together, by a plain union of sets over all evidence: node to its component."""
    newest: dict[str, Row] = {}
    for row in contacts:
        held = newest.get(row["contact_id"])
        if held is None or row["updated_at"] > held["updated_at"]:
            newest[row["contact_id"]] = row
    ties: set[tuple[str, str, str]] = set()
    for row in newest.values():
        user = f"user:{row['contact_id']}"
        ties.add((user, user, "record"))
        ties |= {(user, f"{k}:{row[k]}", "record") for k in ("email", "phone") if row[k]}
    for row in events:
        user = f"user:{row['userId']}"
        ties.add((user, user, "seen"))
        if row.get("anonymousId"):
            ties.add((user, f"anon:{row['anonymousId']}", "same event"))
        if row["type"] == "identify":
            ties.add((user, f"email:{row['traits']['email']}", "identify"))
        if row["type"] == "alias":
            ties.add((f"user:{row['previousId']}", user, "alias"))
    blocked = _blocked(ties, newest)
    parent = {node: node for left, right, _ in ties for node in (left, right)}

    def root(node: str) -> str:
        while parent[node] != node:
            node = parent[node]
        return node

    for left, right, _ in ties:
        if left not in blocked and right not in blocked:
            parent[root(left)] = root(right)
    members = defaultdict(set)
    for node in parent:
        members[root(node)].add(node)
    return {node: frozenset(group) for group in members.values() for node in group}


def _blocked(ties: set[tuple[str, str, str]], newest: dict[str, Row]) -> set[str]:
    left_of: dict[tuple[str, str], set[str]] = defaultdict(set)
    right_of: dict[str, set[str]] = defaultdict(set)
    for left, right, evidence in ties:
        if left != right:
            left_of[(right, evidence)].add(left)
        if evidence == "identify":
            right_of[left].add(right)
    phones: dict[str, set[str]] = defaultdict(set)
    for row in newest.values():
        if row["phone"]:
            phones[f"phone:{row['phone']}"].add(row["email"] or row["contact_id"])
    shared = {node for (node, kind), by in left_of.items() if kind == "same event" and len(by) > 3}
    shared |= {node for node, by in phones.items() if len(by) > 1}
    shared |= {node for node, emails in right_of.items() if len(emails) > 5}
    return shared | {"user:null"}


@pytest.fixture(scope="module")
def world() -> tuple[list[Row], list[Row]]:
    """Two hundred small worlds that share nothing, so that one build tries two hundred cases."""
    rng = random.Random(20260630)
    contacts: list[Row] = []
    events: list[Row] = []
    for number in range(200):
        more_contacts, more_events = random_world(rng, f"w{number:03}")
        contacts += more_contacts
        events += more_events
    return contacts, events


def partition(installation: Installation) -> dict[str, tuple[str, frozenset[str]]]:
    """Each node's contact and everything else that belongs to that contact."""
    found: dict[str, set[str]] = defaultdict(set)
    for node, contact_id in installation.rows(f"select node, contact_id from intermediate.{NODES}"):
        found[contact_id].add(node)
    return {node: (key, frozenset(group)) for key, group in found.items() for node in group}


def test_identity_does_not_depend_on_the_order_of_arrival(
    world: tuple[list[Row], list[Row]], tmp_path: Path
) -> None:
    contacts, events = world
    once = Installation(tmp_path / "once")
    once.land("shop.contacts", contacts)
    once.land("segment.events", events)
    once.build(CHANGES)

    rng = random.Random(3)
    shuffled = Installation(tmp_path / "shuffled")
    contacts, events = rng.sample(contacts, len(contacts)), rng.sample(events, len(events))
    for part in range(4):
        shuffled.land("shop.contacts", contacts[part::4])
        shuffled.land("segment.events", events[part::4] + events[:5])
        shuffled.build(CHANGES)

    expected = {
        node: group
        for node, group in reference(contacts, events).items()
        if any(not member.startswith("anon:") for member in group)
    }
    in_one_go, in_four = partition(once), partition(shuffled)
    assert {node: group for node, (_, group) in in_one_go.items()} == expected
    assert in_four == in_one_go


def test_every_move_of_a_node_is_on_record(
    world: tuple[list[Row], list[Row]], tmp_path: Path
) -> None:
    """The last recorded change of each node is where it is now."""
    contacts, events = world
    installation = Installation(tmp_path)
    for part in range(3):
        installation.land("shop.contacts", contacts[part::3])
        installation.land("segment.events", events[part::3])
        installation.build(CHANGES)

    moved = installation.rows(
        f"select count(*) from intermediate.{CHANGES} where previous_contact_id is not null"
    )
    wrong = installation.rows(
        f"""
        with last as (
            select node, contact_id from intermediate.{CHANGES}
            qualify row_number() over (partition by node order by batch desc) = 1
        )
        select coalesce(last.node, nodes.node), last.contact_id, nodes.contact_id
        from last full join intermediate.{NODES} as nodes on last.node = nodes.node
        where last.contact_id is distinct from nodes.contact_id"""
    )
    assert moved[0][0] > 50
    assert wrong == []
