"""A campaign puts its message into the outbox for its segment, at the contact's clock, once per date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from activations.errors import DefinitionError
from activations.outbox.definitions import definitions
from activations.outbox.look import outlook
from tests.activations.outbox.conftest import AS_OF, DAY, HOUR
from tests.activations.outbox.house import House, house, model
from warehouse.connection import connect
from warehouse.manifest import Manifest

SEGMENTS = {
    name: model(name, "segments", {"contact_id": "VARCHAR"}) for name in ("seg_vip", "seg_left")
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as made:
        made.manifest = Manifest({**made.manifest.models, **SEGMENTS}, {})
        with connect(made.settings) as con:
            con.execute("create schema segments; create schema scores")
            con.execute("create table segments.seg_vip (contact_id varchar)")
            con.execute("create table segments.seg_left (contact_id varchar)")
            con.execute(
                "create table scores.score_send_hour (contact_id varchar, best_hour bigint)"
            )
        yield made


def campaign(home: House, **said: Any) -> None:
    usual = {
        "message": "hello",
        "segment": "seg_vip",
        "schedule": {"date": "2026-06-30", "time": "14:00"},
    }
    folder = home.settings.project / "models" / "campaigns"
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump({**usual, **said}).replace("'2026-06-30'", "2026-06-30")
    (folder / "summer.yml").write_text(text)


def members(home: House, **zones: str) -> None:
    with home.box() as box:
        for name, zone in zones.items():
            box.contact(name, zone=zone)
            box.con.execute("insert into segments.seg_vip values (?)", [name])


def due(home: House) -> dict[str, datetime]:
    return dict(home.query("select contact_id, due_at from activations.outbox"))


def test_each_member_is_due_at_their_own_clock(home: House) -> None:
    """Two in the afternoon is another moment in Tokyo; tomorrow's messages are rows today."""
    members(home, ada="Europe/Berlin", ben="Asia/Tokyo", cyd="America/Los_Angeles")
    campaign(home)

    home.dispatch(AS_OF - 10 * HOUR)

    day = datetime(2026, 6, 30)
    assert due(home) == {
        "ada": day.replace(hour=12),
        "ben": day.replace(hour=5),
        "cyd": day.replace(hour=21),
    }
    assert set(home.states().values()) == {"planned"}


def test_a_date_is_sent_once_however_often_it_is_dispatched(home: House) -> None:
    """And not made up for when it was missed by more than a day."""
    members(home, ada="UTC")
    campaign(home, schedule={"date": "2026-06-30", "time": "12:00"})
    for hours in (0, 1, 5):
        home.dispatch(AS_OF + hours * HOUR)
    assert len(home.mail.messages) == 1

    members(home, ben="UTC")
    home.dispatch(AS_OF + 2 * DAY)
    assert len(home.mail.messages) == 1


def test_who_leaves_the_segment_before_its_time_does_not_get_it(home: House) -> None:
    """Membership counts when it is sent, and so does the segment that is left out."""
    members(home, ada="UTC", ben="UTC", cyd="UTC")
    campaign(home, without=["seg_left"], schedule={"date": "2026-06-30", "time": "12:00"})
    home.dispatch(AS_OF - 2 * HOUR)
    with connect(home.settings) as con:
        con.execute("delete from segments.seg_vip where contact_id = 'ada'")
        con.execute("insert into segments.seg_left values ('ben')")

    home.dispatch(AS_OF)

    assert [mail["To"] for mail in home.mail.messages] == ["cyd@mail.example"]
    reasons = "select distinct reason from activations.outbox where state = 'cancelled'"
    assert home.query(reasons) == [("left seg_vip",)]


def test_a_weekly_campaign_goes_on_its_weekday_at_the_best_hour(home: House) -> None:
    """One message per date; whoever has no best hour gets it at ten."""
    members(home, ada="UTC", ben="UTC")
    with connect(home.settings) as con:
        con.execute("create schema ml")
        con.execute(
            "create table ml.send_curves (contact_id varchar, version varchar, as_of timestamp, level varchar, "
            "hour_values float[])"
        )
        ada = [float(hour == 19) for hour in range(24)]
        con.execute("insert into ml.send_curves values ('ada', 'v1', null, 'contact', ?)", [ada])
    said = {"every": "week", "weekday": "thursday", "time": "best", "explore": 0.0}
    campaign(home, schedule=said)
    for day in range(21):
        for hour in (10, 19):
            home.dispatch(datetime(2026, 6, 29, hour, tzinfo=UTC) + timedelta(days=day))

    times = home.query("select contact_id, step_id, due_at from activations.outbox order by all")
    assert [(who, day, at.hour) for who, day, at in times] == [
        (who, f"2026-07-{day:02}", hour)
        for who, hour in (("ada", 19), ("ben", 10))
        for day in (2, 9, 16)
    ]
    assert len(home.mail.messages) == 6


def test_an_outlook_says_who_would_get_it_when_and_who_not(home: House) -> None:
    """Nothing is written."""
    members(home, ada="UTC", ben="Asia/Tokyo", cyd="UTC")
    campaign(home)
    with home.box() as box:
        box.suppress("cyd", "complaint")
    defined = definitions(home.settings, home.manifest)

    with connect(home.settings) as con:
        found = outlook(
            con, defined.campaign("summer"), defined.message("hello"), home.manifest, defined.rules, AS_OF - 10 * HOUR
        )  # fmt: skip

    assert (found.members, found.reachable, found.refusals) == (3, 2, {"complaint": 1})
    assert found.by_hour == [(datetime(2026, 6, 30, 5), 1), (datetime(2026, 6, 30, 14), 1)]
    assert home.query(
        "select count(*) from information_schema.tables where table_name = 'outbox'"
    ) == [(0,)]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"segment": "seg_vips"}, "segment: there is no 'seg_vips'; there are seg_left, seg_vip"),
        ({"message": "helo"}, "message: there is no 'helo'; there are hello"),
        (
            {"schedule": {"time": "09:00"}},
            "schedule: say either a date or every day, week or month",
        ),
        ({"schedule": {"every": "week", "time": "09:00"}}, "every week goes with a weekday"),
        (
            {"schedule": {"every": "day", "time": "09:00", "zone": "Mars"}},
            "there is no time zone 'Mars'",
        ),
        ({"schedule": {"every": "day", "time": "25:00"}}, "schedule.time"),
        ({"lead": "soon"}, "lead: 'soon' is no duration; write it as '90 minutes' or '2 days'"),
    ],
)
def test_a_mistake_in_a_campaign_is_named_and_stops_only_itself(
    home: House, said: dict[str, Any], words: str
) -> None:
    """The others go on."""
    campaign(home, **said)
    home.propose("ada")

    defined = definitions(home.settings, home.manifest)

    assert words in defined.broken["summer"]
    assert defined.broken["summer"].startswith("models/campaigns/summer.yml: ")
    with pytest.raises(DefinitionError, match=r"models/campaigns/summer.yml"):
        defined.campaign("summer")
    home.dispatch()
    assert len(home.mail.messages) == 1
