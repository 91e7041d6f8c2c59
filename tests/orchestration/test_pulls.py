"""Pulls in Dagster: nothing without credentials, files with them."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from examples.shop.endpoints import serve
from loaders.errors import LoaderError
from orchestration import pulls
from orchestration.resources import Installation
from warehouse.settings import load


def run(home: Path, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> bool:
    """Run the job with these credentials."""
    for name in ("MILLRACE_ACTIVECAMPAIGN_URL", "MILLRACE_ACTIVECAMPAIGN_TOKEN"):
        monkeypatch.setenv(name, environ.get(name, ""))
    monkeypatch.setenv("MILLRACE_ACTIVECAMPAIGN_RATE_SCALE", "1000")
    monkeypatch.setenv("MILLRACE_HOME", str(home))
    (job,) = pulls.pull_jobs()
    return job.execute_in_process(resources={"installation": Installation()}).success


def skips(monkeypatch: pytest.MonkeyPatch, token: str) -> bool:
    """Whether the schedule lets its hour pass."""
    monkeypatch.setenv("MILLRACE_ACTIVECAMPAIGN_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MILLRACE_ACTIVECAMPAIGN_TOKEN", token)
    (schedule,) = pulls.pull_schedules()
    tick = schedule.evaluate_tick(dg.build_schedule_context())
    return not tick.run_requests


def test_pull_lands_files_and_without_credentials_does_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token the job says what to set and succeeds: an installation may do without the vendor."""
    assert run(tmp_path, monkeypatch, {})
    assert not (tmp_path / "landing").exists()
    with serve() as shop:
        assert run(tmp_path, monkeypatch, shop.environment())
    assert list((tmp_path / "landing" / "activecampaign" / "lists").glob("*.ndjson"))


def test_schedule_is_off_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turned on by mistake it still asks nobody."""
    assert skips(monkeypatch, "")
    assert not skips(monkeypatch, "t")


def test_unknown_source_is_named() -> None:
    """The error lists what can be pulled."""
    with pytest.raises(LoaderError, match="nothing is pulled from nobody: use activecampaign"):
        pulls.pull("nobody", load({}), {})
