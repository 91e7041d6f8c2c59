"""What a run has to look at is known before it starts, and what its own tick will change is part of it."""

from __future__ import annotations

from orchestration import due
from warehouse.manifest import load_manifest
from warehouse.settings import load

REPORTS = {"rpt_journeys", "rpt_journey_steps", "rpt_journey_ways", "rpt_journey_splits"}


def built(outdated: set[str], moved: bool) -> set[str]:
    """The names of what a run builds, by what is out of date and whether the clock moved."""
    keys = due._downstream(load_manifest(load({})), [], outdated, set(), moved)
    return {key.path[-1] for key in keys}


def test_reports_of_journeys_are_built_in_the_run_whose_tick_they_tell_of() -> None:
    """Where anything is new; where nothing is, the tick has nothing to tell either."""
    idle, news, later = built(set(), False), built({"seg_vip"}, False), built(set(), True)

    assert not REPORTS & idle
    assert not REPORTS - news
    assert not REPORTS - later
    assert not {"rpt_journey_ahead", "rpt_journey_backtest", "dim_contacts"} & news
