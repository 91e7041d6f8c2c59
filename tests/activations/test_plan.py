"""The diff against a model of itself in Python, and what plans refuse, guard and tell."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from rich.console import Console

from activations import diff, run, tables
from activations.errors import DefinitionError
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for
from warehouse.connection import connect

KEYS = st.one_of(st.none(), st.sampled_from(["a", "A ", "b", "B", "c", "d", " ", "1"]))
VALUES = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0, 1.0 + 1e-13, 2.5, float("nan")]))
MODEL = st.lists(
    st.tuples(KEYS, VALUES, st.one_of(st.none(), st.sampled_from(["", "x", "~"]))), max_size=8
)
ROW = ("deal_id", "amount", "dealname")


def normal(key: str | None) -> str | None:
    return (key or "").strip().lower() or None


def plain(value: float | None) -> float | None:
    return None if value is None or value != value else round(value, 9) + 0.0


def expected(
    rows: list[tuple[Any, ...]], accepted: dict[str, tuple[Any, ...]], mode: str
) -> tuple[dict[str, int], dict[str, tuple[Any, ...]]]:
    """Counts by operation, and what is accepted afterwards."""
    keys = [normal(row[0]) for row in rows]
    counts = dict.fromkeys(diff.OPERATIONS, 0)
    after = dict(accepted)
    for key, row in zip(keys, rows, strict=True):
        value = (plain(row[1]), row[2])
        if key is None or keys.count(key) > 1:
            operation = "invalid"
        elif key not in accepted:
            operation = "update" if mode == "update" else "create"
        else:
            operation = "unchanged" if value == accepted[key] else "update"
        counts[operation] += 1
        if operation in ("create", "update"):
            after[key] = value  # type: ignore[index]
    if mode == "mirror":
        gone = set(accepted) - set(keys)
        counts["remove"] = len(gone)
        after = {key: value for key, value in after.items() if key not in gone}
    return counts, after


@pytest.fixture(scope="module")
def desk() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield desk_for(KINDS["hubspot"], Path(folder) / "home")


@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    models=st.lists(MODEL, min_size=1, max_size=3),
    mode=st.sampled_from(["upsert", "update", "mirror"]),
    is_quick=st.booleans(),
)
def test_the_diff_equals_its_definition(
    models: list[list[tuple[Any, ...]]], mode: str, is_quick: bool, desk: Desk
) -> None:
    """Whatever the rows, NULLs, NaNs and repeated keys: a sequence of plans, each accepted in full."""
    sync = desk.sync.model_copy(
        update={"mode": mode, "on_remove": "archive" if mode == "mirror" else None}
    )
    accepted: dict[str, tuple[Any, ...]] = {}
    with connect(desk.settings) as con:
        tables.ensure(con)
        con.execute("create schema if not exists syncs")
        con.execute("delete from activations.acknowledged")
        for rows in models:
            con.execute(
                f"create or replace table {sync.relation} (deal_id varchar, amount double, dealname varchar)"
            )
            for row in rows:
                con.execute(f"insert into {sync.relation} values (?, ?, ?)", list(row))

            _, counts = diff.compare(con, sync, AS_OF)

            wanted, accepted = expected(rows, accepted, mode)
            assert counts == wanted
            accept(con, sync.name, is_quick)


def accept(con: Any, sync: str, is_quick: bool) -> None:
    """The destination took everything; `is_quick`: the quick hashes are known, and of this version."""
    con.execute(
        "delete from activations.acknowledged where key in "
        "(select key from act_diff where operation in ('update', 'remove'))"
    )
    con.execute(
        "insert into activations.acknowledged by name select ? as sync, x.key, d.row_hash, "
        "case when ? then d.quick_hash else d.quick_hash // 2 end as quick_hash from act_diff as x "
        "join act_desired as d on x.rid = d.rid where x.operation in ('create', 'update')",
        [sync, is_quick],
    )


def test_another_version_of_the_engine_sends_nothing_again(hubspot: Desk) -> None:
    """Quick hashes of another version are worth nothing; the rows' own hashes say so, and the next plan is quick."""
    hubspot.fill(hubspot.rows(3))
    hubspot.go()
    known = hubspot.query("select key, quick_hash from activations.acknowledged order by key")
    hubspot.query("update activations.acknowledged set quick_hash = 1 where key <> 'd0'")

    assert hubspot.later().counts["unchanged"] == 3

    assert known == hubspot.query(
        "select key, quick_hash from activations.acknowledged order by key"
    )
    with connect(hubspot.settings) as con:
        diff.compare(con, hubspot.sync, AS_OF)
        assert con.execute("select count(*) from act_values").fetchall() == [(0,)]


def test_noise_is_no_change(hubspot: Desk) -> None:
    """Column order, float noise, a key's case and an always empty new column send nothing."""
    hubspot.fill(hubspot.rows(3))
    hubspot.go()
    hubspot.query(
        f"create or replace table {hubspot.sync.relation} as select win_probability + 1e-14 as win_probability, "
        f"cast(null as varchar) as description, lower(deal_id) || ' ' as deal_id, amount, dealname "
        f"from {hubspot.sync.relation}"
    )

    assert hubspot.later().counts["unchanged"] == 3


def test_a_renamed_column_is_sent(hubspot: Desk) -> None:
    """A changed mapping reaches the destination, though no value changed."""
    hubspot.fill(hubspot.rows(3))
    hubspot.go()
    hubspot.query(f"alter table {hubspot.sync.relation} rename column dealname to description")

    result = hubspot.later()

    assert result.counts["delivered"] == 3
    assert set(result.plan.changed_columns) == {"description"}  # type: ignore[union-attr]


def test_contact_id_is_carried_to_the_receipt_and_never_sent(hubspot: Desk) -> None:
    """A receipt can be joined to a contact without the destination learning our ids."""
    hubspot.fill(hubspot.rows(1))
    hubspot.query(f"alter table {hubspot.sync.relation} add column contact_id varchar default 'C1'")

    hubspot.go()

    assert hubspot.query("select contact_id from raw_activations.receipts") == [("C1",)]
    assert "contact_id" not in hubspot.vendor.state()["D0"]


@pytest.mark.parametrize(
    ("guards", "rows", "words"),
    [
        ({"min_rows": 5}, 2, "fewer than min_rows"),
        ({"max_change_fraction": 0.3}, 10, "max_change_fraction"),
    ],
)
def test_guards_stop_a_plan_with_a_reason(
    hubspot: Desk, guards: dict[str, Any], rows: int, words: str
) -> None:
    """Nothing leaves, nothing raises, the reason names the file; an override lets it pass once."""
    hubspot.fill(hubspot.rows(10))
    hubspot.go()
    hubspot.change(guards=hubspot.sync.guards.model_copy(update=guards))
    changed = [{**row, "amount": 1.0} for row in hubspot.rows(rows)]
    hubspot.fill(changed)
    before = len(hubspot.vendor.requests)

    result = hubspot.later()

    assert result.is_blocked
    assert words in str(result.reason)
    assert hubspot.sync.path in str(result.reason)
    assert len(hubspot.vendor.requests) == before
    assert hubspot.query("select count(*) from activations.plans where state = 'blocked'") == [(1,)]
    assert hubspot.later(override=True).counts["delivered"] == rows


def test_an_emptied_model_does_not_remove_everybody(hubspot: Desk) -> None:
    """The incident that guards are for: a failed load must not archive every deal."""
    hubspot.change(mode="mirror", on_remove="archive")
    hubspot.fill(hubspot.rows(10))
    hubspot.go()
    hubspot.fill([])

    assert hubspot.later().is_blocked
    assert len(hubspot.vendor.state()) == 10


def test_the_first_run_is_exempt_from_the_change_guard(hubspot: Desk) -> None:
    """Everything is new on the first day."""
    hubspot.change(guards=hubspot.sync.guards.model_copy(update={"max_change_fraction": 0.01}))
    hubspot.fill(hubspot.rows(10))

    assert hubspot.go().counts["delivered"] == 10


def test_no_message_to_send_is_a_normal_day(twilio: Desk) -> None:
    """An append sync has no least number of rows unless it says so."""
    twilio.fill([])

    assert twilio.go().summary == "nothing to do"


def test_duplicates_are_never_removed_either(hubspot: Desk) -> None:
    """A key that stands twice is invalid, but it is not gone."""
    hubspot.change(mode="mirror", on_remove="archive")
    hubspot.fill(hubspot.rows(2))
    hubspot.go()
    hubspot.fill([*hubspot.rows(2), {**hubspot.kind.row(1), "deal_id": " d1"}])

    counts = hubspot.later().counts

    assert (counts["unchanged"], counts["invalid"], counts["delivered"]) == (1, 2, 0)
    assert len(hubspot.vendor.state()) == 2


def test_a_plan_prints(hubspot: Desk) -> None:
    """Adds, changed columns, invalid rows with reasons, requests and guards."""
    hubspot.fill([*hubspot.rows(2), {**hubspot.kind.row(5), "deal_id": None}])
    result = hubspot.go(dry_run=True)
    console = Console(width=120, record=True)

    console.print(result.plan)

    text = console.export_text()
    for word in ("+ create", "the key is empty (1)", "requests", "min_rows 1", "dry run"):
        assert word in text


def test_a_model_that_is_not_built_says_so(hubspot: Desk) -> None:
    """No traceback of the database's."""
    with pytest.raises(DefinitionError, match="not built yet"):
        hubspot.go()


def test_a_column_nothing_can_carry_is_refused_before_anything_is_sent(hubspot: Desk) -> None:
    """The column and the file are named."""
    hubspot.fill(hubspot.rows(1))
    hubspot.query(f"alter table {hubspot.sync.relation} add column raw blob")

    with pytest.raises(DefinitionError, match="column raw is BLOB"):
        hubspot.go()


def test_a_plan_can_be_made_inspected_and_delivered_later(hubspot: Desk) -> None:
    """The three calls apart, as an approval needs them."""
    hubspot.fill(hubspot.rows(4))
    made = run.plan(hubspot.settings, hubspot.sync, AS_OF)
    listed = hubspot.query("select operation, count(*) from activations.plan_rows group by 1")

    from activations.run import Tools
    from tests.activations.scripted import Adapter

    tools = Tools(hubspot.clock.timer(), Adapter(hubspot.vendor))
    delivery = run.deliver(hubspot.settings, made.plan_id, hubspot.environ, tools=tools)
    settlement = run.settle(hubspot.settings, AS_OF)

    assert listed == [("create", 4)]
    assert delivery.counts["delivered"] == 4
    assert (settlement.rows, settlement.receipts) == (4, 4)
    assert run.settle(hubspot.settings, AS_OF).rows == 0
    assert hubspot.go(AS_OF + timedelta(days=1)).counts["unchanged"] == 4
