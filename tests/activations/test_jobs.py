"""Jobs at the vendor: followed to their reports across runs and crashes, neither sent again nor forgotten meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import sqlalchemy as sa

from activations import leases, open_jobs
from activations.channel import Channel
from activations.connector import Job, Limits, Outcome, Row, Target
from activations.crew import Batch, Sent
from activations.erase import erase
from activations.errors import JobLostError, LedgerError
from activations.follow import Follower
from activations.ledger import Ledger, open_ledger
from tests.activations.conftest import AS_OF, KINDS, Clock, Desk, desk_for
from tests.activations.scripted import Answer, Killed, dies_after, passes
from tests.activations.test_pace import Fake
from tests.activations.vendors.activecampaign import ActiveCampaign
from warehouse import clock
from warehouse.person import Person

ROWS = 40


@dataclass
class Importer(ActiveCampaign):
    """Imports that end when the test says so; `reports` replaces what is said of a job."""

    is_working: bool = True
    dies_at_look: bool = False
    reports: Answer | None = None
    looks: list[str] = field(default_factory=list)

    def handle(self, request: requests.PreparedRequest) -> Answer:
        url = urlsplit(str(request.url))
        if not url.path.endswith("/import/info"):
            return super().handle(request)
        self.looks.append(parse_qs(url.query)["batchId"][0])
        if self.dies_at_look:
            raise Killed
        if self.reports is not None:
            return self.reports
        if self.is_working:
            return 200, {}, {"status": "active"}
        self.jobs[self.looks[-1]]["looks"] = 1
        return super().handle(request)

    def imports(self) -> int:
        return len([r for r in self.requests if str(r.url).endswith("bulk_import")])


@pytest.fixture
def importing(activecampaign: Desk) -> Desk:
    activecampaign.vendor = Importer()
    activecampaign.change(budget_seconds=60.0)
    activecampaign.fill(activecampaign.rows(ROWS))
    return activecampaign


def run_row(rows: int) -> dict[str, Any]:
    """A run as the ledger takes it, of a destination that only these tests have."""
    return {
        "run_id": "r",
        "sync": "s",
        "destination": "fake",
        "target": "{}",
        "rows_in": rows,
        "unchanged": 0,
        "invalid": 0,
        "as_of": clock.naive(AS_OF),
        "planned_at": clock.naive(AS_OF),
    }


def in_ledger(desk: Desk, sql: str) -> list[Any]:
    with sa.create_engine(desk.settings.ledger_url).begin() as con:
        result = con.execute(sa.text(sql))
        return list(result.all()) if result.returns_rows else []


def test_a_job_that_outlives_the_run_is_finished_by_the_next(importing: Desk) -> None:
    """Submitted is a state of its own: counted, without a receipt, and never sent again."""
    first = importing.go()
    receipts = importing.query("select count(*) from raw_activations.receipts")
    second = importing.later()
    importing.vendor.is_working = False
    third = importing.later()

    assert first.counts["submitted"] == second.counts["submitted"] == ROWS
    assert "still run" in str(first.reason)
    assert receipts == [(0,)]
    assert third.counts["unchanged"] == ROWS
    assert importing.vendor.imports() == 1
    assert importing.query("select outcome, count(*) from raw_activations.receipts group by 1") == [
        ("delivered", ROWS)
    ]
    counted = importing.query(
        "select delivered, submitted from activations.plans order by planned_at"
    )
    assert counted == [(ROWS, 0), (None, ROWS), (None, 0)]


def test_a_newer_value_waits_for_the_job_and_goes_after_it(importing: Desk) -> None:
    """A late report must not mark a version delivered that it is not about."""
    importing.go()
    rows = importing.rows(ROWS)
    rows[7]["lead_score"] = 999
    importing.fill(rows)
    meanwhile = importing.later()
    importing.vendor.is_working = False

    after = importing.later()

    assert meanwhile.counts["submitted"] == ROWS
    assert (after.counts["unchanged"], after.counts["delivered"]) == (ROWS - 1, 1)
    assert importing.vendor.state()["person7@example.com"]["Lead score"] == "999"


def test_new_rows_go_while_a_job_is_open(importing: Desk) -> None:
    """Only the job's own rows are held."""
    importing.go()
    importing.fill(importing.rows(ROWS + 3))

    counts = importing.later().counts

    assert (counts["submitted"], counts["delivered"]) == (ROWS, 3)


def test_a_process_killed_while_it_waits_leaves_the_job_to_the_next(importing: Desk) -> None:
    """The handle was committed with the batch: the next run asks before it plans."""
    importing.vendor.dies_at_look = True
    with pytest.raises(Killed):
        importing.go()
    assert in_ledger(importing, "select handle, state, row_count from act_job") == [
        ("job-0", "open", ROWS)
    ]
    importing.vendor.dies_at_look = importing.vendor.is_working = False
    before = len(importing.vendor.requests)

    assert importing.go().counts["unchanged"] == ROWS
    assert str(importing.vendor.requests[before].url).endswith("import/info?batchId=job-0")
    assert importing.vendor.imports() == 1


def test_a_job_whose_handle_was_lost_with_the_process_is_sent_again(importing: Desk) -> None:
    """Accepted, then killed before the commit: harmless to repeat here, so it is repeated, once."""
    importing.vendor.faults = [dies_after]
    importing.vendor.is_working = False
    with pytest.raises(Killed):
        importing.go()

    assert importing.go().counts["delivered"] == ROWS
    assert importing.vendor.imports() == 2


@pytest.mark.parametrize(
    ("report", "words"),
    [
        ((404, {}, {"message": "No such import"}), "No such import"),
        ((410, {}, {"message": "Gone"}), "Gone"),
        ((200, {}, {"status": "completed", "success": ["1"], "failure": []}), "leaves out"),
        (
            (200, {}, {"status": "completed", "success": ["1"] * ROWS, "failure": ["x@y.z"]}),
            "does not hold",
        ),
    ],
)
def test_a_job_that_vanished_ends_with_the_reason(
    importing: Desk, report: Answer, words: str
) -> None:
    """Its rows are rejected for now, with the vendor's words, and come back later with their next attempt."""
    importing.go()
    importing.vendor.reports = report
    lost = importing.go()
    importing.vendor.reports, importing.vendor.is_working = None, False

    again = importing.later()

    assert lost.counts["deferred"] == ROWS
    assert again.counts["delivered"] == ROWS
    assert in_ledger(importing, "select state from act_job order by submitted_at") == [
        ("lost",),
        ("done",),
    ]
    code, message = importing.query(
        "select distinct code, message from raw_activations.receipts where outcome = 'rejected'"
    )[0]
    assert code == "job_lost"
    assert words in message
    assert in_ledger(importing, "select max(attempt) from act_plan") == [(2,)]


@pytest.mark.parametrize("report", [None, (200, {}, "<html>"), (400, {}, {"message": "later"})])
def test_a_job_without_an_end_expires(importing: Desk, report: Answer | None) -> None:
    """Whatever the vendor answers meanwhile, nobody waits for ever."""
    importing.go()
    importing.vendor.reports = report
    assert importing.go().counts["submitted"] == ROWS
    old = clock.naive(clock.now() - timedelta(hours=25))
    in_ledger(importing, f"update act_job set submitted_at = '{old}'")

    assert importing.go().counts["deferred"] == ROWS
    assert importing.query("select distinct code, state, attempts from activations.retries") == [
        ("job_expired", "waiting", 1)
    ]


def test_a_job_whose_destination_cannot_be_reached_stays_open(importing: Desk) -> None:
    """A token that stopped working says nothing about a job."""
    importing.go()
    importing.vendor.reports = (401, {}, {"message": "no"})

    result = importing.later()

    assert result.counts["submitted"] == ROWS
    assert in_ledger(importing, "select state from act_job") == [("open",)]


def test_only_so_many_jobs_are_open_at_once(
    importing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest waits for its turn; all arrive."""
    monkeypatch.setattr("activations.destinations.activecampaign.ActiveCampaign.open_jobs", 10)
    importing.fill(importing.rows(250 * 12 + 1))
    result = importing.go()
    opened = importing.vendor.imports()
    importing.vendor.is_working = False

    after = importing.later()

    assert opened == 10
    assert (result.counts["submitted"], result.counts["deferred"]) == (2_500, 501)
    assert (after.counts["unchanged"], after.counts["delivered"]) == (2_500, 501)


def test_payloads_are_kept_no_longer_than_the_job(importing: Desk) -> None:
    """The report can name addresses, so they are needed until it comes."""
    held = "select count(*) from act_payload"
    importing.go()
    assert in_ledger(importing, held) == [(ROWS,)]
    importing.vendor.is_working = False
    importing.later()

    assert in_ledger(importing, held) == [(0,)]


def test_a_person_erased_meanwhile_does_not_confuse_the_report(importing: Desk) -> None:
    """The vendor reports on a person we no longer know; the others are delivered, and counted."""
    importing.go()
    changed = erase(importing.settings, Person((), ("person9@example.com",), ()))
    kept = str(in_ledger(importing, "select * from act_payload"))
    importing.vendor.jobs["job-0"]["failure"] = ["person9@example.com", "person8@example.com"]
    importing.vendor.is_working = False
    importing.fill([row for row in importing.rows(ROWS) if row["email"] != "person9@example.com"])

    importing.go()

    assert changed == 1
    assert "person9@example.com" not in kept
    assert "person8@example.com" in kept
    states = in_ledger(
        importing, "select state, count(*) from act_plan group by state order by state"
    )
    assert states == [("acked", ROWS - 2), ("rejected", 2)]
    counted = in_ledger(importing, "select delivered, rejected from act_run order by planned_at")
    assert counted[0] == (ROWS - 2, 2)


def test_a_job_may_hold_more_rows_than_a_database_takes_at_once(importing: Desk) -> None:
    """Bulk interfaces take a hundred thousand; databases bind some thirty thousand values."""
    with open_ledger(importing.settings) as ledger:
        run = run_row(rows=70_000)
        row = {"key_hash": "k", "operation": "create", "attempt": 1, "payload": "{}"}
        ledger.begin(run, ({**row, "seq": seq} for seq in range(70_000)))
        with leases.hold(ledger.engine, "s", Clock().timer()) as lease:
            rows = [Row(seq, "", "create", {}) for seq in range(70_000)]
            ledger.turn(lease, "r", [], [Batch(1, Limits("bulk", 100_000, 10**9), rows)])

        assert ledger.count("r", ["in_flight"]) == 70_000


def test_an_older_ledger_gets_the_columns_it_lacks(importing: Desk) -> None:
    """An update must not need anybody's hands, nor lose what is in the ledger."""
    importing.vendor.is_working = False
    importing.go()
    in_ledger(importing, "alter table act_plan drop column job")
    in_ledger(importing, "alter table act_run drop column planned_submitted")
    in_ledger(importing, "drop table act_job")
    importing.query("alter table activations.plans drop column submitted")

    result = importing.go(AS_OF + timedelta(days=1))

    assert result.counts["unchanged"] == ROWS
    with open_ledger(importing.settings) as ledger:
        assert open_jobs.listed(ledger.engine, importing.sync.name) == []


def with_payloads_in_the_plan(desk: Desk) -> None:
    """Give the ledger the shape it had while the plan held the payloads itself."""
    in_ledger(desk, "alter table act_plan add column payload text")
    in_ledger(
        desk,
        "update act_plan set payload = (select s.payload from act_payload as s "
        "where s.run_id = act_plan.run_id and s.seq = act_plan.seq)",
    )
    in_ledger(desk, "drop table act_payload")
    in_ledger(desk, "create index act_plan_by_state on act_plan (run_id, state)")


def shape(desk: Desk) -> tuple[set[str], set[str | None]]:
    """Columns and indexes of the plan's table."""
    engine = sa.create_engine(desk.settings.ledger_url)
    found = sa.inspect(engine)
    columns = {one["name"] for one in found.get_columns("act_plan")}
    indexes = {one["name"] for one in found.get_indexes("act_plan")}
    engine.dispose()
    return columns, indexes


def test_an_older_ledger_goes_on_with_the_payloads_of_its_open_rows(importing: Desk) -> None:
    """A report names addresses, so a job needs what an earlier version wrote; the next run finds it."""
    importing.go()
    today = shape(importing)
    with_payloads_in_the_plan(importing)
    importing.vendor.jobs["job-0"]["failure"] = ["person8@example.com"]
    importing.vendor.is_working = False

    importing.later()

    assert shape(importing) == today
    assert in_ledger(importing, "select count(*) from act_payload") == [(0,)]
    counted = in_ledger(importing, "select delivered, rejected from act_run order by planned_at")
    assert counted[0] == (ROWS - 1, 1)


def test_a_process_killed_while_it_moves_payloads_leaves_the_older_ledger(importing: Desk) -> None:
    """All of it moves, or nothing does and the next process moves it."""
    importing.go()
    with_payloads_in_the_plan(importing)
    older = shape(importing)

    def kill(_con: Any, _cursor: Any, statement: str, *_: object) -> None:
        if statement == "drop table act_plan_before":
            raise KeyboardInterrupt

    sa.event.listen(sa.Engine, "before_cursor_execute", kill)
    try:
        with pytest.raises(KeyboardInterrupt):
            open_ledger(importing.settings)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", kill)

    assert shape(importing) == older
    held = "select count(*) from act_plan where payload is not null"
    assert in_ledger(importing, held) == [(ROWS,)]
    open_ledger(importing.settings).close()
    assert in_ledger(importing, "select count(*) from act_payload") == [(ROWS,)]


@pytest.mark.parametrize(
    ("found", "states"),
    [
        (JobLostError("it was dropped"), {"in_doubt"}),
        ([Outcome(0, "acked")], {"acked", "in_doubt"}),
        (KeyError("results"), {"submitted"}),
    ],
)
def test_a_lost_job_of_messages_leaves_doubts_not_repeats(found: Any, states: set[str]) -> None:
    """Where sending again would be a second message, nobody sends again; a strange report is asked for once more."""

    class Batches(Fake):
        def poll(self, call: Any, job: Job) -> Iterator[Outcome] | None:
            if isinstance(found, Exception):
                raise found
            return iter(found)

    ledger, timer = Ledger("sqlite://"), Clock().timer()
    run = run_row(rows=2)
    bundle = '{"payload": {}, "changed": [], "before": {}, "vendor_id": null}'
    row = {"operation": "create", "attempt": 1, "payload": bundle}
    ledger.begin(run, [{**row, "seq": seq, "key_hash": str(seq)} for seq in (0, 1)])
    with leases.hold(ledger.engine, "s", timer) as lease:
        batch = Batch(1, Fake.limits, [Row(seq, "", "create", {}) for seq in (0, 1)])
        submitted = [Outcome(seq, "submitted", job="j") for seq in (0, 1)]
        ledger.turn(lease, "r", [], [batch])
        ledger.turn(lease, "r", [Sent(batch, submitted, [], None)], [])
        ledger.finish("r", None)
        connector = Batches({}, Target("thing", "id", "append"), clock.now)
        channel = Channel(connector, requests.Session(), timer, 60.0, ledger.engine, (lease,))
        Follower(ledger, lease, connector, channel, "s").look()

    assert {one["state"] for one in ledger.rows("r", ["acked", "in_doubt", "submitted"])} == states
    counts = ledger.run("r")
    assert counts["delivered"] + counts["in_doubt"] + counts["submitted"] == counts["rows_in"]


def test_a_row_in_a_job_without_a_handle_is_refused() -> None:
    """Nobody could ever ask for it."""
    ledger, timer = Ledger("sqlite://"), Clock().timer()
    with (
        leases.hold(ledger.engine, "s", timer) as lease,
        pytest.raises(LedgerError, match="handle"),
    ):
        batch = Batch(1, Fake.limits, [])
        ledger.turn(lease, "r", [Sent(batch, [Outcome(0, "submitted")], [], None)], [])


@pytest.fixture
def counting(request: pytest.FixtureRequest, tmp_path: Any, ledger_url: str | None) -> Desk:
    """A vendor whose reports count refusals and name none."""
    desk = desk_for(KINDS["sendgrid"], tmp_path / "home", ledger_url)
    desk.fill(desk.rows(100))
    desk.vendor.bad_keys = {desk.kind.vendor_key(41)}
    desk.vendor.has_files = False
    return desk


def test_a_report_that_only_counts_is_followed_by_halves(counting: Desk) -> None:
    """99 of 100 arrive and one is refused, each half a job of its own in the ledger."""
    counts = counting.go().counts

    assert (counts["delivered"], counts["rejected"]) == (99, 1)
    jobs = in_ledger(counting, "select state, row_count from act_job order by number")
    assert {state for state, _ in jobs} == {"done"}
    assert len(jobs) == len(counting.vendor.writes()) <= 15
    assert sorted(count for _, count in jobs)[:1] == [1]


def test_halves_whose_record_was_lost_are_sent_again(counting: Desk) -> None:
    """Killed after the first half was handed over: the job's report is asked once more, and nothing is lost."""
    counting.vendor.faults = [passes, dies_after]
    with pytest.raises(Killed):
        counting.go()
    open_now = in_ledger(counting, "select state, row_count from act_job")

    meanwhile = counting.later().counts
    counts = counting.later().counts

    assert open_now == [("open", 100)]
    assert meanwhile["submitted"] == 100
    assert (counts["unchanged"], counts["rejected"]) == (99, 1)
    assert len(counting.vendor.state()) == 99


def test_a_look_at_a_running_job_reads_none_of_its_rows(
    importing: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Only a report is compared with rows; a job of a hundred thousand is asked many times before."""
    with caplog.at_level("INFO", logger="sqlalchemy.engine"):
        importing.go()
    asked = [record.getMessage() for record in caplog.records]
    reads = [line for line in asked if line.startswith("SELECT") and "act_plan.job = " in line]

    assert len(importing.vendor.looks) > 1
    assert reads == []
    importing.vendor.is_working = False
    with caplog.at_level("INFO", logger="sqlalchemy.engine"):
        importing.later()
    assert any("act_plan.job = " in record.getMessage() for record in caplog.records)
