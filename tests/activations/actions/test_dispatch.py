"""What journeys ask for arrives once, hangs on the contact, keeps its owner, and says what became of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from activations.actions import dispatch, look
from tests.activations.actions.desk import AS_OF, DEAL, NOTE, RULES, TASK, Desk, desk
from warehouse.connection import connect

BY_TURNS = {"owners": ["north", "south"]}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Desk]:
    """An installation with nothing asked."""
    with desk(tmp_path) as made:
        yield made


def test_a_deal_a_task_and_a_word_arrive_once_and_hang_on_the_contact(home: Desk) -> None:
    """The contact is put there first; a second hand-over with nothing new sends nothing."""
    home.contacts("ada")
    deal = home.ask("ada", "deal", {**DEAL, "amount": 40.0})
    task = home.ask("ada", "task", TASK)
    note = home.ask("ada", "notify", NOTE, place="slack")

    home.dispatch()
    state = home.shop.state()
    seen = home.shop.requests()[-1]["number"]
    again = home.dispatch()

    assert state["hubspot"]["deals"] == {
        deal: {
            "amount": "40.0",
            "dealname": "Ada Doe",
            "dealstage": "qualified",
            "millrace_deal_id": deal,
            "pipeline": "sales",
        }
    }
    assert state["hubspot"]["tasks"][task]["hs_task_subject"] == "Call Ada"
    assert state["hubspot"]["tasks"][task]["hs_timestamp"] == "2026-06-30T13:00:00Z"
    assert state["hubspot"]["associations"] == [
        [f"deals {deal}", "contacts ada@mail.example"],
        [f"tasks {task}", "contacts ada@mail.example"],
    ]
    assert state["slack"]["messages"] == [{"channel": "C0SALES", "text": "Ada is hot"}]
    assert {name: one[0] for name, one in home.states().items()} == dict.fromkeys(
        (deal, task, note), "delivered"
    )
    assert home.sent(seen) == []
    assert all(one.requests == 0 for one in again.values())


def test_owners_take_turns_and_a_stay_keeps_its_owner(home: Desk) -> None:
    """Deal and task of one stay go to the same person; several ticks before one hand-over change nothing."""
    people = ("a", "b", "c", "d", "e")
    home.contacts(*people)
    deals, tasks = {}, {}
    for place, name in enumerate(people):
        at = AS_OF + timedelta(minutes=place)
        deals[name] = home.ask(name, "deal", {**DEAL, **BY_TURNS}, at=at)
        if name != "b":
            tasks[name] = home.ask(name, "task", {**TASK, **BY_TURNS}, at=at)
        if name == "c":
            home.dispatch(AS_OF + timedelta(hours=1))
    home.dispatch(AS_OF + timedelta(hours=1))

    owners = home.owners()
    assert [owners[deals[name]] for name in people] == ["north", "south", "north", "south", "north"]
    assert all(owners[tasks[name]] == owners[deals[name]] for name in tasks)
    told = home.shop.state()["hubspot"]["deals"]
    assert [told[deals[name]]["hubspot_owner_id"] for name in people] == [
        "101",
        "102",
        "101",
        "102",
        "101",
    ]


def test_a_refused_deal_waits_with_its_reason_and_keeps_its_owner_on_retry(home: Desk) -> None:
    """Somebody else's turn meanwhile does not take it away."""
    home.contacts("ada", "ben")
    deal = home.ask("ada", "deal", {**DEAL, **BY_TURNS})
    home.shop.inject({"kind": "partial", "path": "deals/batch/upsert", "rows_fraction": 1.0})
    home.dispatch()
    first = home.states()[deal]
    home.shop.heal()
    home.ask("ben", "deal", {**DEAL, **BY_TURNS}, at=AS_OF + timedelta(hours=1))

    home.dispatch(AS_OF + timedelta(days=1))

    assert first[0] == "waiting"
    assert "refused" in first[1]
    assert home.states()[deal][0] == "delivered"
    assert home.shop.state()["hubspot"]["deals"][deal]["hubspot_owner_id"] == "101"
    assert any("deal: waiting" in line for line in home.why("ada"))
    assert any("deal: delivered" in line and "owner north" in line for line in home.why("ada"))


def test_a_word_whose_answer_was_lost_is_looked_for_and_never_said_twice(home: Desk) -> None:
    """Slack took it and the line broke: in doubt, then found."""
    home.contacts("ada")
    note = home.ask("ada", "notify", NOTE, place="slack")
    home.shop.inject({"kind": "reset", "path": "chat.postMessage", "applied": True, "times": 1})

    home.dispatch()
    doubt = home.states()[note][0]
    home.dispatch(AS_OF + timedelta(hours=1))

    assert doubt == "in_doubt"
    assert home.states()[note][0] == "delivered"
    assert len(home.shop.state()["slack"]["messages"]) == 1


def test_a_move_changes_the_deal_that_the_journey_made(home: Desk) -> None:
    """Before it was delivered and after; a contact without a deal has none to move."""
    home.contacts("ada", "ben")
    deal = home.ask("ada", "deal", {**DEAL, **BY_TURNS})
    home.dispatch()
    moved = home.ask(
        "ada", "deal", {**DEAL, "stage": "won", "move": True}, at=AS_OF + timedelta(hours=1)
    )
    nothing = home.ask(
        "ben", "deal", {**DEAL, "stage": "won", "move": True}, at=AS_OF + timedelta(hours=1)
    )

    home.dispatch(AS_OF + timedelta(hours=1))

    deals = home.shop.state()["hubspot"]["deals"]
    assert list(deals) == [deal]
    assert (deals[deal]["dealstage"], deals[deal]["hubspot_owner_id"]) == ("closedwon", "101")
    assert home.states()[moved][0] == "delivered"
    assert home.states()[nothing] == (
        "skipped",
        "the contact has no deal of ours, and no open deal of the CRM, in this pipeline to move",
    )


def _deal_of_the_crm(home: Desk, name: str, contact: str, day: str, status: str = "open") -> str:
    """Somebody made a deal at the vendor, and it came back as a fact; returns its id there."""
    made = requests.post(
        f"{home.environ['MILLRACE_HUBSPOT_URL']}/crm/v3/objects/deals/batch/upsert",
        headers={"Authorization": f"Bearer {home.environ['MILLRACE_HUBSPOT_TOKEN']}"},
        json={
            "inputs": [
                {
                    "id": name,
                    "idProperty": "millrace_deal_id",
                    "properties": {"dealname": name, "dealstage": "new", "pipeline": "default"},
                }
            ]
        },
        timeout=10,
    )
    made.raise_for_status()
    number = str(made.json()["results"][0]["id"])
    row = (f"hubspot:{number}", contact, "hubspot:77", status, day, "hubspot", "Default")
    home.query(f"insert into marts.dim_deals values {row} returning 1")
    return number


def test_a_move_changes_the_open_deal_that_the_crm_has_and_nothing_else_of_it(home: Desk) -> None:
    """The most recently created in that pipeline, by its own id; again when it is asked for again."""
    home.contacts("ada", "ben")
    for name, day, status in (("old", "2026-01-01", "open"), ("mine", "2026-03-01", "open"),
                              ("lost", "2026-05-01", "lost")):  # fmt: skip
        _deal_of_the_crm(home, name, "ada", day, status)
    rules = copy.deepcopy(RULES)
    rules["places"]["crm"]["deal"]["names"]["pipeline"] = {"sales": "default"}  # type: ignore[index]
    move = {**DEAL, "move": True}
    early = home.ask("ada", "deal", {**move, "stage": "first"})
    late = home.ask("ada", "deal", {**move, "stage": "won"}, at=AS_OF + timedelta(minutes=1))
    other = home.ask("ada", "deal", {**move, "pipeline": "support"})
    nobody = home.ask("ben", "deal", {**move})

    first = home.dispatch(rules=rules)
    deals = home.shop.state()["hubspot"]["deals"]
    seen = home.shop.requests()[-1]["number"]
    idle = home.dispatch(rules=rules)
    sent_again = home.sent(seen)
    again = home.ask("ada", "deal", {**move, "stage": "won"}, at=AS_OF + timedelta(days=1))
    home.dispatch(AS_OF + timedelta(days=1), rules)

    assert {name: one["dealstage"] for name, one in deals.items()} == {
        "old": "new",
        "mine": "closedwon",
        "lost": "new",
    }
    assert deals["mine"] == {
        "dealname": "mine",
        "dealstage": "closedwon",
        "millrace_deal_id": "mine",
        "pipeline": "default",
    }
    assert first["actions_crm_deal_move"].requests == 1
    assert idle["actions_crm_deal_move"].requests == 0 and sent_again == []
    told = home.states()
    assert {name: told[name][0] for name in (early, late, again)} == dict.fromkeys(
        (early, late, again), "delivered"
    )
    assert [told[name][0] for name in (other, nobody)] == ["skipped", "skipped"]
    assert [one["path"] for one in home.sent(seen) if "deals" in one["path"]] == [
        "/hubspot/crm/v3/objects/deals/batch/update"
    ]


def test_fields_and_tags_change_the_contact_and_nothing_else(home: Desk) -> None:
    """A tag that a journey put on can be taken off again; tags of others stay."""
    home.contacts("ada")
    home.ask("ada", "update", {"add_tag": "sunset"})
    home.ask("ada", "update", {"add_tag": "vip"})
    home.ask("ada", "update", {"field": "tier", "value": "gold"})
    home.dispatch()
    put = home.shop.state()["activecampaign"]["contacts"]
    home.ask("ada", "update", {"remove_tag": "vip"}, at=AS_OF + timedelta(hours=1))
    home.dispatch(AS_OF + timedelta(hours=1))
    taken = home.shop.state()["activecampaign"]["contacts"]

    assert put["ada@mail.example"]["tags"] == ["sunset", "vip"]
    assert put["ada@mail.example"]["fields"] == {"tier": "gold"}
    assert taken["ada@mail.example"]["tags"] == ["sunset"]
    assert {one[0] for one in home.states().values()} == {"delivered"}


def test_what_nobody_takes_waits_with_the_reason_and_expires(home: Desk) -> None:
    """Without a route, or credentials, nothing is lost; after its time it is given up, on record."""
    home.contacts("ada")
    call = home.ask("ada", "webhook", {"data": {"a": 1}}, place="webhook")
    home.environ.pop("MILLRACE_SLACK_TOKEN")
    note = home.ask("ada", "notify", NOTE, place="slack")

    done = home.dispatch()
    before = home.states()
    home.dispatch(AS_OF + timedelta(days=4))

    assert before[call][0] == "waiting"
    assert "places.webhook.webhook" in before[call][1]
    assert "MILLRACE_SLACK_TOKEN" in (done["actions_slack_notify"].reason or "")
    assert note not in before
    assert {home.states()[name][0] for name in (call, note)} == {"expired"}
    with connect(home.settings) as con:
        told = look.overview(con, trouble=True)
    assert [row[3] for row in told] == ["expired", "expired"]
    assert look.FINE == "delivered"


def test_whoever_is_gone_gets_nothing(home: Desk) -> None:
    """Erased or unknown contacts: the action is skipped, with the reason."""
    task = home.ask("nobody", "task", TASK)

    home.dispatch()

    assert home.states()[task] == ("skipped", "there is no such contact any more")
    assert home.sent() == []


def test_the_owner_of_the_contacts_deal_gets_the_task(home: Desk) -> None:
    """An open deal before a newer closed one; nobody where there is none."""
    home.contacts("ada", "ben")
    with_connection = [
        ("d1", "ada", "hubspot:77", "open", "2026-01-01", "hubspot", "sales"),
        ("d2", "ada", "hubspot:88", "won", "2026-06-01", "hubspot", "sales"),
    ]
    for row in with_connection:
        home.query(f"insert into marts.dim_deals values {row} returning 1")
    first = home.ask("ada", "task", {**TASK, "owner": "contact_owner"})
    second = home.ask("ben", "task", {**TASK, "owner": "contact_owner"})

    home.dispatch()

    tasks = home.shop.state()["hubspot"]["tasks"]
    assert tasks[first]["hubspot_owner_id"] == "77"
    assert "hubspot_owner_id" not in tasks[second]


def test_places_are_checked_where_they_are_declared() -> None:
    """A destination that takes no such thing is named with what it takes."""
    from activations.actions.rules import Actions

    Actions.model_validate(RULES)
    with pytest.raises(ValueError, match=r"crm.deal: slack takes notify, not deal"):
        Actions.model_validate({"places": {"crm": {"deal": {"to": "slack"}}}})


@pytest.mark.parametrize("dies_at", ["staging", "noting", "sending", "absorbing"])
def test_a_hand_over_that_dies_at_any_point_is_taken_up_without_a_second_word(
    home: Desk, dies_at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the plan, after it, once the vendor has it, before its state is known: one message, one state."""
    home.contacts("ada")
    note = home.ask("ada", "notify", NOTE, place="slack")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        match dies_at:
            case "staging":
                patch.setattr(dispatch.Errand, "_stage", die)
            case "noting":
                patch.setattr(dispatch.Errand, "_note", die)
            case "sending":
                patch.setattr("activations.deliver.Engine.run", die)
            case _:
                patch.setattr("activations.settle.write", die)
        with pytest.raises(KeyboardInterrupt):
            home.dispatch()
    home.dispatch(AS_OF + timedelta(minutes=5))
    home.dispatch(AS_OF + timedelta(hours=1))

    assert home.states()[note][0] == "delivered"
    assert len(home.shop.state()["slack"]["messages"]) == 1
