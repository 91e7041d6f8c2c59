"""The ledger's claims once more, on a real PostgreSQL server that one setting points to."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from activations import leases
from activations.errors import LeaseError, LedgerError
from activations.ledger import Ledger, open_ledger
from tests.activations import (
    test_conformance,
    test_deliver,
    test_jobs,
    test_kill,
    test_pace,
    test_plan,
)
from tests.activations.conftest import KINDS, Clock, Desk, desk_for
from tests.activations.postgres import server

psycopg = pytest.importorskip("psycopg", reason="the driver is not here: millrace[postgres]")

importing = test_jobs.importing
# The same functions, collected here, with this module's `ledger_url`.
for module, names in {
    test_conformance: (
        "a_crash_around_a_request_neither_loses_nor_repeats",
        "a_crash_around_a_commit_neither_loses_nor_repeats",
        "a_wait_beyond_the_budget_defers_the_rows",
        "every_run_accounts_for_every_row",
    ),
    test_deliver: (
        "a_send_without_an_answer_is_never_repeated_but_looked_up",
        "a_warehouse_that_forgot_does_not_send_again",
        "only_one_process_delivers_a_sync",
        "payloads_are_forgotten_once_settled",
    ),
    test_jobs: (
        "a_job_that_outlives_the_run_is_finished_by_the_next",
        "a_process_killed_while_it_waits_leaves_the_job_to_the_next",
        "a_job_that_vanished_ends_with_the_reason",
        "an_older_ledger_gets_the_columns_it_lacks",
        "an_older_ledger_goes_on_with_the_payloads_of_its_open_rows",
        "a_process_killed_while_it_moves_payloads_leaves_the_older_ledger",
        "a_person_erased_meanwhile_does_not_confuse_the_report",
    ),
    test_kill: ("killed_runs_end_in_the_same_state",),
    test_pace: ("a_backfill_lets_changes_of_the_same_account_go_first",),
    test_plan: ("a_plan_can_be_made_inspected_and_delivered_later",),
}.items():
    for name in names:
        globals()[f"test_{name}"] = getattr(module, f"test_{name}")


@pytest.fixture(params=["activecampaign", "twilio"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, ledger_url: str) -> Desk:
    """One that may send again, by jobs, and one that may not."""
    return desk_for(KINDS[request.param], tmp_path / "home", ledger_url)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture
def ledger_url(postgres: str) -> Iterator[str]:
    """A database of the test's own."""
    name = f"ledger_{uuid.uuid4().hex[:12]}"
    admin = sa.create_engine(
        f"{postgres}/postgres".replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as con:
        con.execute(sa.text(f"create database {name}"))
    yield f"{postgres.replace('postgresql:', 'postgresql+psycopg:')}/{name}"
    with admin.connect() as con:
        con.execute(sa.text(f"drop database {name} with (force)"))
    admin.dispose()


def test_the_plain_url_is_enough(ledger_url: str, hubspot: Desk) -> None:
    """Nobody needs to know the driver's name, and no file is made beside the warehouse."""
    plain = ledger_url.replace("postgresql+psycopg:", "postgresql:")
    hubspot.settings = replace(hubspot.settings, ledger_url=plain)
    hubspot.fill(hubspot.rows(3))

    assert hubspot.go().counts["delivered"] == 3
    assert not list(hubspot.settings.home.glob("ledger*"))


def test_many_processes_may_open_a_new_ledger_at_once(ledger_url: str) -> None:
    """`create table if not exists` alone fails there for those who come at the same time."""
    failures: list[BaseException] = []

    def opens() -> None:
        try:
            Ledger(ledger_url).close()
        except sa.exc.SQLAlchemyError as error:
            failures.append(error)

    threads = [threading.Thread(target=opens) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_a_name_is_held_by_one_of_many_who_want_it(ledger_url: str) -> None:
    """Eight at once, on eight connections: one gets it, and the fence counts every holder."""
    ledger, together, won = Ledger(ledger_url), threading.Barrier(8), list[int]()
    done = threading.Barrier(8)

    def wants() -> None:
        together.wait()
        try:
            with leases.hold(ledger.engine, "account", Clock().timer()) as lease:
                won.append(lease.fence)
                done.wait()
        except LeaseError:
            done.wait()

    threads = [threading.Thread(target=wants) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger.close()

    assert won == [1]


def test_what_a_vendor_says_fits_whatever_it_says(hubspot: Desk) -> None:
    """A strict database must not stop a delivery for a long code, a long id or a zero byte."""
    error: dict[str, Any] = {
        "category": "C" * 300,
        "message": "bad\x00 name",
        "context": {"objectWriteTraceId": ["1"]},
    }
    result = {"id": "9" * 400, "properties": {}, "objectWriteTraceId": "2"}
    hubspot.vendor.faults = [lambda *_: (207, {}, {"results": [result], "errors": [error]})]
    hubspot.fill(hubspot.rows(2))

    counts = hubspot.go().counts

    assert (counts["delivered"], counts["rejected"]) == (1, 1)
    with open_ledger(hubspot.settings) as ledger, ledger.engine.connect() as con:
        kept = con.execute(sa.text("select vendor_id, message from act_plan order by seq")).all()
    assert [tuple(row) for row in kept] == [(None, "bad name"), ("9" * 400, None)]


def test_a_database_without_a_driver_is_named() -> None:
    """The fix stands in the error."""
    with pytest.raises(LedgerError, match=r"millrace\[postgres\]"):
        Ledger("nosuch://host/db")
