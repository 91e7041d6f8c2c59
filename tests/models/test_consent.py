"""Consent is the same whatever order statements arrive in, and no merge, repeat or late file makes it weaker."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.models.installation import AS_OF, Installation

START = datetime(2026, 1, 1)
STATUS, PERMISSIONS = "int_consents__status", "dim_contact_permissions"
Row = dict[str, Any]


def statement(address: str, status: str, day: int) -> Row:
    return {
        "address": address,
        "channel": "email",
        "purpose": "marketing",
        "status": status,
        "method": "form",
        "occurred_at": (START + timedelta(days=day)).isoformat() + "Z",
    }


@pytest.fixture(scope="module")
def statements() -> list[Row]:
    """Three hundred addresses with up to six statements each, some at the same moment, some after now."""
    rng = random.Random(5)
    return [
        statement(
            f"a{number}@mail.example",
            rng.choice(["opt_in", "double_opt_in", "opt_out"]),
            rng.randint(0, 220),
        )
        for number in range(300)
        for _ in range(rng.randint(1, 6))
    ]


def reference(statements: list[Row]) -> dict[str, str]:
    """What holds for each address, said by a person each time: the newest word, and at a tie the refusal."""
    now = AS_OF.replace(tzinfo=None).isoformat()
    held: dict[str, tuple[str, int, str]] = {}
    for row in statements:
        said = str(row["occurred_at"]).removesuffix("Z")
        if said <= now:
            rank = {"opt_out": 2, "double_opt_in": 1, "opt_in": 0}[row["status"]]
            held[row["address"]] = max(
                held.get(row["address"], ("", 0, "")), (said, rank, row["status"])
            )
    return {address: status for address, (_, _, status) in held.items()}


def statuses(installation: Installation) -> dict[str, str]:
    return dict(installation.rows(f"select address, status from intermediate.{STATUS}"))


def test_order_and_repeats_change_nothing(statements: list[Row], tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    rng = random.Random(8)
    shuffled = rng.sample(statements, len(statements))
    for part in range(3):
        installation.land("shop.consents", shuffled[part::3] + shuffled[:40])
        installation.build(STATUS)

    assert statuses(installation) == reference(statements)


def add_what_no_form_says(installation: Installation) -> None:
    """Refusals without a time, and implied consents that expire, which some sources tell of."""
    installation.build("int_consents__ledger", as_of=START.replace(tzinfo=UTC))
    for number in range(5):
        for status, said_at, expires_at in (
            ("opt_out", None, None),
            ("opt_in", START, START + timedelta(days=40 * number)),
        ):
            key = f"{status}{number}"
            installation.rows(
                "insert into intermediate.int_consents__ledger by name select ? as statement_id, ? as address, "
                "'email' as channel, 'marketing' as purpose, ? as status, 'import' as method, false as is_explicit, "
                "cast(? as timestamp) as occurred_at, cast(? as timestamp) as expires_at, 0 as batch",
                [key, f"{key}@mail.example", status, said_at, expires_at],
            )


def test_time_and_news_reach_whom_they_concern_and_the_clock_may_go_back(
    statements: list[Row], tmp_path: Path
) -> None:
    """What was computed address by address is what a warehouse says that was built whole at that moment."""
    said = [
        *statements,
        *(statement(f"opt_out{n}@mail.example", "opt_in", 50 * n) for n in range(5)),
    ]
    everything = (
        f"select address, status, method, occurred_at from intermediate.{STATUS} order by all"
    )
    begun = Installation(tmp_path / "begun")
    add_what_no_form_says(begun)
    installation = begun.copy(tmp_path / "step by step")
    seen = set()
    for step, day in enumerate((100, 60, 200)):
        installation.land("shop.consents", said[step::3])
        installation.build(STATUS, as_of=START.replace(tzinfo=UTC) + timedelta(days=day))
        whole = begun.copy(tmp_path / f"at once {step}")
        whole.land("shop.consents", [row for first in range(step + 1) for row in said[first::3]])
        whole.build(STATUS, as_of=START.replace(tzinfo=UTC) + timedelta(days=day))

        assert installation.rows(everything) == whole.rows(everything)
        seen |= {status for _, status, _, _ in whole.rows(everything)}
    assert seen == {"opt_in", "double_opt_in", "opt_out", "expired"}


def test_an_old_file_that_comes_late_revives_nothing(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.land("shop.consents", [statement("a@mail.example", "opt_out", 50)])
    installation.build(STATUS)
    installation.land("shop.consents", [statement("a@mail.example", "double_opt_in", 49)])
    installation.build(STATUS)

    assert statuses(installation) == {"a@mail.example": "opt_out"}


def test_of_two_words_in_one_second_the_refusal_holds(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    both = [("a", ("opt_in", "opt_out")), ("b", ("opt_out", "opt_in"))]
    installation.land(
        "shop.consents",
        [statement(f"{name}@mail.example", status, 50) for name, said in both for status in said],
    )
    installation.build(STATUS)

    assert set(statuses(installation).values()) == {"opt_out"}


def test_a_merge_takes_the_strictest(tmp_path: Path) -> None:
    """Two records of one person: one address refused after the other agreed, or before."""
    installation = Installation(tmp_path)
    contacts = [
        {
            "contact_id": "1",
            "email": "strict@mail.example",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        },
        {
            "contact_id": "2",
            "email": "open@mail.example",
            "created_at": "2026-01-02T00:00:00Z",
            "updated_at": "2026-01-02T00:00:00Z",
        },
        {
            "contact_id": "3",
            "email": "was.strict@mail.example",
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
        },
        {
            "contact_id": "4",
            "email": "open.again@mail.example",
            "created_at": "2026-01-02T00:00:00Z",
            "updated_at": "2026-01-02T00:00:00Z",
        },
    ]
    installation.land("shop.contacts", contacts)
    installation.land(
        "shop.consents",
        [
            statement("open@mail.example", "double_opt_in", 10),
            statement("strict@mail.example", "opt_out", 20),
            statement("was.strict@mail.example", "opt_out", 10),
            statement("open.again@mail.example", "opt_in", 20),
        ],
    )
    installation.build(PERMISSIONS)
    query = f"select address, is_allowed, refusal from marts.{PERMISSIONS} order by 1"
    apart = installation.rows(query)
    # An alias makes 1 and 2, and 3 and 4, one person each.
    installation.land(
        "segment.events",
        [
            {
                "messageId": f"m{new}",
                "type": "alias",
                "previousId": old,
                "userId": new,
                "timestamp": "2026-05-01T00:00:00Z",
            }
            for old, new in (("1", "2"), ("3", "4"))
        ],
    )
    installation.build(PERMISSIONS)
    merged = installation.rows(query)

    assert [(address, allowed) for address, allowed, _ in apart] == [
        ("open.again@mail.example", True),
        ("open@mail.example", True),
        ("strict@mail.example", False),
        ("was.strict@mail.example", False),
    ]
    assert merged == [
        ("open.again@mail.example", True, None),
        ("open@mail.example", False, "opt_out of another address"),
        ("strict@mail.example", False, "opt_out"),
        ("was.strict@mail.example", False, "opt_out"),
    ]


def test_a_complaint_closes_every_alias_of_the_mailbox(tmp_path: Path) -> None:
    installation = Installation(tmp_path)
    installation.land(
        "shop.contacts",
        [
            {
                "contact_id": "1",
                "email": "ada@gmail.com",
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z",
            },
            {
                "contact_id": "2",
                "email": "a.da@other.example",
                "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:00:00Z",
            },
        ],
    )
    installation.land(
        "shop.consents",
        [statement("ada@gmail.com", "opt_in", 1), statement("a.da@other.example", "opt_in", 1)],
    )
    installation.land(
        "sendgrid.events",
        [
            {
                "email": address,
                "timestamp": 1772000000,
                "event": "spamreport",
                "sg_event_id": address,
            }
            for address in ("A.da+news@googlemail.com", "ada@other.example")
        ],
    )
    installation.build("dim_reachable_addresses")

    reachable = installation.rows("select address from marts.dim_reachable_addresses")
    assert reachable == [("a.da@other.example",)]
