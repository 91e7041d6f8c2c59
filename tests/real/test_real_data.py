"""The job on data that nobody here made: every record is loaded or quarantined, and it means what it should."""

from __future__ import annotations

import duckdb
import pytest

from tests.real.conftest import Run

pytestmark = pytest.mark.real


def test_every_record_is_loaded_or_quarantined(real: Run, con: duckdb.DuckDBPyConnection) -> None:
    """Counts in = loaded + quarantined, table by table."""
    rows = con.execute(
        "select source || '.' || table_name, sum(rows_loaded + rows_quarantined)::bigint "
        "from landing.files group by all"
    ).fetchall()

    assert dict(rows) == real.landed


def test_every_quarantined_record_has_line_reason_and_text(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """Nobody has to guess what was wrong with a row or where it is."""
    rows = con.execute(
        "select path, line, reason, original from landing.quarantine order by path, line"
    ).fetchall()

    assert rows
    assert [row for row in rows if not (row[1] and row[2] and row[3])] == []


def test_blank_user_ids_of_the_dirty_export_are_quarantined(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """A send to nobody cannot be used; it is kept with its line."""
    rows = con.execute(
        "select distinct reason from landing.quarantine where source = 'dirty_email'"
    ).fetchall()

    assert rows == [("user_id: required, but empty",)]


def test_the_whole_job_succeeds(real: Run) -> None:
    """The same project, other people's data: no step fails, no check finds an error."""
    assert real.outcome.failures == {}
    assert real.outcome.errors == []
    assert real.outcome.succeeded


def test_what_was_quarantined_is_a_warning_that_names_the_file(real: Run) -> None:
    """Somebody is told, and the run goes on."""
    assert any("email_events_1000.csv" in sentence for sentence in real.outcome.warnings)


def test_win_probability_is_withheld_where_there_is_no_signal(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The famous pipeline has none: the model is refused and the fallback serves, with the reason."""
    registry = con.execute(
        "select is_promoted, verdict from ml.model_registry where model = 'win_probability'"
    ).fetchall()
    served = con.execute(
        "select count(*), count(*) filter (is_fallback and fallback_reason is not null) "
        "from ml.predictions where model = 'win_probability'"
    ).fetchall()

    assert [promoted for promoted, _ in registry] == [False]
    assert registry[0][1]
    assert served[0][0] == served[0][1] > 0


def test_won_and_lost_deals_of_the_export_are_all_there(con: duckdb.DuckDBPyConnection) -> None:
    """The counts that the data's description states."""
    rows = con.execute(
        "select status, count(*) from marts.dim_deals where source_system = 'maven' "
        "group by status order by status"
    ).fetchall()

    assert rows == [("lost", 2473), ("open", 2089), ("won", 4238)]


def test_a_lost_deal_has_no_amount_that_gives_it_away(con: duckdb.DuckDBPyConnection) -> None:
    """`close_value` is 0 exactly for lost deals: as an amount it would tell the outcome."""
    rows = con.execute(
        "select count(*) from intermediate.int_deals__snapshots as s "
        "inner join marts.dim_deals as d using (deal_id) "
        "where d.source_system = 'maven' and s.amount_cents is not null"
    ).fetchall()

    assert rows == [(0,)]


def test_shop_behaviour_becomes_events_carts_and_orders(con: duckdb.DuckDBPyConnection) -> None:
    """Every view, cart and purchase is an event of a known shopper, exact repeats counted once."""
    rows = con.execute(
        "select event_name, count(*), count(contact_id) from marts.fct_events "
        "where source = 'rees46' group by event_name order by event_name"
    ).fetchall()
    raw = con.execute(
        "select count(distinct (user_session, event_time, event_type, product_id, user_id)) "
        "from raw_rees46.events"
    ).fetchall()
    orders = con.execute("select count(*) from marts.fct_orders where source = 'rees46'").fetchall()

    counts = {name: count for name, count, _ in rows}
    assert sum(counts.values()) == raw[0][0]
    assert all(count == known for _, count, known in rows)
    assert set(counts) == {"Product Added", "Order Completed", "Product Viewed"}
    assert orders[0][0] == counts["Order Completed"]


def test_opens_and_clicks_before_the_send_count_for_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """The dirty export has clicks before sends: kept, but no reaction."""
    rows = con.execute(
        "select count(*) from marts.fct_messages where source = 'dirty_email' "
        "and (first_clicked_at < delivered_at or first_opened_at < delivered_at)"
    ).fetchall()
    odd = con.execute(
        "select count(*) from intermediate.int_messages__unioned "
        "where source = 'dirty_email' and event = 'unknown'"
    ).fetchall()

    assert rows == [(0,)]
    assert odd[0][0] > 0


def test_vendor_webhooks_become_the_canonical_vocabulary(con: duckdb.DuckDBPyConnection) -> None:
    """SendGrid, Amazon SES, Postmark and Twilio say the same things in the same words."""
    rows = con.execute(
        "select source, string_agg(distinct event, ',' order by event) "
        "from intermediate.int_messages__unioned where source <> 'dirty_email' group by source"
    ).fetchall()
    words = {source: set(events.split(",")) for source, events in rows}

    assert {"delivered", "bounced", "opened", "clicked", "complained"} <= words["postmark"]
    assert {"delivered", "bounced", "opened", "clicked", "complained", "rejected"} <= words[
        "amazon_ses"
    ]
    assert {"queued", "delivered", "deferred", "opened", "clicked", "rejected"} <= words["sendgrid"]
    assert {"delivered", "failed"} == words["twilio"]


def test_every_recorded_event_became_one_of_each_recipient_or_says_why_not(
    con: duckdb.DuckDBPyConnection,
) -> None:
    """What was loaded and is about a message is among the message events; SNS's own messages are not."""
    odd = con.execute(
        "select sns_type, count(*) from raw_amazon_ses.events where mail is null group by all"
    ).fetchall()
    several = con.execute(
        "select count(*) from intermediate.int_messages__unioned where source = 'amazon_ses' "
        "and event = 'bounced' and message_id like 'ses:00000137860315fd%'"
    ).fetchall()
    lost = con.execute(
        "select message_id from raw_postmark.events where 'postmark:' || message_id not in "
        "(select message_id from intermediate.int_messages__unioned)"
    ).fetchall()
    nameless = con.execute(
        "select count(*) from intermediate.int_messages__unioned where message_id is null "
        "or event is null or occurred_at is null or occurred_at_source is null"
    ).fetchall()

    assert [kind for kind, _ in odd] == ["Notification"]
    assert several == [(2,)]
    assert lost == []
    assert nameless == [(0,)]


def test_hard_bounces_and_complaints_suppress_the_address(con: duckdb.DuckDBPyConnection) -> None:
    """Whatever vendor reports them."""
    rows = con.execute("select distinct reason from marts.dim_suppressions order by 1").fetchall()

    assert ("complaint",) in rows
    assert ("hard_bounce",) in rows


def test_gmail_image_proxy_is_a_person_reading(con: duckdb.DuckDBPyConnection) -> None:
    """Opens through Google's proxy count; they are marked so that nobody reads a place out of them."""
    rows = con.execute(
        "select distinct is_human from marts.fct_message_reactions where made_by = 'proxy'"
    ).fetchall()

    assert rows in ([], [(True,)])


def test_samples_without_an_envelope_are_quarantined_whole(
    real: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The published samples as they stand lack key and time: each is kept with that reason."""
    from datetime import UTC, datetime

    from tests.real.conftest import DATA, need
    from warehouse.connection import connect
    from warehouse.contract import contracts
    from warehouse.internal import ensure
    from warehouse.load import load_table
    from warehouse.manifest import load_manifest
    from warehouse.settings import load

    settings = load({"MILLRACE_HOME": str(tmp_path_factory.mktemp("bare"))})
    folder = settings.landing / "segment" / "events"
    folder.mkdir(parents=True)
    samples = need(DATA / "fixtures" / "segment_spec" / "segment_spec_samples.jsonl")
    (folder / "samples.jsonl").write_bytes(samples.read_bytes())
    contract = contracts(load_manifest(settings))["segment.events"]
    with connect(settings) as con:
        ensure(con, {contract.label: contract})
        [result] = load_table(con, settings, contract, datetime(2026, 6, 30, tzinfo=UTC))
        reasons = con.execute("select distinct reason from landing.quarantine").fetchall()

    assert (result.rows_loaded, result.rows_quarantined) == (0, 66)
    assert all("messageId: required, but empty" in reason for (reason,) in reasons)


def test_the_pipeline_can_be_told_week_by_week(con: duckdb.DuckDBPyConnection) -> None:
    """What the export's two dates say of any Monday is what the reports say; deals without dates are in neither."""
    known = (
        "from raw_maven.sales_pipeline where engage_date is not null "
        "and cast(engage_date as date) < m.week_on "
        "and (close_date is null or cast(close_date as date) >= m.week_on)"
    )
    wrong = con.execute(
        f"with m as (select week_on, sum(deal_count) as found from reports.rpt_pipeline_weekly where currency = 'USD' "
        f"group by week_on) select count(*), count(*) filter (found <> (select count(*) {known})) from m"
    ).fetchall()
    flow = con.execute(
        "select sum(created_count)::bigint, sum(won_count)::bigint, sum(lost_count)::bigint, "
        "max_by(open_after_count, week_on), sum(won_cents)::bigint "
        "from reports.rpt_pipeline_flow where currency = 'USD'"
    ).fetchall()
    dated, won_cents = con.execute(
        "select count(engage_date), "
        "cast(sum(case when deal_stage = 'Won' then round(close_value * 100) end) as bigint) "
        "from raw_maven.sales_pipeline"
    ).fetchall()[0]

    assert wrong[0][0] > 100
    assert wrong[0][1] == 0
    assert flow == [(dated, 4238, 2473, dated - 4238 - 2473, won_cents)]


def test_a_week_of_the_pipeline_gives_no_outcome_away(con: duckdb.DuckDBPyConnection) -> None:
    """The export dates no stage but the last and no value before the end: neither shows while a deal was open."""
    rows = con.execute(
        "select distinct stage, valued_count from reports.rpt_pipeline_weekly where currency = 'USD' order by stage"
    ).fetchall()

    assert {stage for stage, _ in rows} <= {"unknown", "engaging"}
    assert {valued for _, valued in rows} == {0}


def test_owners_account_for_every_deal_of_the_export(con: duckdb.DuckDBPyConnection) -> None:
    """Won, lost and open deals of all salespeople are those of the export."""
    rows = con.execute(
        "select sum(won_count)::bigint, sum(lost_count)::bigint, sum(open_count)::bigint from reports.rpt_owners "
        "where currency = 'USD'"
    ).fetchall()

    assert rows == [(4238, 2473, 2089)]
