"""Hours and variants are chosen once, with every option's chance on record."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from activations.outbox import choose_time, propose
from activations.outbox.choices import choose
from activations.outbox.template import Message, Variant
from tests.activations.outbox.conftest import AS_OF, DAY, HOUR, Box, rules

UNTIL = datetime(2026, 7, 1, 12)
TWO = (Variant(name="a"), Variant(name="b", weight=3.0))


def message(folder: Path) -> dict[str, Message]:
    return {
        "hello": Message(name="hello", folder=folder, channel="email", purpose="marketing", subject="Hi", variants=TWO)
    }  # fmt: skip


def curves(box: Box, **rows: list[float]) -> None:
    """What the model learned; `everyone` is the row for all."""
    box.con.execute("create schema if not exists ml")
    box.con.execute(
        "create table if not exists ml.send_curves (contact_id varchar, version varchar, as_of timestamp, "
        "level varchar, hour_values float[])"
    )
    for name, values in rows.items():
        own = "" if name == "everyone" else name
        level = "everyone" if not own else "contact"
        box.con.execute(
            "insert into ml.send_curves values (?, 'v1', null, ?, ?)", [own, level, values]
        )


def peak(hour: int) -> list[float]:
    return [float(1 + (number == hour)) for number in range(24)]


def log(box: Box, kind: str = "time") -> list[dict[str, Any]]:
    found = box.con.execute(
        "select * from raw_activations.choices where kind = ? order by contact_id", [kind]
    )
    names = [column[0] for column in found.description]
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    for row in rows:
        row["chances"] = dict(
            zip(json.loads(row["options"]), json.loads(row["propensities"]), strict=True)
        )
    return rows


def crowd(box: Box, count: int, sources: tuple[str, ...] = ("cart",), **more: float) -> None:
    names = f"(select format('c{{:04d}}', n) as contact_id from range({count}) as r(n))"
    box.con.execute(
        "insert into marts.dim_contacts by name select contact_id, contact_id || '@mail.example' as email, "
        f"'UTC' as timezone from {names}"
    )
    extra = "".join(f", {value} as {name}" for name, value in more.items())
    for source in sources:
        propose(
            box.con,
            f"select 'journey' as source, '{source}' as source_name, contact_id, 'email' as channel, "
            f"'hello' as message, 'marketing' as purpose, timestamp '{UNTIL}' as choose_until {extra} from {names}",
            AS_OF,
        )


def test_every_choice_is_logged_with_the_chance_of_every_hour(box: Box) -> None:
    """Chances sum to one, the chosen one has the chance on record, and about a tenth went anywhere."""
    curves(box, everyone=peak(15))
    crowd(box, 400)
    choose(box.con, {}, rules(), AS_OF)
    made = log(box)

    assert len(made) == 400
    for row in made:
        assert sum(row["chances"].values()) == pytest.approx(1, abs=1e-4)
        assert row["chances"][row["chosen"]] == pytest.approx(row["propensity"], rel=1e-4)
        assert all(
            6 <= int(hour) <= 22 for hour in row["options"].strip("[]").replace('"', "").split(", ")
        )
        assert row["policy_version"] == "v1"
    mine = [row for row in made if not row["is_control"]]
    explored = np.mean([row["is_explore"] for row in mine])
    assert 0.05 < explored < 0.16
    assert 0.05 < 1 - len(mine) / 400 < 0.16
    assert {row["chosen"] for row in made if row["is_control"]} == {"15"}
    assert {row["propensity"] for row in made if row["is_control"]} == {1.0}
    kept = [row for row in mine if not row["is_explore"]]
    assert {row["chosen"] for row in kept} == {"15"}
    assert kept[0]["propensity"] == pytest.approx(0.9 + 0.1 / 17)
    assert box.con.execute(
        "select count(*) from activations.outbox as o join raw_activations.choices as c "
        "on o.message_id = c.message_id where o.due_at = c.scheduled_at"
    ).fetchall() == [(400,)]  # fmt: skip


@pytest.mark.parametrize(("weekday", "hour"), [(2, "20"), (3, "15")])
def test_a_weekday_that_proved_to_differ_moves_the_hour_on_that_day(
    weekday: int, hour: str, box: Box
) -> None:
    """AS_OF is a Tuesday: its own factors count for everybody's evening, those of Wednesday do not."""
    curves(box, everyone=peak(15))
    box.con.execute(
        "create table ml.send_weekdays (local_weekday bigint, version varchar, as_of timestamp, hour_factors float[])"
    )
    factors = [3.0 if number == 20 else 1.0 for number in range(24)]
    box.con.execute("insert into ml.send_weekdays values (?, 'v1', null, ?)", [weekday, factors])
    crowd(box, 60)
    choose(box.con, {}, rules(), AS_OF)

    assert {row["chosen"] for row in log(box) if not row["is_explore"]} == {hour}


def test_nothing_is_chosen_twice(box: Box) -> None:
    """Another dispatch, a new curve, a new time: what is on record stays."""
    curves(box, everyone=peak(15))
    crowd(box, 20)
    assert choose(box.con, {}, rules(), AS_OF) == 20
    before = log(box)
    box.con.execute("delete from ml.send_curves")
    curves(box, everyone=peak(20))

    assert choose(box.con, {}, rules(), AS_OF + HOUR) == 0
    assert log(box) == before


def test_the_same_moment_decides_the_same(box: Box) -> None:
    """Killed before it was written, it comes out the same."""
    curves(box, everyone=peak(15))
    crowd(box, 50)
    choose(box.con, {}, rules(), AS_OF)
    first = log(box)
    box.con.execute("delete from raw_activations.choices")
    box.con.execute("update activations.outbox set due_at = planned_at")
    choose(box.con, {}, rules(), AS_OF)

    assert log(box) == first


def test_the_control_group_is_the_same_people_for_every_message(box: Box) -> None:
    """For ever, whatever the campaign."""
    crowd(box, 300, ("cart", "other"))
    choose(box.con, {}, rules(), AS_OF)
    groups = {(row["contact_id"], row["is_control"]) for row in log(box)}

    assert len(log(box)) == 600
    assert len(groups) == 300


def test_a_contact_gets_an_own_hour_by_their_own_clock(box: Box) -> None:
    """Ada's evening is Berlin's; quiet hours and hours of night are no options."""
    curves(box, everyone=peak(10), ada=peak(19), ben=peak(7))
    box.contact("ada", zone="Europe/Berlin")
    box.contact("ben", zone="UTC")
    for name in ("ada", "ben"):
        box.propose(name, choose_until=UNTIL, explore=0.0)
    quiet = [{"from": "21:00", "to": "09:00", "channels": ["email"]}]
    choose(box.con, {}, rules(quiet_hours=quiet), AS_OF)
    ada, ben = log(box)
    moments = dict(box.con.execute("select contact_id, due_at from activations.outbox").fetchall())

    if not ada["is_control"]:
        assert ada["chosen"] == "19"
        assert moments["ada"] == datetime(2026, 6, 30, 17)
        assert ada["reason"] == "contact"
    assert set(ada["chances"]) == {str(hour) for hour in range(9, 21)}
    assert set(ben["chances"]) == {str(hour) for hour in range(9, 21)}


def test_hours_take_no_more_than_their_capacity(box: Box) -> None:
    """Everybody likes three o'clock; sixty an hour go, the rest to hours that are nearly as good."""
    values = [1 - abs(hour - 15) / 24 for hour in range(24)]
    curves(box, everyone=values)
    crowd(box, 300, explore=0.0)
    choose(
        box.con, {}, rules(channels={"email": {"destination": "smtp", "capacity_per_hour": 60}}), AS_OF
    )  # fmt: skip
    hours = Counter(int(row["chosen"]) for row in log(box))

    assert max(hours.values()) <= 60
    assert set(hours) <= {12, 13, 14, 15, 16, 17, 18}


def test_without_anything_learned_a_usual_hour_is_chosen(box: Box) -> None:
    """A new account: ten o'clock, and the tenth that goes anywhere, which is how it learns."""
    crowd(box, 100)
    choose(box.con, {}, rules(), AS_OF)
    kept = [row for row in log(box) if not row["is_explore"]]

    assert {row["chosen"] for row in kept} == {"10"}
    assert all("learned" in row["reason"] or row["is_control"] for row in kept)


def test_a_window_without_a_single_open_hour_waits_as_it_is(box: Box) -> None:
    """Nothing is chosen, nothing is lost: quiet hours move it as they move everything."""
    box.contact("ada")
    name = box.propose("ada", choose_until=datetime(2026, 6, 30, 13))
    all_day = [
        {"from": "00:00", "to": "23:59", "channels": ["email"]},
    ]
    choose(box.con, {}, rules(quiet_hours=all_day), AS_OF)

    assert log(box) == []
    assert box.states() == {name: "planned"}


def test_clocks_that_are_put_back_offer_no_hour_twice(box: Box) -> None:
    """25 October in Berlin has two hours of two; slots are moments, each offered once."""
    box.contact("ada", zone="Europe/Berlin")
    box.propose("ada", due_at=datetime(2026, 10, 24, 22), choose_until=datetime(2026, 10, 25, 23))
    wide = {"from": 0, "to": 23}
    choose(box.con, {}, rules(chosen_hours=wide), AS_OF + 110 * DAY)
    (row,) = log(box)
    options = json.loads(row["options"])

    assert len(options) == 24
    assert len(row["chances"]) == len(set(options))


def test_variants_by_weight_are_logged_with_their_shares(box: Box, tmp_path: Path) -> None:
    """A split is a choice too."""
    box.contact("ada")
    box.propose("ada")
    assert choose(box.con, message(tmp_path), rules(), AS_OF) == 1
    (row,) = log(box, "variant")

    assert row["chances"] == {"a": 0.25, "b": 0.75}
    assert row["propensity"] == row["chances"][row["chosen"]]
    assert box.con.execute("select variant, propensity from activations.outbox").fetchall() == [
        (row["chosen"], row["propensity"])
    ]


def learned(box: Box, contact: str, options: list[str], chances: list[float], variant: str) -> None:
    box.con.execute("create schema if not exists scores")
    box.con.execute(
        "create table if not exists scores.score_content (contact_id varchar, message varchar, variant varchar, "
        "propensity double, options varchar, propensities varchar, is_explore boolean, is_control boolean, "
        "reason varchar, policy_version varchar)"
    )
    box.con.execute(
        "insert into scores.score_content values (?, 'hello', ?, ?, ?, ?, false, false, 'most likely', 'v7')",
        [contact, variant, chances[options.index(variant)], json.dumps(options), json.dumps(chances)],
    )  # fmt: skip


def test_predictive_variants_are_the_models_draw(box: Box, tmp_path: Path) -> None:
    """Where the message asks for it; another message to the same contact goes by weight."""
    learned(box, "ada", ["a", "b"], [0.92, 0.08], "b")
    box.contact("ada")
    box.propose("ada", variants="predictive")
    box.propose("ada", source_name="other")
    choose(box.con, message(tmp_path), rules(), AS_OF)
    by = {row["source_name"]: row for row in log(box, "variant")}

    assert by["cart"]["chosen"] == "b"
    assert by["cart"]["propensity"] == 0.08
    assert by["cart"]["policy_version"] == "v7"
    assert by["other"]["chances"] == {"a": 0.25, "b": 0.75}


def test_a_model_that_knows_other_variants_is_not_asked(box: Box, tmp_path: Path) -> None:
    """A variant was added since: all have equal chances until it has learned."""
    learned(box, "ada", ["a", "c"], [0.9, 0.1], "c")
    box.contact("ada")
    box.propose("ada", variants="predictive")
    choose(box.con, message(tmp_path), rules(), AS_OF)
    (row,) = log(box, "variant")

    assert row["chances"] == {"a": 0.5, "b": 0.5}
    assert row["is_explore"]
    assert row["decided_at"] == AS_OF.replace(tzinfo=None)


def broken(box: Box, model: str) -> None:
    """The newest watch holds the model's scores back."""
    box.con.execute("create schema if not exists ml")
    box.con.execute(
        "create table if not exists ml.monitors (model varchar, version varchar, as_of timestamp, monitor varchar, "
        "is_held boolean, is_well boolean, value double, seen varchar)"
    )
    box.con.execute(
        "insert into ml.monitors values (?, 'v1', timestamp '2026-06-30', 'distribution', true, false, 0, 'all alike')",
        [model],
    )


def test_variants_of_a_broken_score_are_given_in_equal_shares(box: Box, tmp_path: Path) -> None:
    """Messages go; the log says that they were not chosen by what was learned."""
    learned(box, "ada", ["a", "b"], [0.92, 0.08], "b")
    broken(box, "content")
    box.contact("ada")
    box.propose("ada", variants="predictive")
    choose(box.con, message(tmp_path), rules(), AS_OF)
    (row,) = log(box, "variant")

    assert row["chances"] == {"a": 0.5, "b": 0.5}
    assert row["policy_version"] is None
    assert row["reason"] == "equal shares: what was learned is held back"


def test_hours_of_a_broken_score_are_usual_ones(box: Box) -> None:
    """Nobody's own curve counts while the watch holds them back; another model's trouble changes nothing."""
    curves(box, everyone=peak(18), ada=peak(20))
    box.contact("ada")
    broken(box, "churn")
    columns, _ = choose_time._learned(box.con)
    assert "h.hour_values" in columns
    broken(box, "send_hour")
    box.propose("ada", choose_until=UNTIL, explore=0.0)
    choose(box.con, {}, rules(), AS_OF)
    (row,) = log(box)

    assert row["reason"] == "what was learned is held back: a usual hour"
    assert row["policy_version"] is None
