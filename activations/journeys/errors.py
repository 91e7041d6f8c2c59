"""What the journeys raise on purpose, below activations' own errors."""

from __future__ import annotations

from activations.errors import DefinitionError, TerminalError


class JourneyError(DefinitionError):
    """A journey's file says something impossible; one line per finding, each with file, line and what to do."""


class TickError(TerminalError):
    """A tick was asked for that cannot be run, for example one for the past."""
