"""The reports on journeys on hand-made stays, each figure reckoned by hand; the interval of splits against its promise."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import jinja2
import pytest

from activations.journeys.replay import keep
from activations.journeys.replay.run import Planned
from tests.models.installation import AS_OF, Installation
from warehouse.connection import connect
from warehouse.dialect import bucket

MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros"
REPORTS = (
    "rpt_journeys",
    "rpt_journey_exits",
    "rpt_journey_steps",
    "rpt_journey_ways",
    "rpt_journey_splits",
)
# Number, contact, entered, status, reason, ended.
STAYS = [
    (1, "ann", "2026-06-01 00:00", "achieved", "bought", "2026-06-02 12:00"),
    (2, "bob", "2026-06-01 00:00", "completed", None, "2026-06-03 00:00"),
    (3, "cy", "2026-06-02 00:00", "exited", None, "2026-06-02 06:00"),
    (4, "dee", "2026-06-02 00:00", "active", None, None),
]
# Stay, step, round, left, branch.
LEFT = [
    (1, 1, 1, "2026-06-02 00:00", "sent"),
    (1, 2, 2, "2026-06-02 12:00", "goal:bought"),
    (2, 1, 1, "2026-06-01 12:00", "sent"),
    (2, 2, 2, "2026-06-03 00:00", "passed"),
    (3, 1, 1, "2026-06-02 06:00", "exit"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """Four stays in a journey of two steps, and a split of 400."""
    made = Installation(tmp_path_factory.mktemp("journeys"))
    made.build("stg_millrace__clock")
    with connect(made.settings) as con:
        con.execute(
            "insert into journeys.nodes values (1, 'j', 'v', 'hello', 'send', 1), (2, 'j', 'v', 'week', 'wait', 2)"
        )
        for number, who, entered, status, reason, ended in STAYS:
            con.execute(
                "insert into journeys.enrollments by name select ? as enrollment_no, 'j' as journey, 'v' as version, "
                "? as contact_id, ? as entered_at, ? as status, ? as reason, ? as ended_at",
                [number, who, entered, status, reason, ended],
            )
        for number, node, rank, left, branch in LEFT:
            con.execute(
                "insert into journeys.transitions by name select ? as enrollment_no, ? as node, 1 as visit, ? as round, "
                "? as left_at, ? as tick_at, ? as branch",
                [number, node, rank, left, left, branch],
            )
        con.execute(
            "insert into journeys.positions by name select 4 as enrollment_no, 1 as node, "
            "timestamp '2026-06-02 00:00' as arrived_at"
        )
        con.execute(
            "insert into journeys.assignments select 'j', 'offer', 'p' || i, case when i % 2 = 0 then 'a' else 'b' end, "
            "0.5, timestamp '2026-05-01' from range(400) as r (i)"
        )
        # Two who were assigned too lately to be judged.
        con.execute(
            "insert into journeys.assignments select 'j', 'offer', 'q' || i, 'a', 0.5, timestamp '2026-06-29' "
            "from range(2) as r (i)"
        )
        # Of arm a 80 reach it in time and 5 too late; of arm b 20.
        con.execute(
            "insert into journeys.achievements select i, 'j', 'p' || i, 'bought', 'achieved', case when i < 160 "
            "then timestamp '2026-05-03' else timestamp '2026-06-01' end, null from range(170) as r (i) where i % 2 = 0 "
            "union all select i, 'j', 'p' || i, 'bought', 'achieved', timestamp '2026-05-03', null "
            "from range(40) as r (i) where i % 2 = 1"
        )
    made.build(*REPORTS)
    return made


def test_days_count_what_began_and_ended_and_who_is_inside(built: Installation) -> None:
    """Inside at the end of a day: entered so far without ended so far."""
    rows = built.rows(
        "select cast(day as varchar), entered_count, achieved_count, completed_count, exited_count, active_count "
        "from reports.rpt_journeys where entered_count + achieved_count + completed_count + exited_count > 0 order by day"
    )

    assert rows == [
        ("2026-06-01", 2, 0, 0, 0, 2),
        ("2026-06-02", 2, 1, 0, 1, 2),
        ("2026-06-03", 0, 0, 1, 0, 1),
    ]
    exits = built.rows(
        "select status, reason, ended_count, share_of_entered, median_hours from reports.rpt_journey_exits"
    )
    assert set(exits) == {
        ("achieved", "bought", 1, 0.25, 36.0),
        ("completed", "none given", 1, 0.25, 48.0),
        ("exited", "none given", 1, 0.25, 6.0),
    }


def test_a_funnel_tells_who_arrived_who_waits_and_which_way_they_left(built: Installation) -> None:
    """Hours at a step count from when the one before was left."""
    steps = built.rows(
        "select step_id, reached_count, share_of_entered, waiting_count, left_count, median_hours "
        "from reports.rpt_journey_steps order by ordinal"
    )
    ways = built.rows(
        "select step_id, branch, left_count, share_of_left, median_hours from reports.rpt_journey_ways"
    )

    assert steps == [("hello", 4, 1.0, 1, 3, 12.0), ("week", 2, 0.5, 0, 2, 24.0)]
    assert set(ways) == {
        ("hello", "sent", 2, 0.666667, 18.0),
        ("hello", "exit", 1, 0.333333, 6.0),
        ("week", "goal:bought", 1, 0.5, 12.0),
        ("week", "passed", 1, 0.5, 36.0),
    }


def test_an_arm_is_judged_by_those_whose_days_are_over_and_is_best_only_when_clear(
    built: Installation,
) -> None:
    """80 of 200 against 20 of 200: clear; the interval's ends are where the evidence says they are."""
    rows = built.rows(
        "select arm, assigned_count, judged_count, reached_count, rate, rate_low, rate_high, is_clearly_best "
        "from reports.rpt_journey_splits order by arm"
    )

    assert [row[:5] for row in rows] == [("a", 202, 200, 80, 0.4), ("b", 200, 200, 20, 0.1)]
    assert [row[7] for row in rows] == [True, False]
    for _, _, judged, reached, _, low, high, _ in rows:
        inside = [
            k
            for k in range(1, 10_000)
            if evidence(reached, judged, k / 10_000) < math.log(2 / 0.05)
        ]
        assert (low, high) == ((inside[0] - 1) / 10_000, (inside[-1] + 1) / 10_000)


def evidence(reached: int, judged: int, p: float) -> float:
    """The same by the C library's gamma function."""
    mixture = (
        math.lgamma(reached + 0.5) + math.lgamma(judged - reached + 0.5) - math.lgamma(judged + 1)
    )
    return (
        mixture - math.log(math.pi) - reached * math.log(p) - (judged - reached) * math.log(1 - p)
    )


def test_whoever_looks_after_every_contact_is_misled_as_rarely_as_promised() -> None:
    """1,000 experiments of 1,000 contacts, looked at 1,000 times each: the true rate leaves a 95 % interval in under 5 %."""
    source = (MACROS / "log_gamma.sql").read_text() + (MACROS / "log_evidence.sql").read_text()
    sql = (
        jinja2.Environment(autoescape=False)
        .from_string(source + "{{ log_evidence('s', 'n', 'p') }}")
        .render()
    )
    rng = random.Random(20260630)
    drawn = bucket("seed || ':' || n", 1_000_000)
    con = duckdb.connect()
    con.execute("create table looks (path integer, p double, n integer, s integer)")
    for place, p in enumerate((0.02, 0.1, 0.5)):
        draws = [(place * 1_000 + path, p, rng.getrandbits(32)) for path in range(1_000)]
        con.execute("create or replace temp table paths (path integer, p double, seed bigint)")
        con.executemany("insert into paths values (?, ?, ?)", draws)
        con.execute(
            f"insert into looks select path, p, n, sum(case when {drawn} < p * 1000000 then 1 else 0 end) "
            "over (partition by path order by n) from paths, range(1, 1001) as r (n)"
        )

    rows = con.execute(
        f"select p, avg(ever) from (select path, p, cast(max({sql}) > ln(20) as integer) as ever from looks group by all) "
        "group by p order by p"
    ).fetchall()

    assert [p for p, _ in rows] == [0.02, 0.1, 0.5]
    # Three standard errors of a share of 5 % in 1,000 are 0.021; the promise is an upper bound.
    assert all(share <= 0.05 for _, share in rows), rows
    # And it is no interval that holds everything.
    assert all(share > 0.001 for _, share in rows), rows


def test_what_is_ahead_is_counted_by_day_and_replaced_by_the_next_look(built: Installation) -> None:
    """A message that is not sent counts on the day on which it was due; a second look leaves nothing of the first."""
    noon = datetime(2026, 7, 1, 12)
    later = noon + timedelta(days=1)

    def planned(who: str, send_at: datetime | None, state: str) -> Planned:
        return Planned("j", "hello", "welcome", "email", who, noon, send_at, state, None)

    keep.keep_ahead(built.settings, [planned("old", noon, "handed_over")] * 9, AS_OF)
    messages = [
        planned("ann", later, "handed_over"),
        planned("bob", later, "handed_over"),
        planned("cy", None, "skipped"),
    ]
    assert keep.keep_ahead(built.settings, messages, AS_OF) == 3
    keep.keep_backtest(built.settings, messages, AS_OF)
    built.build("rpt_journey_ahead", "rpt_journey_backtest")

    told = [("2026-07-01", "skipped", 1), ("2026-07-02", "handed_over", 2)]
    for report in ("rpt_journey_ahead", "rpt_journey_backtest"):
        query = (
            f"select cast(day as varchar), state, message_count from reports.{report} order by day"
        )
        assert built.rows(query) == told
