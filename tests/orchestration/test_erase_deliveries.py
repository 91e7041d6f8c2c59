"""After deliveries with failures and retries, erasing a person leaves no byte of theirs, and every count as it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from activations import alarm
from activations.schema import METADATA
from orchestration.erase import erase
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for
from tests.activations.postgres import server
from tests.activations.scripted import answers, times_out
from tests.activations.vendors.feed import KEY
from tests.orchestration.installation import copied, installation, land, refresh, rows, traces
from warehouse.settings import Settings

EMAIL, PHONE, VISITOR = (
    "ada.almeida@mail.example",
    "+49301234567",
    "9b1f3c52-7d8e-4f60-a1b2-c3d4e5f60718",
)
NAMES = (
    EMAIL,
    "ada.almeida%40mail.example",
    "49301234567",
    "Almeida",
    "Bonn-Endenich",
    "CONTACT-ADA-77",
    VISITOR,
)
DAY = "2026-01-01T00:00:00Z"
PEOPLE = 25
THEIRS = 7  # her place among them
SAID = f"{EMAIL} ({PHONE}) is not welcome"


def visitor(one: dict[str, Any]) -> str:
    """The anonymous id that somebody browses with."""
    return VISITOR if one.get("city") else f"{one['contact_id']}-0123456789abcdef"


def contact(number: int) -> dict[str, Any]:
    if number == THEIRS:
        return {
            "contact_id": "CONTACT-ADA-77", "email": EMAIL, "phone": "+49 30 1234567", "first_name": "Ada",
            "last_name": "Almeida", "city": "Bonn-Endenich", "created_at": DAY, "updated_at": DAY,
        }  # fmt: skip
    return {
        "contact_id": f"CONTACT-{number:04}", "email": f"person{number}@mail.example",
        "phone": f"+4930999{number:04}", "last_name": f"Berg{number}", "created_at": DAY, "updated_at": DAY,
    }  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def made(request: pytest.FixtureRequest, template: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the template with its ledger in a file, or in a real PostgreSQL server."""
    home = replace(copied(template, tmp_path / "home"), feed_key=KEY)
    if request.param == "sqlite":
        yield home
        return
    pytest.importorskip("psycopg", reason="the driver is not here: millrace[postgres]")
    with server() as url:
        yield replace(home, ledger_url=f"{url}/postgres")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Everybody landed and built, once."""
    home = installation(tmp_path_factory.mktemp("template") / "home")
    land(home, "shop.contacts", "1.ndjson", [contact(number) for number in range(PEOPLE)])
    event = {
        "type": "identify", "messageId": "m1", "anonymousId": VISITOR, "userId": "CONTACT-ADA-77",
        "timestamp": DAY, "traits": {"email": EMAIL},
    }  # fmt: skip
    land(home, "segment.events", "1.ndjson", [event])
    refresh(home, "int_identity__nodes", "fct_touches", "dim_suppressions")
    return home


def desk(home: Settings, which: str, /, **columns: Any) -> Desk:
    """A sync of one destination over everybody; `columns` say by contact what its rows hold."""
    kind = KINDS[which]
    kind = replace(
        kind,
        columns={**{c: kind.columns.get(c, "varchar") for c in columns}, "contact_id": "varchar"},
    )
    made = desk_for(kind, home.home, home.ledger_url)
    made.settings = home
    made.environ |= {"MILLRACE_HOME": str(home.home), "MILLRACE_FEED_KEY": KEY}
    people = [contact(number) for number in range(PEOPLE)]
    made.everybody = [
        {**{c: f(one) for c, f in columns.items()}, "contact_id": one["contact_id"]}
        for one in people
    ]
    made.fill(made.everybody)
    return made


def quoting(name: str) -> Any:
    """The vendor breaks down at the first request about her, and quotes what it got."""

    def fault(request: Any, handle: Any) -> Any:
        body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
        if EMAIL in body or PHONE[1:] in body:
            return 500, {}, {"message": f"{SAID}: {name}"}
        vendor = handle.__self__
        vendor.faults.insert(0, fault)
        return handle(request)

    return fault


def deliver(home: Settings) -> dict[str, Desk]:
    """Everybody to five destinations: refused, throttled, broken off, in doubt, opted out, tried again."""
    name = lambda one: f"{one.get('first_name', 'X')} {one['last_name']}"  # noqa: E731
    desks = {
        "hubspot.contact": desk(home, "hubspot.contact", email=lambda o: o["email"], firstname=name),
        "mailchimp": desk(home, "mailchimp", email_address=lambda o: o["email"], lname=lambda o: o["last_name"]),
        "listmonk": desk(home, "listmonk", email=lambda o: o["email"], name=name),
        "twilio": desk(
            home, "twilio", message_key=lambda o: f"cart:{o['contact_id']}", To=lambda o: o["phone"].replace(" ", ""),
            Body=lambda o: f"Dear {name(o)}, your cart", SendAt=lambda o: None,
        ),
        "smtp": desk(
            home, "smtp", message_key=lambda o: f"hi:{o['email']}", to=lambda o: o["email"],
            subject=lambda o: f"For {name(o)}", text=lambda o: f"Hello {name(o)} of {o.get('city')}",
        ),
        "feed": desk(
            home, "feed", visitor_id=visitor,
            headline=lambda o: f"Welcome back, {name(o)}",
        ),
    }  # fmt: skip
    desks["feed"].vendor = None
    desks["listmonk"].vendor.made = 70_000_000_000  # ids that stand nowhere by chance
    for name in ("hubspot.contact", "mailchimp", "listmonk"):
        desks[name].vendor.faults = [quoting("Ada Almeida" if name != "mailchimp" else "Almeida")]
    desks["twilio"].vendor.faults = [quoting("")]
    desks["smtp"].vendor.faults = [
        answers(429, {"Retry-After": "1"}),
        answers(500, body={"message": "busy"}),
    ]
    desks["hubspot.contact"].vendor.bad_keys = {EMAIL}
    desks["mailchimp"].vendor.left_keys = {EMAIL}
    desks["smtp"].vendor.left_keys = {EMAIL}
    desks["twilio"].vendor.faults += [times_out] * 2
    for day in range(3):
        for one in desks.values():
            one.go(AS_OF + timedelta(days=day))
            alarm.look(home, one.sync)
    return desks


def counts(home: Settings) -> dict[str, Any]:
    """What must add up afterwards as it did before."""
    found: dict[str, Any] = {
        query: sorted(rows(home, query))
        for query in (
            "select sync, outcome, code, count(*) from raw_activations.receipts group by all",
            "select sync, state, rows_in, delivered, rejected, in_doubt, deferred from activations.plans",
            "select sync, kind, words from activations.alerts",
            "select count(*) from marts.fct_touches where kind in ('message', 'decision', 'sync')",
        )
    }
    engine = sa.create_engine(home.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as con:
        for table in METADATA.sorted_tables:
            if table.name in ("act_run", "act_batch", "act_attempt", "act_job"):
                found[table.name] = con.execute(
                    sa.select(sa.func.count()).select_from(table)
                ).scalar_one()
        query = "select sync, count(*) from act_plan group by sync order by 1"
        found["act_plan"] = [tuple(row) for row in con.execute(sa.text(query))]
    engine.dispose()
    return found


def ledger_texts(home: Settings) -> str:
    engine = sa.create_engine(home.ledger_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as con:
        texts = [str(con.execute(sa.select(table)).all()) for table in METADATA.sorted_tables]
    engine.dispose()
    return " ".join(texts)


def test_nothing_is_left_and_everything_adds_up(made: Settings) -> None:
    """Every byte below the home folder, the ledger's free pages and log included; vendors' ids of her as well."""
    desks = deliver(made)
    refresh(made, "fct_touches", "dim_suppressions")
    ids = {
        str(row[0])
        for row in rows(
            made,
            "select vendor_id from raw_activations.receipts where contact_id = 'CONTACT-ADA-77' "
            "and length(vendor_id) > 5 and vendor_id is not null",
        )
    }
    names = (*NAMES, *ids)
    assert ids, "some vendor knows her by an id"
    assert len(traces(made.home, NAMES)) >= 4
    # What Mailchimp said kept the mail server from her: one answer, and one message withheld.
    closed = "select destination, status from raw_activations.opt_outs"
    assert rows(made, closed) == [("mailchimp", "opt_out")]
    assert rows(made, "select sync, state from raw_activations.withheld") == [
        ("sync_smtp_message", "suppressed")
    ]
    before = counts(made)

    done = erase(made, EMAIL, "asked by mail", lambda _: None)

    assert done.is_clean, done.search.hits
    assert traces(made.home, names) == {}
    said = ledger_texts(made).lower()
    assert [name for name in names if name.lower() in said] == []
    assert counts(made) == before
    assert done.others["feed"] == 1
    # Nobody else has lost anything, and nothing goes out a second time.
    sent = {name: len(one.vendor.writes()) for name, one in desks.items() if one.vendor}
    for name in ("twilio", "smtp"):
        desks[name].fill(
            [row for row in desks[name].everybody if row["contact_id"] != "CONTACT-ADA-77"]
        )
        desks[name].go(AS_OF + timedelta(days=9))
        assert len(desks[name].vendor.writes()) == sent[name]


def test_a_reader_of_the_ledger_keeps_the_erasure_open(tmp_path: Path) -> None:
    """SQLite's log cannot be cut while somebody reads: that is said, not passed over."""
    import sqlite3
    from contextlib import closing

    from activations.erase import _vacuum
    from activations.ledger import open_ledger
    from warehouse.errors import ErasureError

    home = installation(tmp_path / "home")
    with (
        open_ledger(home) as ledger,
        closing(sqlite3.connect(home.home / "ledger.sqlite")) as reader,
    ):
        reader.execute("begin")
        reader.execute("select count(*) from act_run").fetchall()
        with ledger.engine.begin() as con:
            con.execute(
                sa.text("insert into act_waiter values ('x', 'y', 0, '2026-01-01 00:00:00')")
            )
        with pytest.raises((ErasureError, sa.exc.OperationalError)):
            _vacuum(ledger)
