"""What a destination's answer says of an address closes it: at the next build, for every destination, whatever else is held."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.models.installation import AS_OF, Installation
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure
from warehouse.load import last_batch
from warehouse.manifest import load_manifest

MODELS = ("dim_suppressions", "dim_reachable_addresses", "dim_contact_permissions")
SAID_AT = datetime(2026, 6, 10, 12)


def consent(address: str, at: datetime) -> dict[str, Any]:
    return {
        "address": address, "channel": "email", "purpose": "marketing", "status": "opt_in",
        "method": "form", "occurred_at": f"{at.isoformat()}Z",
    }  # fmt: skip


def answer(home: Installation, address: str, status: str, at: datetime = SAID_AT) -> None:
    """A receipt by which a destination closed an address."""
    with connect(home.settings) as con:
        ensure(con, contracts(load_manifest(home.settings)))
        batch = last_batch(con) + 1
        con.execute(
            "insert into raw_activations.receipts by name select ? as receipt_id, 'sync_x' as sync, "
            "'rejected' as outcome, cast(? as timestamp) as attempted_at, cast(? as bigint) as batch",
            [f"r{batch}", at, batch],
        )
        con.execute(
            "insert into raw_activations.opt_outs by name select ? as receipt_id, 'sync_x' as sync, "
            "'mailchimp' as destination, ? as address, 'email' as channel, ? as status, "
            "cast(? as timestamp) as occurred_at, cast(? as bigint) as batch",
            [f"r{batch}", address, status, at, batch],
        )


def closed(home: Installation) -> dict[str, str]:
    return dict(home.rows("select address, reason from marts.dim_suppressions"))


@pytest.fixture
def home(consented: Installation, tmp_path: Path) -> Installation:
    """A copy, to be changed."""
    return consented.copy(tmp_path)


@pytest.fixture(scope="module")
def consented(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Three people who have consented, built once."""
    made = Installation(tmp_path_factory.mktemp("consented"))
    names = ("ada", "bo", "cy")
    day = "2026-01-01T00:00:00Z"
    made.land(
        "shop.contacts",
        [
            {"contact_id": n, "email": f"{n}@mail.example", "created_at": day, "updated_at": day}
            for n in names
        ],
    )
    made.land("shop.consents", [consent(f"{n}@mail.example", datetime(2026, 1, 1)) for n in names])
    made.build(*MODELS)
    assert closed(home=made) == {}
    return made


def test_the_next_build_closes_the_address_and_reads_only_the_news(home: Installation) -> None:
    """The consent ledger gets one row for each answer; an answer that comes again changes nothing."""
    held = home.rows("select count(*) from intermediate.int_consents__ledger")[0][0]
    answer(home, "ada@mail.example", "opt_out")
    answer(home, "bo@mail.example", "hard_bounce")

    built = home.build(*MODELS)

    assert closed(home) == {"ada@mail.example": "opt_out", "bo@mail.example": "hard_bounce"}
    assert home.rows("select contact_id from marts.dim_reachable_addresses") == [("cy",)]
    assert home.rows(
        "select method, source, is_explicit, evidence from intermediate.int_consents__ledger where address like 'ada%' and status = 'opt_out'"
    ) == [("mailchimp:answer", "mailchimp", False, "r3")]
    assert home.rows("select count(*) - ? from intermediate.int_consents__ledger", [held]) == [(2,)]
    assert "int_identity__nodes" not in built, "an answer is no news of who is who"
    assert home.build(*MODELS) == []


def test_only_what_the_person_says_later_opens_it_again(home: Installation) -> None:
    """By the rules of any refusal: an earlier consent and one of the same moment open nothing."""
    for name in ("ada", "bo", "cy"):
        answer(home, f"{name}@mail.example", "opt_out")
    home.build(*MODELS)
    later, earlier = SAID_AT + timedelta(days=1), SAID_AT - timedelta(days=1)
    home.land(
        "shop.consents",
        [
            consent("ada@mail.example", SAID_AT),
            consent("bo@mail.example", earlier),
            consent("cy@mail.example", later),
        ],
    )

    home.build(*MODELS)

    assert closed(home) == {"ada@mail.example": "opt_out", "bo@mail.example": "opt_out"}


def test_an_answer_later_than_now_does_not_count_yet(home: Installation) -> None:
    """Models decide for the moment they are built for."""
    answer(home, "ada@mail.example", "opt_out", AS_OF.replace(tzinfo=None) + timedelta(days=1))
    home.build(*MODELS)
    assert closed(home) == {}

    home.build(*MODELS, as_of=AS_OF + timedelta(days=2))

    assert closed(home) == {"ada@mail.example": "opt_out"}
