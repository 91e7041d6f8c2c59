"""Groups of commands that are read only when somebody asks for them: a start of `millrace` costs what it does."""

from __future__ import annotations

from importlib import import_module
from typing import Any

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
    """The commands of the group itself, and those of `GROUPS`. (Which click Typer builds on is Typer's own affair.)"""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *GROUPS]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        module, name = GROUPS[cmd_name]
        command = get_command(getattr(import_module(module), name))
        command.name = cmd_name
        return command
