"""Erasure of awkward people: short ids, damaged rows, interrupted attempts, deliveries that are not over.

An erasure builds again what was built: of `erased`, from which several tests read, that is every model.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from activations.ledger import open_ledger
from activations.outbox import cancel, propose
from activations.schema import PAYLOAD, PLAN, RUN
from orchestration import erase as erasing
from orchestration.erase import Certificate, erase, look, pending, whom
from tests.orchestration.installation import (
    AS_OF,
    copied,
    installation,
    land,
    refresh,
    rows,
    traces,
)
from warehouse import builds
from warehouse.clock import naive
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.errors import ErasureError
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings

EMAIL, PHONE = "Ada.Almeida@mail.example", "+49301234567"
IP = "198.51.100.77"
NAMES = (EMAIL, "49301234567", "Almeida", "Bonn-Endenich", IP)
NODES = "int_identity__nodes"
CONTACTS = "shop/contacts/1.ndjson"
ORDERS = "select count(*), sum(revenue_cents) from marts.fct_orders"
NOW = naive(AS_OF)


def contact(contact_id: str, email: str, **more: str) -> dict[str, str]:
    day = "2026-01-01T00:00:00Z"
    return {"contact_id": contact_id, "email": email, "created_at": day, "updated_at": day, **more}


@pytest.fixture
def made(template: Settings, tmp_path: Path) -> Settings:
    """A copy of the template, to be changed."""
    return copied(template, tmp_path / "home")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two people with short ids: 42 is to go, 43 stays; a quantity of 42 is nobody. Built once, never changed."""
    home = installation(tmp_path_factory.mktemp("template") / "home")
    ada = {
        "first_name": "Ada",
        "last_name": "Almeida",
        "city": "Bonn-Endenich",
        "phone": "+49 30 1234567",
    }
    land(
        home,
        "shop.contacts",
        "1.ndjson",
        [contact("42", EMAIL, **ada), contact("43", "bo@mail.example", last_name="Berg")],
    )
    land(
        home,
        "segment.events",
        "1.ndjson.gz",
        [
            {
                "type": "track",
                "event": "Order Completed",
                "messageId": f"m{number}",
                "anonymousId": f"d-{user}",
                "userId": user,
                "timestamp": "2026-05-01T00:00:00Z",
                "properties": {"order_id": f"o{number}", "revenue": 42, "quantity": 42},
                "traits": {"lastName": "Almeida"} if user == "42" else {},
                "context": {"ip": "192.0.2.1", "timezone": "Europe/Berlin"},
            }
            for number, user in enumerate(["42", "43", "42"])
        ],
    )
    folder = home.landing / "shop" / "consents"
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text(
        "address,channel,purpose,status,method,occurred_at\r\n"
        f'{EMAIL},email,marketing,opt_in,"form, ""footer""\nof the page",2026-01-01T00:00:00Z\r\n'
        "bo@mail.example,email,marketing,opt_in,form,2026-01-01T00:00:00Z\r\n"
        f"{EMAIL},email,marketing,opt_in,form,not a time\r\n"
        f"{EMAIL},too,short\r\n",
        encoding="utf-8",
    )
    signs_up(home)
    (home.home / "notes.txt").write_text(f"call {PHONE}, not 42", encoding="utf-8")
    refresh(home, NODES, "fct_orders", "dim_contacts", "dim_pending_confirmations")
    return home


def signs_up(home: Settings) -> None:
    """The person on a form, and by the links that confirm and that leave; each with the IP address it came from."""
    at, proof = "2026-06-20T00:00:00Z", {"ip": IP, "user_agent": "Firefox"}
    who = {"channel": "email", "address": EMAIL, "evidence": proof}
    said = {
        "channel": "email",
        "purpose": "news",
        "text": "Yes",
        "version": "1",
        "opt_in": "double",
    }
    form = {
        "form": "letter",
        "email": EMAIL,
        "traits": {"last_name": "Almeida"},
        "consents": [said],
        "evidence": proof,
        "submitted_at": at,
    }
    sent = [{"submission_id": number, **form} for number in ("s1", "s2")]
    yes = {"confirmation_id": "c1", "submission_id": "s1", "confirmed_at": at, **who}
    no = {"preference_id": "p1", "purpose": "news", "status": "opt_out", "occurred_at": at, **who}
    land(home, "forms.submissions", "1.ndjson", sent)
    land(home, "forms.confirmations", "1.ndjson", [yes])
    land(home, "forms.preferences", "1.ndjson", [no])


def present(settings: Settings) -> set[str]:
    """The models that are in the warehouse."""
    with connect(settings) as con:
        return set(builds.present(con, load_manifest(settings)))


@dataclass(frozen=True)
class Erased:
    """An installation after an erasure, for tests that only read it; `old` is the bytes of a file before it."""

    settings: Settings
    done: Certificate
    old: bytes
    orders: list[tuple[Any, ...]]
    message: str


@pytest.fixture(scope="module")
def erased(template: Settings, tmp_path_factory: pytest.TempPathFactory) -> Erased:
    """Ada is erased, of whom every model may tell, the ledger two rows and the outbox a message that was cancelled."""
    made = copied(template, tmp_path_factory.mktemp("erased") / "home")
    manifest = load_manifest(made)
    refresh(made, *manifest.models)
    built = present(made)
    plan(made, "acked", "in_doubt")
    message = proposed(made)
    orders = rows(made, ORDERS)
    old = (made.landing / CONTACTS).read_bytes()
    assert len(traces(made.home, NAMES)) >= 8
    assert rows(made, "select count(*) from landing.quarantine") == [(2,)]
    done = erase(made, " ada.almeida@MAIL.example", "request", print)
    assert (
        present(made)
        == built
        >= {n for n, m in manifest.models.items() if m.materialized != "ephemeral"}
    )
    return Erased(made, done, old, orders, message)


def test_short_ids_damaged_rows_and_notes(erased: Erased) -> None:
    made, done = erased.settings, erased.done
    assert done.is_clean
    assert traces(made.home, NAMES) == {}
    assert rows(made, ORDERS) == erased.orders == [(3, 12600)]
    users = "select user_id, anonymous_id, properties->>'quantity' from raw_segment.events order by message_id"
    first, other, second = rows(made, users)
    assert other == ("43", "d-43", "42")
    assert first == second
    assert first[0].startswith(done.erasure_id)
    assert first[1] != "d-42"
    assert first[2] == "42"
    assert rows(
        made, "select contact_id, last_name from marts.dim_contacts where email is not null"
    ) == [("43", "Berg")]
    assert rows(made, "select distinct original, reason from landing.quarantine") == [
        ("[erased]", "[erased]")
    ]
    assert (made.home / "notes.txt").read_text(encoding="utf-8").endswith(", not 42")
    # Everybody else's records are the same bytes as before; the person's good one is gone, damaged ones are blanked.
    lines = (made.landing / "shop/consents/1.csv").read_text(encoding="utf-8").splitlines()
    assert lines[1] == "bo@mail.example,email,marketing,opt_in,form,2026-01-01T00:00:00Z"


def test_the_erased_file_is_the_same_file_to_the_loader(erased: Erased, tmp_path: Path) -> None:
    made = copied(erased.settings, tmp_path / "home")
    assert refresh(made, NODES) == []
    path = made.landing / CONTACTS
    path.with_name("copy.ndjson").write_bytes(path.read_bytes())
    path.with_name("old.ndjson").write_bytes(erased.old)

    results = {result.path: result.status for result in refresh(made, NODES)}

    assert results == {
        "shop/contacts/copy.ndjson": "duplicate",
        "shop/contacts/old.ndjson": "duplicate",
    }


@pytest.mark.parametrize(
    ("stage", "who"), [("_build", "42"), ("prove.search", EMAIL), ("swap", "42")]
)
def test_an_attempt_that_was_killed_is_finished_by_the_next(
    made: Settings, stage: str, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    place = (
        "warehouse.erase_files.Rewritten.swap"
        if stage == "swap"
        else f"orchestration.erase.{stage}"
    )
    built = present(made)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(place, die)
        erase(made, who, "request", print)
    assert pending(made)
    assert (made.home / erasing.JOURNAL).stat().st_mode & 0o077 == 0
    # Meanwhile somebody runs what they always run.
    with connect(made) as con:
        for known in contracts(load_manifest(made)).values():
            assert load_table(con, made, known, AS_OF) == []
    with pytest.raises(ErasureError, match="--resume"):
        erase(made, "43", "request", print)

    done = erase(made, None, "", print)

    assert done.is_clean
    assert not pending(made)
    assert present(made) == built
    assert traces(made.home, NAMES) == {}
    assert set(done.tables) >= {"raw_shop.contacts", "raw_shop.consents", "raw_segment.events"}
    assert "segment/events/1.ndjson.gz" in done.files
    assert rows(made, "select count(*) from raw_shop.contacts") == [(1,)]
    assert rows(made, "select count(*) from raw_segment.events") == [(3,)]


def test_what_is_left_is_reported_and_the_erasure_stays_open(made: Settings) -> None:
    """What somebody is still writing is not touched; a packed file that is no packed file is looked at as it is."""
    spool = made.landing / "shop" / "contacts" / ".spool-1.ndjson"
    spool.write_text(json.dumps(contact("42", EMAIL)), encoding="utf-8")
    odd = made.home / "dump.bin.gz"
    odd.write_bytes(b"\x1f\x8b not really packed, but " + EMAIL.encode())

    done = erase(made, EMAIL, "request", print)

    assert not done.is_clean
    assert set(done.search.hits) == {"landing/shop/contacts/.spool-1.ndjson"}
    assert EMAIL.encode() not in odd.read_bytes()
    assert pending(made)
    spool.unlink()
    assert erase(made, None, "", print).is_clean


def test_a_dry_run_changes_nothing(made: Settings) -> None:
    def state() -> dict[Path, bytes]:
        files = (path for path in made.home.rglob("*") if path.is_file())
        return {
            path: path.read_bytes() for path in files if path.suffix not in (".duckdb", ".lock")
        }

    person = whom(made, "42")
    before = state()
    found = look(made, person)

    assert person.emails == (EMAIL.lower(),)
    assert person.phones == (PHONE,)
    assert "warehouse.duckdb: raw_shop.contacts" in found.hits
    assert state().keys() - before.keys() <= {made.home / "ledger.sqlite"}
    assert all(state()[path] == content for path, content in before.items())


@pytest.mark.parametrize("who", ["nobody", "030 1234567", ""])
def test_nobody_is_no_person(made: Settings, who: str) -> None:
    with pytest.raises(ErasureError, match="there is no contact"):
        erase(made, who, "request", print)
    assert not pending(made)


def test_an_address_that_is_no_contact_is_erased_and_remembered(made: Settings) -> None:
    done = erase(made, "never.seen@mail.example", "request", print)

    assert done.is_clean
    assert rows(made, "select channel from raw_millrace.erasures") == [("email",)]


def plan(settings: Settings, *states: str, run_state: str = "delivered") -> None:
    """Rows of the ledger for Ada, as a delivery left them."""
    outcomes = ("delivered", "rejected", "deferred", "suppressed", "in_doubt")
    counts: dict[str, Any] = dict.fromkeys([f"planned_{name}" for name in outcomes], 0)
    run = {
        "run_id": "r1",
        "sync": "sync_x",
        "destination": "x",
        "target": "{}",
        "as_of": NOW,
        "planned_at": NOW,
        "state": run_state,
        "rows_in": len(states),
        "unchanged": 0,
        "invalid": 0,
    }
    row = {
        "run_id": "r1",
        "sync": "sync_x",
        "operation": "create",
        "is_permanent": False,
        "attempt": 1,
        "vendor_id": "v-1",
        "contact_id": "42",
        "attempted_at": NOW,
    }
    payload = json.dumps({"payload": {"email": EMAIL, "name": "Almeida"}, "changed": []})
    with open_ledger(settings) as ledger, ledger.engine.begin() as con:
        con.execute(sa.insert(RUN).values(**run, **counts))
        for seq, state in enumerate(states):
            own = {"seq": seq, "key_hash": f"h{seq}", "state": state, "settled_state": state}
            con.execute(sa.insert(PLAN).values(**row, **own))
            con.execute(sa.insert(PAYLOAD).values(run_id="r1", seq=seq, payload=payload))


def proposed(settings: Settings) -> str:
    """A message to Ada in the outbox that was cancelled in words that name her; returns its id."""
    with connect(settings) as con:
        propose(
            con,
            "select 'journey' as source, 'cart' as source_name, 'e1' as enrollment_id, '42' as contact_id, "
            f"'email' as channel, 'hello' as message, 'marketing' as purpose, '{EMAIL}' as address, "
            '\'{"name": "Almeida"}\' as data',
            AS_OF,
        )
        (key,) = con.execute("select message_id from activations.outbox").fetchall()[0]
        cancel(con, f"select '{key}'", f"asked by {EMAIL}", AS_OF)
    return str(key)


def test_the_ledger_keeps_counts_and_forgets_the_person(erased: Erased) -> None:
    made, done = erased.settings, erased.done
    assert done.others["ledger"] == 2
    with closing(sqlite3.connect(made.home / "ledger.sqlite")) as con:
        query = "select state, settled_state, vendor_id, contact_id, key_hash from act_plan order by seq"
        acked, doubted = con.execute(query).fetchall()
        assert con.execute("select count(*) from act_payload").fetchall() == [(0,)]
    assert acked == ("acked", "acked", None, f"{done.erasure_id}-1", "h0")
    assert doubted == ("rejected", "rejected", None, f"{done.erasure_id}-1", "h1")
    with open_ledger(made) as ledger:
        assert ledger.unsettled() == []
        assert ledger.in_doubt("sync_x") == []


def test_the_outbox_keeps_its_rows_and_forgets_the_person(erased: Erased) -> None:
    """What was meant for them stays as a count, without address, words or contact; it can never be sent."""
    kept = rows(
        erased.settings,
        "select message_id, address, data, contact_id, state from activations.outbox",
    )
    assert kept == [(erased.message, None, None, f"{erased.done.erasure_id}-1", "cancelled")]


def test_a_delivery_under_way_is_waited_for(made: Settings) -> None:
    plan(made, "in_flight", run_state="delivering")

    with pytest.raises(ErasureError, match="sync_x is under way"):
        erase(made, "42", "request", print)

    assert not pending(made)
    assert look(made, whom(made, "42")).hits
