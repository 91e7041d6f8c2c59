"""What must wait for a person: risky syncs, tripped guards, canaries; and what a plan tells that person."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from activations import approvals, diff, plan, summary
from activations.connector import Bill
from activations.errors import DefinitionError, LedgerError
from activations.ledger import open_ledger
from activations.plan import minutes
from cli import plans
from orchestration import syncs
from tests.activations.conftest import Desk
from tests.activations.test_pace import Fake
from warehouse.connection import connect


def guards(desk: Desk, **values: Any) -> None:
    desk.change(guards=desk.sync.guards.model_copy(update=values))


def text(thing: Any) -> str:
    console = Console(width=160, record=True)
    console.print(thing)
    return console.export_text()


def test_a_risky_sync_sends_nothing_before_somebody_approves(hubspot: Desk) -> None:
    """The plan waits, the approval names who, the next run sends it, the one after needs none."""
    hubspot.change(approval=True)
    hubspot.fill(hubspot.rows(5))

    waiting = hubspot.go()
    console = Console(width=160, record=True)
    plans.approve(hubspot.settings, hubspot.sync.name, "ann", console)
    sent = hubspot.later()

    assert waiting.is_blocked
    assert "millrace approve sync_hubspot_deal" in str(waiting.reason)
    assert "Approved: 5 rows of sync_hubspot_deal" in console.export_text()
    assert sent.counts["delivered"] == 5
    assert hubspot.later().summary == "5 rows in, 5 unchanged"
    assert hubspot.query(
        "select approved_by from activations.plans where approved_at is not null"
    ) == [("ann",)]


def test_what_was_not_approved_waits_for_the_next_approval(hubspot: Desk) -> None:
    """A row that changed since, or came since, is another row than the one somebody looked at."""
    hubspot.change(approval=True)
    hubspot.fill(hubspot.rows(5))
    hubspot.go()
    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")
    rows = hubspot.rows(6)
    rows[0]["amount"] = 1_000_000.0
    hubspot.fill(rows)

    result = hubspot.later()

    assert (result.counts["delivered"], result.counts["deferred"]) == (4, 2)
    assert "2 rows are not what was approved" in str(result.reason)
    assert set(hubspot.vendor.state()) == {"D1", "D2", "D3", "D4"}
    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")
    assert hubspot.later().counts["delivered"] == 2


def test_a_tripped_guard_can_be_approved(hubspot: Desk) -> None:
    """For this one plan; the guard stays where it is."""
    hubspot.fill(hubspot.rows(10))
    hubspot.go()
    guards(hubspot, max_change_fraction=0.3)
    hubspot.fill([{**row, "amount": 1.0} for row in hubspot.rows(10)])
    assert hubspot.later().is_blocked

    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")

    assert hubspot.later().counts["delivered"] == 10
    hubspot.fill([{**row, "amount": 2.0} for row in hubspot.rows(10)])
    assert hubspot.later().is_blocked


def test_a_first_run_that_is_too_large_stops(hubspot: Desk) -> None:
    """A sync pointed at the wrong table must not fill a CRM; later growth is the change guard's matter."""
    guards(hubspot, max_first_rows=5)
    hubspot.fill(hubspot.rows(6))

    result = hubspot.go()

    assert result.is_blocked
    assert "max_first_rows = 5" in str(result.reason)
    assert hubspot.vendor.requests == []
    hubspot.fill(hubspot.rows(5))
    assert hubspot.later().counts["delivered"] == 5
    hubspot.fill(hubspot.rows(30))
    assert hubspot.later().counts["delivered"] == 25


def test_a_canary_goes_first_and_the_rest_waits(hubspot: Desk) -> None:
    """So many rows in all, not so many a run; after the approval all go, and later plans without asking."""
    hubspot.change(canary=3)
    hubspot.fill(hubspot.rows(10))

    first = hubspot.go()
    second = hubspot.later()
    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")
    third = hubspot.later()
    hubspot.fill([{**row, "amount": 7.0} for row in hubspot.rows(10)])
    fourth = hubspot.later()

    assert (first.counts["delivered"], first.counts["deferred"]) == (3, 7)
    assert second.is_blocked
    assert (third.counts["delivered"], third.counts["unchanged"]) == (7, 3)
    assert fourth.counts["delivered"] == 10


def test_a_new_definition_needs_a_canary_of_its_own(hubspot: Desk) -> None:
    """Another column is another risk."""
    hubspot.change(canary=2)
    hubspot.fill(hubspot.rows(5))
    hubspot.go()
    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")
    hubspot.later()
    hubspot.query(f"alter table {hubspot.sync.relation} add column pipeline varchar default 'x'")

    counts = hubspot.later().counts

    assert (counts["delivered"], counts["deferred"]) == (2, 3)


def test_nothing_waits_nothing_can_be_approved(hubspot: Desk) -> None:
    """An approval in advance would be one of something nobody has seen."""
    hubspot.fill(hubspot.rows(2))
    hubspot.go()

    with pytest.raises(DefinitionError, match="no plan of sync_hubspot_deal waits"):
        approvals.approve(hubspot.settings, hubspot.sync.name, "ann")


def test_a_suppressed_row_is_counted_and_never_leaves(desk: Desk) -> None:
    """The model says why in a column of its own, which is not sent either."""
    desk.fill(desk.rows(4))
    desk.query(f"alter table {desk.sync.relation} add column suppressed_reason varchar")
    desk.query(
        f"update {desk.sync.relation} set suppressed_reason = 'opted out' "
        f"where {desk.kind.key} = '{desk.kind.row(2)[desk.kind.key]}'"
    )

    result = desk.go()

    assert (result.counts["delivered"], result.counts["suppressed"]) == (3, 1)
    assert desk.kind.vendor_key(2) not in desk.vendor.state()
    assert result.plan is not None
    assert [(reason, count) for reason, _, count in result.plan.suppressed] == [("opted out", 1)]
    assert b"opted out" not in b"".join(bytes(str(r.body), "utf-8") for r in desk.vendor.requests)


def test_whom_nothing_may_be_sent_to_leaves_a_mirror(hubspot: Desk) -> None:
    """Staying in an audience is being sent to."""
    hubspot.change(mode="mirror", on_remove="archive")
    hubspot.fill(hubspot.rows(4))
    hubspot.go()
    hubspot.query(f"alter table {hubspot.sync.relation} add column suppressed_reason varchar")
    hubspot.query(
        f"update {hubspot.sync.relation} set suppressed_reason = 'x' where deal_id = 'D1'"
    )

    assert hubspot.later().plan.counts["remove"] == 1  # type: ignore[union-attr]
    assert set(hubspot.vendor.state()) == {"D0", "D2", "D3"}
    assert hubspot.later().counts["suppressed"] == 1


def test_a_plan_reads_the_same_in_terminal_dagster_and_warehouse(hubspot: Desk) -> None:
    """Adds, changed columns, left out with reasons and rows, requests, time, guards."""
    hubspot.fill(hubspot.rows(3))
    hubspot.go()
    rows = [{**hubspot.kind.row(0), "amount": 1.0}, *hubspot.rows(5)[1:]]
    hubspot.fill([*rows, {**hubspot.kind.row(9), "deal_id": None}])

    result = hubspot.later()
    made = result.plan

    assert made is not None
    for picture in (text(made), syncs.metadata(result)["plan"].value):
        for word in ("amount 1", "the key is empty (1)", "at least 0.0 min", "min_rows 1"):
            assert word in picture
    stored = hubspot.query(
        "select creates, updates, invalid, requests, changed_columns "
        "from activations.plans order by planned_at desc limit 1"
    )
    assert stored[0][:4] == (2, 1, 1, 1)
    assert json.loads(stored[0][4]) == {"amount": 1}


def test_what_the_vendor_bills_is_told_with_its_source(twilio: Desk) -> None:
    """Before the money is spent."""
    twilio.fill(twilio.rows(7))

    made = twilio.go(dry_run=True).plan

    assert made is not None
    assert made.billed == 7
    for picture in (text(made), summary.markdown(made)):
        assert "message segments at least; https://www.twilio.com" in picture


@pytest.mark.parametrize(("per", "units"), [("row", 6), ("value", 3), ("request", 2)])
def test_bills_count_rows_values_or_requests(hubspot: Desk, per: Any, units: int) -> None:
    """Three updates of one value each and three removals in two requests: as the vendor counts."""
    hubspot.fill([])
    made = hubspot.go(dry_run=True).plan
    assert made is not None
    counts = {**made.counts, "create": 0, "update": 3, "remove": 3}

    class Billing(Fake):
        bill = Bill("points", per, "https://x")

    plan_made = replace(made, counts=counts, changed_columns={"amount": 2, "dealname": 1})

    assert plan.billed(Billing, plan_made, 2, 2) == units


def test_duplicate_keys_are_named_by_their_keyed_hash(hubspot: Desk) -> None:
    """So that a person finds the rows in `plan_rows` without an address in a log."""
    hubspot.fill([hubspot.kind.row(1), {**hubspot.kind.row(1), "deal_id": " d1"}])

    made = hubspot.go(dry_run=True).plan

    assert made is not None
    (reason, key, count) = made.invalid[0]
    assert (reason, count) == ("the key stands on more than one row", 2)
    assert f"[{key[:8]}]" in text(made)
    assert re.search(r"\bd1\b", text(made)) is None


@pytest.mark.parametrize(
    ("rows", "expected"), [(100, 0.0), (10_000, 0.0), (10_001, 10 / 60), (100_000, 90 / 60)]
)
def test_minutes_are_those_of_full_windows(rows: int, expected: float) -> None:
    """A hundred requests in ten seconds: the first hundred cost nothing, the next ten seconds."""
    from activations import destinations

    connector = destinations.connector("hubspot")

    assert minutes(connector, rows, connector.requests_for(rows)) == pytest.approx(expected)


def test_refused_rows_are_listed_in_the_vendors_words(hubspot: Desk) -> None:
    """Waiting ones with their time, parked ones for good; no address among them."""
    hubspot.vendor.bad_keys = {"D1"}
    hubspot.fill(hubspot.rows(3))
    hubspot.go()
    waiting = approvals.refused(hubspot.settings)
    hubspot.query("update activations.retries set state = 'parked'")

    parked = approvals.refused(hubspot.settings, hubspot.sync.name)
    console = Console(width=160, record=True)
    plans.refused(hubspot.settings, None, console)

    assert [(row.state, row.attempts, row.code) for row in waiting] == [
        ("waiting", 1, "VALIDATION_ERROR")
    ]
    assert waiting[0].next_attempt_at is not None
    assert "is not a valid name" in str(waiting[0].message)
    assert parked == [replace(waiting[0], state="parked", next_attempt_at=None)]
    assert "never" in console.export_text()
    assert approvals.refused(hubspot.settings, "sync_other") == []


def test_a_run_that_lost_a_row_says_how_many(hubspot: Desk) -> None:
    """The difference and every part of the sum stand in the error, and the run is not closed."""
    hubspot.fill(hubspot.rows(4))
    hubspot.go()
    with open_ledger(hubspot.settings) as ledger:
        with ledger.engine.begin() as con:
            con.exec_driver_sql("delete from act_plan where seq = 2")
            run_id = con.exec_driver_sql("select run_id from act_run").scalar_one()

        with pytest.raises(LedgerError, match=r"4 rows in, but 3 delivered = 3; 1 missing"):
            ledger.recount(run_id)


@pytest.mark.parametrize(
    ("placed", "words"), [((1, 3), "3: 1 missing"), ((1, 2, 2, 3), "5: 1 too many")]
)
def test_a_comparison_that_lost_a_row_is_stopped(
    hubspot: Desk, placed: tuple[int, ...], words: str
) -> None:
    """Counted apart from the comparison, so that a wrong join cannot agree with itself."""
    with connect(hubspot.settings) as con:
        con.execute("create temp table act_close as select range = 9 as is_same from range(8, 10)")
        con.execute(f"create temp table act_diff as select unnest({list(placed)}) as rid")

        with pytest.raises(LedgerError, match=f"the model has 4 rows, the comparison {words}"):
            diff.check(con, hubspot.sync, 4)


def test_the_oldest_plans_rows_go_but_not_an_approved_plans(hubspot: Desk) -> None:
    """An approval is worth something only while its rows are known."""
    hubspot.change(approval=True)
    hubspot.fill(hubspot.rows(2))
    hubspot.go()
    approvals.approve(hubspot.settings, hubspot.sync.name, "ann")
    with connect(hubspot.settings) as con:
        for number in range(plan.KEPT_PLANS + 2):
            hubspot_rows = [{**row, "amount": float(number)} for row in hubspot.rows(2)]
            con.execute(f"delete from {hubspot.sync.relation}")
            for row in hubspot_rows:
                con.execute(
                    f"insert into {hubspot.sync.relation} values (?, ?, ?, ?)", [*row.values()]
                )
            plan.make(con, hubspot.sync, hubspot.settings.as_of, "salt")  # type: ignore[arg-type]
    hubspot.fill(hubspot.rows(2))

    assert hubspot.later().counts["delivered"] == 2
