"""State of an older installation goes on living: new columns come, rows stay."""

from __future__ import annotations

from activations.journeys import tables
from tests.activations.journeys.world import World


def test_a_table_that_lacks_a_column_gets_it_in_its_place(world: World) -> None:
    """The rows keep their values; what they lacked is null."""
    world.con.execute("drop view journeys.history")
    world.con.execute("alter table journeys.transitions drop column round")
    world.con.execute(
        "insert into journeys.transitions (enrollment_no, node, branch) values (7, 1, 'sent')"
    )
    # A later process: a connection looks once.
    tables.ensure(world.con.cursor())
    columns = [row[0] for row in world.query("describe journeys.transitions")]

    assert columns == [part.split()[0] for part in tables.TABLES["transitions"].split(",")]
    assert world.query("select enrollment_no, branch, round from journeys.transitions") == [
        (7, "sent", None)
    ]
