"""Messages, the outbox and campaigns on the command line: look, preview, hold, cancel, dispatch."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from activations import outbox
from activations.outbox import dispatch, look
from activations.outbox.check import check
from activations.outbox.definitions import Definitions, definitions
from activations.outbox.preview import Preview, parse_data, preview
from cli.serving import published
from warehouse import clock
from warehouse.connection import connect
from warehouse.manifest import Manifest, load_manifest
from warehouse.settings import Settings, load

messages = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Message templates: list, check, preview."
)
box = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The outbox: what goes out when, and why."
)
campaigns = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Campaigns: list, and what they would do."
)
console = Console()
Name = Annotated[str, typer.Argument(help="its name: that of its file")]
MessageId = Annotated[str, typer.Argument(help="a message's id, or how it begins")]
Reason = Annotated[str, typer.Option(help="why; kept with the message")]


def _all() -> tuple[Settings, Manifest, Definitions]:
    settings = load()
    manifest = load_manifest(settings)
    return settings, manifest, definitions(settings, manifest)


@messages.command("list")
def list_messages() -> None:
    """List the message templates, and what is wrong with those that cannot be used."""
    _, _, defined = _all()
    table = Table("message", "channel", "purpose", "variants", "what", box=None)
    for message in defined.messages.values():
        variants = ", ".join(variant.name for variant in message.variants)
        table.add_row(message.name, message.channel, message.purpose, variants, message.description)
    console.print(table)
    _show_broken(defined)


@messages.command("check")
def check_messages() -> None:
    """Check every template and campaign: names that do not exist, markup that breaks, no way to leave."""
    settings, manifest, defined = _all()
    for message in defined.messages.values():
        check(settings, message, manifest)
    if _show_broken(defined):
        raise typer.Exit(1)
    console.print(
        f"{len(defined.messages)} messages and {len(defined.campaigns)} campaigns are in order."
    )


@messages.command("preview")
def preview_message(
    name: Name,
    contact: Annotated[
        str | None, typer.Option(help="contact id or e-mail address; the example when left out")
    ] = None,
    variant: Annotated[
        str | None, typer.Option(help="this variant; the contact's own when left out")
    ] = None,
    data: Annotated[
        str | None, typer.Option(help="the proposal's variables as a JSON object")
    ] = None,
) -> None:
    """Show a message as a contact would get it, and write its HTML to a file; sends nothing."""
    settings, manifest, defined = _all()
    message = defined.message(name)
    rule = defined.rules.channels.get(message.channel)
    with published(settings) as con:
        made = preview(
            con, settings, manifest, message, contact, variant=variant, data=parse_data(data),
            price=rule.price if rule else None,
        )  # fmt: skip
    _show_preview(made)


@box.command("list")
def list_outbox(
    state: Annotated[str | None, typer.Option(help="only this state")] = None,
    message: Annotated[str | None, typer.Option(help="only this message")] = None,
    contact: Annotated[str | None, typer.Option(help="only this contact id")] = None,
    source: Annotated[str | None, typer.Option(help="only this journey or campaign")] = None,
    limit: Annotated[int, typer.Option(help="how many, the next first")] = 40,
) -> None:
    """List messages by when they go or went, tomorrow's included."""
    with connect(load()) as con:
        found = look.entries(
            con, state=state, message=message, contact=contact, source=source, limit=limit
        )
        totals = look.counts(con)
    table = Table("when (UTC)", "state", "message", "from", "contact", "id", "reason", box=None)
    for entry in found:
        when = f"{entry.when:%Y-%m-%d %H:%M}" if entry.when else ""
        shown = "held" if entry.is_held else entry.state
        whom, reason = entry.contact_id or "", escape(entry.reason or "")
        table.add_row(when, shown, entry.message, entry.source, whom, entry.message_id[:8], reason)
    console.print(table)
    summary = Table("from", "message", "state", "messages", box=None)
    for source_name, name, kind, count in totals:
        summary.add_row(source_name, name, kind, f"{count:,}")
    console.print(summary)


@box.command("why")
def why_message(message_id: MessageId) -> None:
    """Tell what was decided about a message, when, and by which values."""
    with connect(load()) as con:
        decisions = look.why(con, message_id)
    table = Table("as of (UTC)", "decision", "why", "values", box=None)
    for as_of, decision, reason, facts in decisions:
        values = ", ".join(f"{name} {value}" for name, value in facts.items() if value is not None)
        table.add_row(f"{as_of:%Y-%m-%d %H:%M}", decision, escape(reason or ""), escape(values))
    console.print(table)


@box.command("hold")
def hold_message(message_id: MessageId, reason: Reason = "held by hand") -> None:
    """Keep a message back until it is released, or until it expires."""
    _change("hold", message_id, reason)


@box.command("release")
def release_message(message_id: MessageId, reason: Reason = "released by hand") -> None:
    """Let a held message compete again."""
    _change("release", message_id, reason)


@box.command("cancel")
def cancel_message(message_id: MessageId, reason: Reason = "cancelled by hand") -> None:
    """Cancel a message; one that a vendor holds for later is called back at the next dispatch, where it can be."""
    _change("cancel", message_id, reason)


@box.command("retry")
def retry_message(message_id: MessageId, reason: Reason = "repaired") -> None:
    """Let a message compete again that could not be rendered, once its template or data is repaired."""
    _change("retry", message_id, reason)


@box.command("dispatch")
def dispatch_now() -> None:
    """Decide, render and hand over what is due now; what the job `activate` does too."""
    settings, manifest, defined = _all()
    for done in dispatch.dispatch(settings, defined, manifest, clock.as_of(settings), os.environ):
        console.print(f"{done.channel} → {done.destination}: {done.summary}")


@campaigns.command("list")
def list_campaigns() -> None:
    """List the campaigns."""
    _, _, defined = _all()
    table = Table("campaign", "message", "segment", "what", box=None)
    for campaign in defined.campaigns:
        table.add_row(campaign.name, campaign.message, campaign.segment, campaign.description)
    console.print(table)
    _show_broken(defined)


@campaigns.command("plan")
def plan_campaign(name: Name) -> None:
    """Show whom a campaign's next dates would reach, whom not and why, and when; writes nothing."""
    settings, manifest, defined = _all()
    campaign = defined.campaign(name)
    message = defined.message(campaign.message)
    rule = defined.rules.channels.get(message.channel)
    with connect(settings) as con:
        found = look.outlook(con, campaign, message, manifest, defined.rules, clock.as_of(settings))
    console.print(
        f"[bold]{name}[/]: {message.name} to {campaign.segment}, {found.members:,} members now"
    )
    if not found.by_hour and not found.refusals:
        console.print("No date is near.")
    table = Table("hour (UTC)", "messages", box=None)
    for hour, count in found.by_hour:
        table.add_row(f"{hour:%Y-%m-%d %H:00}", f"{count:,}")
    table.add_row("all", f"{found.reachable:,}")
    console.print(table)
    for refusal, count in sorted(found.refusals.items()):
        console.print(f"not to {count:,}: {refusal}")
    if rule and rule.price is not None:
        console.print(f"at least {found.reachable * rule.price:,.2f} at {rule.price} each")


@campaigns.command("preview")
def preview_campaign(
    name: Name,
    contact: Annotated[
        str | None, typer.Option(help="contact id or e-mail address; the example when left out")
    ] = None,
) -> None:
    """Show a campaign's message as a contact would get it."""
    _, _, defined = _all()
    preview_message(defined.campaign(name).message, contact)


def _change(what: str, message_id: str, reason: str) -> None:
    settings = load()
    with connect(settings) as con:
        full = look.resolve(con, message_id)
        act = getattr(outbox, what)
        done = act(con, f"select '{full}'", reason, clock.as_of(settings))
        state, why = look.state(con, full)
    console.print(
        f"{full[:8]}: {'done' if done else 'nothing to do'}; it is {state} ({why or 'no reason'})"
    )


def _show_broken(defined: Definitions) -> bool:
    for words in defined.broken.values():
        console.print("[bold red]error[/]", escape(words), highlight=False)
    return bool(defined.broken)


def _show_preview(made: Preview) -> None:
    message, shown = made.message, made.made
    head = Table(box=None, show_header=False)
    for label, value in (
        ("to", shown.to),
        ("from", shown.sender),
        ("subject", shown.subject),
        ("variant", shown.variant),
        ("leave by", shown.unsubscribe_url),
    ):
        if value:
            head.add_row(label, escape(value))
    if made.size:
        cost = "" if made.cost is None else f", {made.cost:.4f}"
        head.add_row(
            "size",
            f"{made.size.segments} segments, {made.size.encoding}, {made.size.units} units{cost}",
        )
    console.print(head)
    console.print(escape(shown.text or ""), highlight=False)
    for warning in shown.warnings:
        console.print("[yellow]warning[/]", escape(warning), highlight=False)
    if shown.html:
        # Not in the installation's home: what is there would have to be erased with the person.
        folder = Path(tempfile.gettempdir()) / "millrace-previews"
        path = folder / f"{message.name}-{made.contact_id or 'example'}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown.html, encoding="utf-8")
        console.print(f"HTML in {path}")
