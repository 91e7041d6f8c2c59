"""One contact as a person would ask about them: why this score, and what happened when."""

from __future__ import annotations

import json
from datetime import datetime

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.serving import published
from warehouse.settings import Settings


def explain(settings: Settings, who: str, console: Console) -> bool:
    """Print the contact's points, chance of converting, best hour and deals; False when there is no such contact."""
    with published(settings) as con:
        contact_id = _find(con, who, console)
        if contact_id is None:
            return False
        _points(con, contact_id, console)
        _conversion(con, contact_id, console)
        _best_hour(con, contact_id, console)
        _deals(con, contact_id, console)
        _segments(con, contact_id, console)
    return True


def timeline(settings: Settings, who: str, limit: int, console: Console) -> bool:
    """Print the newest `limit` entries of the contact's timeline; False when there is no such contact."""
    with published(settings) as con:
        contact_id = _find(con, who, console)
        if contact_id is None:
            return False
        rows = con.execute(
            "select occurred_at, kind, title, detail from marts.fct_timeline "
            "where contact_id = ? order by occurred_at desc, kind, title limit ?",
            [contact_id, limit],
        ).fetchall()
    table = Table(title=f"Timeline of {contact_id}, newest first (UTC)", title_justify="left")
    for name in ("when", "kind", "what", "detail"):
        table.add_column(name)
    for occurred_at, kind, title, detail in rows:
        table.add_row(f"{occurred_at:%Y-%m-%d %H:%M}", kind, title, detail or "")
    console.print(table)
    return True


def account(settings: Settings, who: str, limit: int, console: Console) -> bool:
    """Print who a contact is and their newest `limit` touches; False when there is no such contact."""
    with published(settings) as con:
        contact_id = _find(con, who, console)
        if contact_id is None:
            return False
        rows = con.execute(
            "select occurred_at, kind, channel, campaign, destination, state, reason, vendor_id, received_at, "
            "count(*) over () from marts.fct_touches where contact_id = ? "
            "order by occurred_at desc nulls last, touch_id limit ?",
            [contact_id, limit],
        ).fetchall()
        _segments(con, contact_id, console)
    total = rows[0][-1] if rows else 0
    console.print(f"Touches of {contact_id}: {len(rows):,} of {total:,}, newest first (UTC)")
    for at, kind, channel, campaign, destination, state, reason, vendor_id, answered, _ in rows:
        when, what = _minute(at), f"{channel or ''} {kind}".strip()
        whither = " → ".join(part for part in (campaign, destination) if part)
        more = [
            reason or "",
            f"vendor's id {vendor_id}" if vendor_id else "",
            f"answered {_minute(answered)}" if answered else "",
        ]
        words = f"{when:<16}  {what:<14} {whither}: {state or 'unknown'}"
        detail = ", ".join(part for part in more if part)
        console.print(escape(f"{words}  ({detail})" if detail else words), soft_wrap=True)
    return True


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else ""


def _find(con: duckdb.DuckDBPyConnection, who: str, console: Console) -> str | None:
    rows = con.execute(
        "select contact_id, first_name, last_name, email, country from marts.dim_contacts "
        "where contact_id = ? or email = lower(trim(?)) order by contact_id limit 1",
        [who, who],
    ).fetchall()
    if not rows:
        console.print(f"No contact has the id or the e-mail address {who!r}.")
        return None
    contact_id, first, last, email, country = rows[0]
    name = " ".join(part for part in (first, last) if part) or "(no name)"
    console.print(f"[bold]{name}[/]  {contact_id}  {email or '(no e-mail)'}  {country or ''}")
    return str(contact_id)


def _points(con: duckdb.DuckDBPyConnection, contact_id: str, console: Console) -> None:
    score = con.execute(
        "select score, fit_points, engagement_points from scores.score_lead where contact_id = ?",
        [contact_id],
    ).fetchall()
    if not score:
        console.print("No lead score: a contact with a won deal or an order is no lead.")
        return
    total, fit, engagement = score[0]
    table = Table(
        title=f"Lead score {total} (fit {fit}, engagement {engagement})", title_justify="left"
    )
    for name, justify in (
        ("points", "right"),
        ("rule", "left"),
        ("why", "left"),
        ("until", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for points, rule, reason, expires in con.execute(
        "select points, rule, reason, expires_at from scores.score_lead_contributions "
        "where contact_id = ? order by points desc, rule",
        [contact_id],
    ).fetchall():
        table.add_row(str(points), rule, reason, f"{expires:%Y-%m-%d}" if expires else "")
    console.print(table)


def _conversion(con: duckdb.DuckDBPyConnection, contact_id: str, console: Console) -> None:
    for probability, days, fallback, reasons in con.execute(
        "select conversion_probability, within_days, fallback_reason, reasons "
        "from scores.score_lead_conversion where contact_id = ?",
        [contact_id],
    ).fetchall():
        shown = "not yet calculated" if probability is None else f"{probability:.0%}"
        soon = f"within {days} days" if days else "soon"
        told = "; ".join(str(reason) for reason in json.loads(reasons or "[]"))
        why = ". ".join(part for part in (fallback, told) if part)
        console.print(f"Becomes a customer {soon}: {shown}. {why}", highlight=False)


def _best_hour(con: duckdb.DuckDBPyConnection, contact_id: str, console: Console) -> None:
    for hour, zone, fallback in con.execute(
        "select best_hour, timezone, is_fallback from scores.score_send_hour where contact_id = ?",
        [contact_id],
    ).fetchall():
        whose = "what works for others" if fallback else "this contact's own behaviour"
        console.print(f"Best send hour {hour:02}:00 {zone or 'UTC'} (from {whose})")


def _deals(con: duckdb.DuckDBPyConnection, contact_id: str, console: Console) -> None:
    for name, stage, shown, fallback, reasons in con.execute(
        "select d.name, d.stage, coalesce(w.shown_as, 'not yet calculated'), w.fallback_reason, w.reasons "
        "from marts.dim_deals as d left join scores.score_win_probability as w using (deal_id) "
        "where d.contact_id = ? and d.status = 'open' order by d.deal_id",
        [contact_id],
    ).fetchall():
        why = fallback or "; ".join(str(reason) for reason in json.loads(reasons or "[]"))
        console.print(f"Open deal {name} ({stage}): win probability {shown}. {why}")


def _segments(con: duckdb.DuckDBPyConnection, contact_id: str, console: Console) -> None:
    for segment, reason, entered in con.execute(
        "select segment, reason, entered_at from segments.segment_memberships "
        "where contact_id = ? and left_at is null order by segment",
        [contact_id],
    ).fetchall():
        console.print(f"In {segment} since {entered:%Y-%m-%d}: {reason}")
