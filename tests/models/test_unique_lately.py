"""The test `unique_lately` finds a key that occurs twice, whichever load brought either, and asks about the newest alone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.models.installation import Installation
from tests.models.test_touched import mail
from warehouse.connection import exclusive
from warehouse.manifest import options

STATES = "int_messages__states"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """One message of each of two loads."""
    found = Installation(tmp_path_factory.mktemp("built"))
    told = [mail(number, "Delivery", "a@mail.example") for number in (1, 2)]
    found.land("postmark.events", [{**one, "MessageID": f"m{one['ID']}"} for one in told])
    found.build(STATES)
    found.rows(f"update intermediate.{STATES} set batch = batch - 1 where message_id like '%m1%'")
    assert failures(found) == 0
    return found


@pytest.fixture
def home(built: Installation, tmp_path: Path) -> Installation:
    """A copy of it."""
    return built.copy(tmp_path)


def failures(home: Installation) -> int:
    """How many keys the test names, asked of the table as it stands."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    os.environ["MILLRACE_WAREHOUSE"] = str(home.settings.database)
    with exclusive(home.settings):
        try:
            outcome = dbtRunner().invoke(["test", "--select", STATES, *options(home.settings)])
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    (count,) = [
        one.failures
        for one in outcome.result.results  # type: ignore[union-attr]
        if one.node.name.startswith(f"unique_lately_{STATES}")
    ]
    return int(count)


def repeat(home: Installation, where: str, **changed: str) -> None:
    """Put rows into the table once more, with some columns changed."""
    changes = ", ".join(f"{value} as {name}" for name, value in changed.items())
    columns = f"* replace ({changes})" if changes else "*"
    table = f"intermediate.{STATES}"
    home.rows(f"insert into {table} select {columns} from {table} where {where}")


def test_a_repeat_within_the_newest_load_is_found(home: Installation) -> None:
    """Both rows are of the newest load."""
    repeat(home, "message_id like '%m2%'")

    assert failures(home) == 1


def test_a_repeat_of_an_older_load_is_found(home: Installation) -> None:
    """The newest load brought what an older one, of that week, had."""
    repeat(home, "message_id like '%m2%'", batch="batch - 1")

    assert failures(home) == 1


def test_what_was_judged_before_is_not_asked_again(home: Installation) -> None:
    """A repeat among rows of the first load was found when that load came."""
    repeat(home, "message_id like '%m1%'")

    assert failures(home) == 0


def test_the_only_load_is_asked_whole(home: Installation) -> None:
    """In a table of one load every repeat is found; rows without a key are another test's."""
    home.rows(f"update intermediate.{STATES} set batch = 7")
    repeat(home, "message_id like '%m1%'", message_id="cast(null as varchar)")
    repeat(home, "message_id is null")
    assert failures(home) == 0

    repeat(home, "message_id like '%m1%'")

    assert failures(home) == 1
