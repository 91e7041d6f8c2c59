"""What is out of date is looked for under the lock that builds hold, so that two runs at once build it once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models.installation import Installation, begin_without_rows
from warehouse.builds import with_inputs
from warehouse.connection import connect
from warehouse.due import Built, build_due
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings

MODELS = ["stg_shop__products", "dim_products"]


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Settings, Manifest, list[str]]:
    """An installation in which nothing is on record, and the models to build."""
    settings = Installation(tmp_path).settings
    begin_without_rows(settings)
    with connect(settings) as con:
        con.execute("delete from landing.built where name not like 'seed.%'")
    manifest = load_manifest(settings)
    return settings, manifest, with_inputs(manifest, MODELS)


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
