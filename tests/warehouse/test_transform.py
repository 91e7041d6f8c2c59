"""Building with dbt inside this process: a second build is like the first."""

from __future__ import annotations

from pathlib import Path

from tests.models.installation import Installation
from warehouse import transform
from warehouse.manifest import project_state
from warehouse.settings import load

MODEL = "int_events__delivered"


def test_a_second_build_in_a_process_makes_the_same_tables(tmp_path: Path) -> None:
    """The project is parsed once; what the first build compiled, text of ephemeral models too, is compiled again."""
    home = Installation(tmp_path)
    text = f"select sql from duckdb_views() where view_name = '{MODEL}'"
    home.build(MODEL)
    first = home.rows(text)

    results = transform.build(home.settings, [MODEL], unit_tests=False)

    built = [one.name for one in results if one.kind == "model"]
    assert ([one for one in results if not one.passed], built) == ([], [MODEL])
    assert home.rows(text) == first
    assert "stg_segment__events" in first[0][0]


def test_seeds_are_loaded_when_they_are_due(tmp_path: Path) -> None:
    """Once; again when the warehouse was given something else, or has lost the table."""
    home = Installation(tmp_path)
    home.build("stg_shop__products")
    assert home.rows("select count(*) > 0 from intermediate.role_addresses") == [(True,)]

    def loaded() -> set[str]:
        results = transform.build(home.settings, ["stg_shop__products"], unit_tests=False)
        assert [one for one in results if not one.passed] == []
        return {one.name for one in results if one.kind == "seed"}

    assert loaded() == set()
    home.rows("update landing.built set fingerprint = 'other' where name = 'seed.role_addresses'")
    home.rows("drop table intermediate.mailbox_operators")
    assert loaded() == {"role_addresses", "mailbox_operators"}
    assert loaded() == set()


def test_a_changed_project_is_parsed_anew(tmp_path: Path) -> None:
    """A file that is added, changed or gone is another state; the same files are the same state."""
    settings = load({"MILLRACE_HOME": str(tmp_path)})
    folder = tmp_path / "project"
    for name in ("models", "dbt_project/macros"):
        (folder / name).mkdir(parents=True)
    for name in ("dbt_project.yml", "profiles.yml"):
        (folder / "dbt_project" / name).write_text("name: millrace\n")
    other = type(settings)(tmp_path, "", None, project=folder)
    states = [project_state(other), project_state(other)]
    model = folder / "models" / "one.sql"
    for text in ("select 1", "select 1 + 1"):
        model.write_text(text)
        states.append(project_state(other))
    model.unlink()
    (folder / "models" / "two.sql").write_text("select 1")
    states.append(project_state(other))

    assert states[0] == states[1]
    assert len(set(states)) == 4
