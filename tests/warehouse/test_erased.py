"""Erased addresses are known again by keyed hashes, whatever alias or column they come back in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.orchestration.installation import AS_OF, copied, installation, land, refresh, rows
from warehouse import erased
from warehouse.clock import naive
from warehouse.connection import connect
from warehouse.person import Person
from warehouse.settings import Settings

ERASED_AT = datetime(2026, 3, 1, tzinfo=UTC)
PERSON = Person(("1",), ("ada@gmail.com",), ("+49301234567",))
SUPPRESSED = "int_contacts__suppressions"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation in which nothing has happened, with SUPPRESSED built; to be copied, never changed."""
    made = installation(tmp_path_factory.mktemp("quiet"))
    refresh(made, SUPPRESSED)
    return made


@pytest.fixture
def made(quiet: Settings, tmp_path: Path) -> Settings:
    """An installation that has erased PERSON."""
    copy = copied(quiet, tmp_path)
    with connect(copy) as con:
        erased.remember(con, copy, PERSON, ERASED_AT, "request")
    return copy


def consent(address: str, moment: datetime, status: str = "opt_in") -> dict[str, object]:
    channel = "email" if "@" in address else "sms"
    return {
        "address": address,
        "channel": channel,
        "purpose": "marketing",
        "status": status,
        "method": "form",
        "occurred_at": moment.isoformat(),
    }


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("a.da+x@googlemail.com", "ada@gmail.com"),
        ("a.da+x@outlook.com", "a.da@outlook.com"),
        ("a.da+x@shop.example", "a.da+x@shop.example"),
        ("+49301234567", "+49301234567"),
    ],
)
def test_mailboxes(address: str, mailbox: str) -> None:
    assert erased.mailbox(address) == mailbox


def test_hashes_depend_on_the_key_and_name_nobody(made: Settings) -> None:
    key = erased.hash_key(made)
    found = rows(made, "select address_hash from raw_millrace.erasures order by 1")

    assert found == sorted(
        (erased.address_hash(key, name),) for name in (*PERSON.emails, *PERSON.phones)
    )
    assert erased.address_hash(b"another", "ada@gmail.com") not in {row[0] for row in found}
    assert (made.home / "erasure.key").stat().st_mode & 0o077 == 0
    kept = str(rows(made, "select * from raw_millrace.erasures"))
    assert not [name for name in ("gmail", "301234567") if name in kept]


def test_an_address_that_comes_back_is_known_in_any_column(made: Settings) -> None:
    land(made, "shop.consents", "1.ndjson", [consent(" A.da+shop@GoogleMail.com", AS_OF)])
    event = {
        "type": "identify",
        "messageId": "m1",
        "userId": "9",
        "timestamp": "2026-05-01T00:00:00Z",
        "traits": {"phone": "+49 (30) 123-4567", "email": "somebody@else.example"},
    }
    land(made, "segment.events", "1.ndjson", [event])
    refresh(made, "stg_millrace__erased_addresses")

    assert rows(
        made,
        "select address, channel, erased_at from staging.stg_millrace__erased_addresses order by 1",
    ) == [
        ("+49301234567", "sms", naive(ERASED_AT)),
        ("a.da+shop@googlemail.com", "email", naive(ERASED_AT)),
    ]


def test_a_load_that_was_killed_before_the_look_is_looked_at_by_the_next(
    made: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    land(made, "shop.consents", "1.ndjson", [consent("ada@gmail.com", ERASED_AT)])
    with monkeypatch.context() as patched:
        patched.setattr("warehouse.load.recognise", lambda *_: 0)
        refresh(made, SUPPRESSED)
    assert rows(made, "select count(*) from raw_millrace.erased_addresses") == [(0,)]

    refresh(made, SUPPRESSED)

    assert rows(made, f"select reason from intermediate.{SUPPRESSED}") == [("erasure",)]


CASES = st.lists(
    st.tuples(
        st.integers(-200, 200),  # days after the erasure
        st.sampled_from(["opt_in", "double_opt_in", "opt_out"]),
    ),
    max_size=5,
)


@settings(max_examples=2, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(CASES, min_size=30, max_size=60), st.integers(-100, 150), st.randoms())
def test_erased_and_created_again_never_gets_weaker(
    quiet: Settings,
    tmp_path_factory: pytest.TempPathFactory,
    histories: list[list[tuple[int, str]]],
    as_of_day: int,
    random: object,
) -> None:
    """Whatever is loaded again, in whatever order and how often: only a newer word of the person lifts an erasure."""
    made = copied(quiet, tmp_path_factory.mktemp("again"))
    names = [f"p{number}@mail.example" for number in range(len(histories))]
    with connect(made) as con:
        erased.remember(con, made, Person((), tuple(names), ()), ERASED_AT, "request")
    said = [
        consent(name, ERASED_AT + timedelta(days=day), status)
        for name, history in zip(names, histories, strict=True)
        for day, status in history
    ]
    random.shuffle(said)  # type: ignore[attr-defined]
    land(made, "shop.consents", "1.ndjson", said[::2] + said[:5])
    refresh(made, SUPPRESSED)
    land(
        made,
        "shop.consents",
        "2.ndjson",
        said[1::2] + said[:7] + [consent(n, ERASED_AT) for n in names],
    )
    as_of = ERASED_AT + timedelta(days=as_of_day)
    refresh(made, SUPPRESSED, as_of=as_of)

    expected = {
        name
        for name, history in zip(names, histories, strict=True)
        if not any(0 < day <= as_of_day and status != "opt_out" for day, status in history)
    }
    held = rows(made, f"select address from intermediate.{SUPPRESSED} where reason = 'erasure'")
    assert {row[0] for row in held} == expected
