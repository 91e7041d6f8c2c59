"""An alert begins once and ends once, says what and why, and reaches whoever is named, through the delivery engine."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from activations import alarm
from activations.alerts import Thresholds, judge
from activations.run import Tools
from tests.activations.conftest import AS_OF, KINDS, Clock, Desk, desk_for
from tests.activations.scripted import Adapter, answers
from tests.activations.vendors.slack import Slack
from tests.activations.vendors.webhook import Receiver

SLACK = {"MILLRACE_ALERT_SLACK_CHANNEL": "C0ALERTS"}


def a_run(**more: Any) -> dict[str, Any]:
    usual = {
        "plan_id": "p", "state": "delivered", "gate": None, "reason": None, "changed_columns": "{}",
        "creates": 0, "updates": 10, "removes": 0, "unchanged": 990, "arrived": 10, "refused": 0, "doubted": 0,
        "codes": None,
    }  # fmt: skip
    return usual | more


def found(kind: str, *runs: dict[str, Any], mode: str = "upsert", **limits: Any) -> Any:
    findings = {one.kind: one for one in judge(Thresholds(**limits), mode, runs)}
    return findings.get(kind)


@pytest.mark.parametrize(
    ("refused", "arrived", "is_on"), [(6, 94, True), (5, 95, False), (4, 0, False), (50, 50, True)]
)
def test_failed_share(refused: int, arrived: int, is_on: bool) -> None:
    """A share of what was answered, and a few rows never wake anybody."""
    finding = found("failed_share", a_run(refused=refused, arrived=arrived, codes="400 (6)"))

    assert finding.is_on is is_on
    assert "400 (6)" in finding.words


@pytest.mark.parametrize(
    ("rows", "is_on"), [(1000, False), (1300, False), (1400, True), (700, True), (0, True)]
)
def test_count_is_judged_by_median_and_mad(rows: int, is_on: bool) -> None:
    """One wild run in the past changes nothing of what is usual."""
    past = [a_run(unchanged=980 + 7 * n) for n in range(9)] + [a_run(unchanged=90_000)]

    finding = found("count", a_run(updates=0, unchanged=rows), *past)

    assert finding.is_on is is_on


def test_a_few_runs_are_no_norm() -> None:
    """Nothing is said before there is a past."""
    assert found("count", a_run(unchanged=0), *[a_run()] * 7) is None


def test_a_full_resync_says_why() -> None:
    """Columns that changed everywhere, keys that are new, or a memory that is gone; a first run is none."""
    before = a_run()
    columns = json.dumps({"score": 995, "city": 12})
    changed = a_run(updates=998, unchanged=2, changed_columns=columns)
    forgotten = a_run(creates=1000, updates=0, unchanged=0)

    assert found("full_resync", changed, before).words.endswith("changed nearly everywhere: score")
    assert "no row that was accepted" in found("full_resync", forgotten, before).words
    assert found("full_resync", forgotten) is None
    assert not found("full_resync", before, before).is_on


def desk(tmp_path: Path) -> Desk:
    return desk_for(KINDS["hubspot"], tmp_path / "home")


def alerts(made: Desk) -> list[tuple[Any, ...]]:
    return made.query(
        "select kind, ended_at is null from activations.alerts order by began_at, kind"
    )


def tell(made: Desk, vendor: Any, environ: dict[str, str]) -> Any:
    tools = Tools(timer=Clock().timer(), adapter=Adapter(vendor))
    return alarm.tell(made.settings, AS_OF, {**made.environ, **environ}, tools)


def test_each_alert_is_told_once_when_it_begins_and_once_when_it_ends(tmp_path: Path) -> None:
    """Whatever is run again in between, and though Slack was away at first."""
    made, slack = desk(tmp_path), Slack()
    rows = made.rows(40)
    made.vendor.bad_keys = {made.kind.vendor_key(n) for n in range(12)}
    made.fill(rows)
    made.go()
    first = {v.finding.kind: v.news for v in alarm.look(made.settings, made.sync)}
    again = {v.finding.kind: v.news for v in alarm.look(made.settings, made.sync)}
    assert (first["failed_share"], again["failed_share"]) == ("began", None)
    slack.is_locked = True
    assert tell(made, slack, SLACK)[0].counts["deferred"] == 1
    slack.is_locked = False
    tell(made, slack, SLACK)
    tell(made, slack, SLACK)
    assert alerts(made) == [("failed_share", True)]

    made.vendor.bad_keys = set()
    made.go(AS_OF + timedelta(days=1))
    alarm.look(made.settings, made.sync)
    tell(made, slack, SLACK)
    tell(made, slack, SLACK)

    assert alerts(made) == [("failed_share", False)]
    texts = [message["text"] for message in slack.messages]
    assert [text.split(":")[0] for text in texts] == ["Alert", "Recovered"]
    assert "12 of 40 rows failed (30%, limit 5%)" in texts[0]
    assert {message["channel"] for message in slack.messages} == {"C0ALERTS"}
    assert made.query(
        "select count(*) from raw_activations.receipts where sync = 'alerts_slack' and outcome = 'delivered'"
    ) == [(2,)]


def test_a_sync_that_delivers_nothing_alerts_and_a_webhook_is_signed(tmp_path: Path) -> None:
    """A token that is refused loses nothing, and somebody must know."""
    made, receiver = desk(tmp_path), Receiver()
    made.vendor.is_locked = True
    made.fill(made.rows(3))
    made.go()
    alarm.look(made.settings, made.sync)
    hook = KINDS["webhook"].environ
    environ = {
        "MILLRACE_ALERT_WEBHOOK_URL": hook["MILLRACE_SIGNED_WEBHOOK_URL"],
        "MILLRACE_ALERT_WEBHOOK_SECRET": hook["MILLRACE_SIGNED_WEBHOOK_SECRET"],
    }
    receiver.faults = [answers(503)]

    tell(made, receiver, environ)

    ((row,),) = [json.loads(request.body)["rows"] for request in receiver.writes()][-1:]
    assert row["fields"]["kind"] == "nothing_delivered"
    assert "401" in row["fields"]["text"]
    made.vendor.is_locked = False
    made.later()
    assert [v.news for v in alarm.look(made.settings, made.sync) if v.news] == ["ended"]


def test_nobody_named_is_nobody_told(tmp_path: Path) -> None:
    """And the sync's own limits hold: null turns a kind off."""
    made = desk(tmp_path)
    made.change(alerts=Thresholds(failed_share=None))
    made.vendor.bad_keys = {made.kind.vendor_key(n) for n in range(30)}
    made.fill(made.rows(40))
    made.go()

    assert "failed_share" not in {v.finding.kind for v in alarm.look(made.settings, made.sync)}
    assert tell(made, Slack(), {}) == []
    assert alerts(made) == []
