"""Prints what is known of a person, what erasing them changed, and the proof that nothing is left."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration import erase as erasing
from orchestration.erase import Certificate
from warehouse.person import Person
from warehouse.prove import Search
from warehouse.settings import Settings


def show(settings: Settings, who: str, console: Console) -> None:
    """A dry run: who it is and where they are found; changes nothing."""
    person = erasing.whom(settings, who)
    _identity(person, console)
    found = erasing.look(settings, person)
    console.print(_places(f"Found in {len(found.hits)} places", found))
    _vendors(settings, person, console)


def run(settings: Settings, who: str | None, reason: str, console: Console) -> bool:
    """Erase, or finish what was begun; prints the certificate and returns whether nothing was found afterwards."""
    if who is not None and not erasing.pending(settings):
        person = erasing.whom(settings, who)
        _identity(person, console)
        _vendors(settings, person, console)
    done = erasing.erase(settings, who, reason, lambda text: console.print(f"[dim]{text} …[/]"))
    _certificate(done, console)
    return done.is_clean


def _identity(person: Person, console: Console) -> None:
    console.print("This person is known as:")
    for words, names in (
        ("contact", person.contact_ids),
        ("e-mail", person.emails),
        ("phone", person.phones),
        ("id", person.ids),
    ):
        if names:
            console.print(f"  {words:<8} {escape(', '.join(names))}", highlight=False)


def _vendors(settings: Settings, person: Person, console: Console) -> None:
    """Millrace erases what it keeps; what a destination was given has to be erased there."""
    for sync, vendor_id in erasing.destinations(settings, person):
        name = f" as {vendor_id}" if vendor_id else ""
        console.print(f"[yellow]erase there too[/]: {sync} has sent this person{escape(name)}")


def _certificate(done: Certificate, console: Console) -> None:
    console.print(f"[bold]Erasure {done.erasure_id}[/], {done.erased_at:%Y-%m-%d %H:%M} UTC")
    table = Table("where", "deleted", "with stand-ins", title="Changed", title_justify="left")
    for name, (deleted, changed) in done.tables.items():
        table.add_row(name, f"{deleted:,}", f"{changed:,}")
    for name, (deleted, changed) in done.files.items():
        table.add_row(f"landing/{name}", f"{deleted:,}", f"{changed:,}")
    for name, changed in done.others.items():
        table.add_row(name, "", f"{changed:,}")
    console.print(table)
    kinds = ", ".join(f"{count:,} × {kind}" for kind, count in done.search.searched.items())
    console.print(f"Searched: {kinds}")
    if done.is_clean:
        console.print("[bold green]Nothing was found.[/]")
    else:
        console.print(_places("[bold red]Still found[/]", done.search))
        console.print(
            "Remove these, or wait until they are written to their end; then `millrace erase --resume`."
        )


def _places(title: str, search: Search) -> Table:
    table = Table("place", "times", title=title, title_justify="left")
    for place, count in sorted(search.hits.items()):
        table.add_row(escape(place), f"{count:,}")
    return table
