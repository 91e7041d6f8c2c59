"""Groups of commands that are read only when somebody asks for them: a start of `millrace` costs what it does."""

from __future__ import annotations

from importlib import import_module

import click
from typer.core import TyperGroup
from typer.main import get_command
from typing_extensions import override

# Name of a group: its module, and the application there.
GROUPS = {
    "journey": ("cli.journey", "app"),
    "model": ("cli.model", "app"),
    "message": ("cli.messages", "messages"),
    "outbox": ("cli.messages", "box"),
    "campaign": ("cli.messages", "campaigns"),
}


class Later(TyperGroup):
    """The commands of the group itself, and those of `GROUPS`."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), *GROUPS]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        module, name = GROUPS[cmd_name]
        command = get_command(getattr(import_module(module), name))
        command.name = cmd_name
        return command
