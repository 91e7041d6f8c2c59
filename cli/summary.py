"""The picture after a run: rows per layer, segments, scores with their calibration, and what was pushed where."""

from __future__ import annotations

import duckdb
from rich.columns import Columns
from rich.console import Console, RenderableType
from rich.table import Table

from activations import tables
from activations.journeys import report
from activations.journeys import tables as journey_tables
from cli.serving import Rows, published
from warehouse.connection import connect
from warehouse.internal import ensure
from warehouse.manifest import Manifest, load_manifest
from warehouse.relations import has_table
from warehouse.serving import STORED
from warehouse.settings import Settings

LAYERS = ("staging", "intermediate", "marts", "scores", "segments", "reports")


def show(settings: Settings, console: Console) -> None:
    """Print the summary of what is in the warehouse now."""
    manifest = load_manifest(settings, refresh=False)
    with connect(settings) as con:
        ensure(con, {})
        pictures: list[RenderableType] = [_landing(con), _layers(con, manifest)]
        pushed = _pushed(con)
        pictures.append(_journeys(con))
    with published(settings) as con:
        pictures += [_segments(con), _lead_scores(con), _win_probability(con), _send_hours(con)]
    console.print(Columns(pictures, padding=(0, 3)))
    console.print(pushed)


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=None,
        padding=(0, 1),
        min_width=len(title) + 1,
    )
    for index, column in enumerate(columns):
        table.add_column(column, justify="left" if index == 0 else "right", no_wrap=True)
    return table


def _fill(table: Table, rows: Rows) -> Table:
    for first, *others in rows:
        cells = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in others]
        table.add_row(str(first), *cells)
    return table


def _landing(con: duckdb.DuckDBPyConnection) -> Table:
    rows = con.execute(
        "select source || '.' || table_name, count(*)::bigint, sum(rows_loaded)::bigint, "
        "sum(rows_quarantined)::bigint from landing.files group by all order by 1"
    ).fetchall()
    return _fill(_table("Landed", "table", "files", "loaded", "quarantined"), rows)


def _layers(con: duckdb.DuckDBPyConnection, manifest: Manifest) -> Table:
    """Models that exist, and the rows of those that are stored: to count a view's would read all history."""
    table = _table("Built", "layer", "models", "rows")
    present = set(
        con.execute("select table_schema, table_name from information_schema.tables").fetchall()
    )
    for layer in LAYERS:
        models = [m for m in manifest.in_folder(layer) if (m.schema, m.name) in present]
        rows = [
            int(con.execute(f"select count(*) from {model.relation}").fetchall()[0][0])
            for model in models
            if model.materialized in STORED
        ]
        table.add_row(layer, f"{len(models):,}", f"{sum(rows):,}" if rows else "views")
    return table


def _segments(con: duckdb.DuckDBPyConnection) -> Table:
    rows = con.execute(
        "select segment, count(*) filter (left_at is null), count(*) filter (left_at is not null) "
        "from segments.segment_memberships group by segment order by segment"
    ).fetchall()
    return _fill(_table("Segments", "segment", "in", "left"), rows)


def _lead_scores(con: duckdb.DuckDBPyConnection) -> Table:
    rows = con.execute(
        "select cast(score // 20 * 20 as varchar) || ' and more', count(*) "
        "from scores.score_lead group by score // 20 order by score // 20"
    ).fetchall()
    return _fill(_table("Lead scores", "points", "leads"), rows)


def _win_probability(con: duckdb.DuckDBPyConnection) -> Table:
    """Reliability in the held-out cohort: what was said beside what happened."""
    table = _table("Win probability on held-out deals", "said", "happened", "deals")
    # A new installation decides before it reports.
    rows = (
        con.execute(
            "select predicted_mean, observed_rate, row_count from reports.rpt_calibration "
            "where model = 'win_probability' order by bin"
        ).fetchall()
        if has_table(con, "reports", "rpt_calibration")
        else []
    )
    for predicted, observed, count in rows:
        table.add_row(f"{predicted:.0%}", f"{observed:.0%}", f"{count:,}")
    scored = con.execute(
        "select count(*), count(*) filter (is_fallback), avg(win_probability) "
        "from scores.score_win_probability"
    ).fetchall()[0]
    if scored[0]:
        average = "" if scored[2] is None else f", mean {scored[2]:.0%}"
        table.caption = f"{scored[0]:,} open deals{average}; {scored[1]:,} by fallback"
        table.caption_justify = "left"
    return table


def _send_hours(con: duckdb.DuckDBPyConnection) -> Table:
    rows = con.execute(
        "select lpad(cast(best_hour as varchar), 2, '0') || ':00', count(*) "
        "from scores.score_send_hour group by best_hour order by count(*) desc, best_hour limit 6"
    ).fetchall()
    return _fill(_table("Best send hour, local", "hour", "contacts"), rows)


def _journeys(con: duckdb.DuckDBPyConnection) -> Table:
    """Who is inside which journey, who reached its goal, and the messages it proposed."""
    journey_tables.ensure(con)
    rows = report.overview(con)
    shown = [(name, inside, achieved, sent) for name, _, _, inside, achieved, _, _, sent in rows]
    return _fill(_table("Journeys", "journey", "inside", "achieved", "messages"), shown)


def _pushed(con: duckdb.DuckDBPyConnection) -> Table:
    """The newest plan of each sync and what came of it."""
    tables.ensure(con)
    rows = con.execute(
        "select case when starts_with(sync, 'sync_') then substr(sync, 6) else sync end, "
        "creates, updates, removes, unchanged, "
        "coalesce(delivered, 0), coalesce(rejected, 0), "
        "coalesce(deferred, 0) + coalesce(in_doubt, 0) from activations.plans "
        "qualify row_number() over (partition by sync order by planned_at desc) = 1 order by sync"
    ).fetchall()
    table = _table(
        "Pushed by the newest run",
        "sync",
        "new",
        "changed",
        "gone",
        "same",
        "accepted",
        "refused",
        "waiting",
    )
    return _fill(table, rows)
