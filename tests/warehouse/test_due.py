"""What is out of date is looked for under the lock that builds hold, so that two runs at once build it once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.models.installation import Installation, begin_without_rows
from warehouse import due
from warehouse.builds import recorded
from warehouse.connection import connect
from warehouse.due import Built, build_due, starved
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings
from warehouse.transform import NodeResult, build_held

MODELS = ["stg_shop__products", "dim_products"]


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Settings, Manifest, list[str]]:
    """An installation in which nothing is on record, and the models to build."""
    settings = Installation(tmp_path).settings
    begin_without_rows(settings)
    with connect(settings) as con:
        con.execute("delete from landing.built where name not like 'seed.%'")
    manifest = load_manifest(settings)
    return settings, manifest, manifest.with_inputs(MODELS)


def test_what_another_run_built_meanwhile_is_not_built_again(
    shop: tuple[Settings, Manifest, list[str]],
) -> None:
    """Both find the same models out of date before either builds; the one that waits for the lock finds them built."""
    settings, manifest, names = shop
    seen: list[int] = []
    others: list[Built] = []

    def other(count: int) -> None:
        seen.append(count)
        others.append(build_due(settings, manifest, names, seen.append))

    mine = build_due(settings, manifest, names, other)

    (theirs,) = others
    assert seen[0] == seen[1] == len(theirs.names) > 0
    assert theirs.failed == []
    assert set(MODELS) <= {one.name for one in theirs.results}
    assert (list(mine.names), list(mine.results)) == ([], [])


def test_what_became_due_meanwhile_is_built_too(shop: tuple[Settings, Manifest, list[str]]) -> None:
    """The second look decides alone: it is of the moment in which nobody else can change anything."""
    settings, manifest, names = shop
    build_due(settings, manifest, names)

    def forget(_: int) -> None:
        with connect(settings) as con:
            con.execute("delete from landing.built where name = 'dim_products'")

    with connect(settings) as con:
        con.execute("delete from landing.built where name = 'stg_shop__products'")
    built = build_due(settings, manifest, names, forget)

    assert sorted(built.names) == sorted(MODELS)
    assert built.failed == []


def memory_error() -> str:
    """What DuckDB says when a query needs more than it may have."""
    with duckdb.connect() as con, pytest.raises(duckdb.OutOfMemoryException) as error:
        con.execute("set memory_limit = '20MB'; set temp_directory = ''")
        con.execute("select list(range) from range(10_000_000)").fetchall()
    return str(error.value)


def result(name: str, status: str, message: str = "", kind: str = "model") -> NodeResult:
    return NodeResult(f"{kind}.millrace.{name}", name, kind, status, message, 0.1, None, "ERROR")


def test_what_ran_out_of_memory_is_built_once_more_alone_with_what_waited_for_it(
    shop: tuple[Settings, Manifest, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails as DuckDB does; the second is real, one by one, and what it built is on record."""
    settings, manifest, names = shop
    asked: list[tuple[list[str], bool]] = []

    def hold(
        settings: Settings,
        project: Any,
        names: Sequence[str],
        *,
        unit_tests: bool,
        one_by_one: bool = False,
    ) -> list[NodeResult]:
        asked.append((list(names), one_by_one))
        if not one_by_one:
            return [
                result(
                    "stg_shop__products", "error", f"Runtime Error in model\n  {memory_error()}"
                ),
                result("dim_products", "skipped"),
            ]
        return build_held(settings, project, names, unit_tests=unit_tests, one_by_one=one_by_one)

    monkeypatch.setattr(due, "build_held", hold)
    built = build_due(settings, manifest, names)

    assert asked == [(list(built.names), False), (sorted(MODELS), True)]
    assert (list(built.starved), built.failed) == (sorted(MODELS), [])
    with connect(settings) as con:
        assert set(MODELS) <= recorded(con).keys()


def test_only_want_of_memory_is_a_reason_to_try_again(
    shop: tuple[Settings, Manifest, list[str]],
) -> None:
    """Whoever waits for something that is wrong as well waits on: its inputs would be old ones."""
    _, manifest, _ = shop
    hungry = result("int_identity__nodes", "error", memory_error())
    waiting = [result("fct_orders", "skipped"), result("int_contacts__profiles", "skipped")]
    wrong = result("int_orders__orders", "error", "Binder Error: no such column")
    test = next(uid for uid, models in manifest.tested_by.items() if models == ("fct_orders",))
    starving_test = dataclasses.replace(
        result("a_test", "error", memory_error(), "test"), unique_id=test
    )

    assert starved(manifest, [wrong, *waiting]) == []
    assert starved(manifest, [hungry, *waiting]) == [
        "fct_orders",
        "int_contacts__profiles",
        "int_identity__nodes",
    ]
    assert starved(manifest, [hungry, wrong, *waiting]) == [
        "int_contacts__profiles",
        "int_identity__nodes",
    ]
    assert starved(manifest, [starving_test]) == ["fct_orders"]
