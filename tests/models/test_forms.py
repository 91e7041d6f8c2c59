"""From a form to somebody whom we may write to, and out again; in whatever order it is loaded, consent is the same."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from collector.app import application
from collector.settings import read
from tests.models.installation import AS_OF, Installation
from warehouse import tokens
from warehouse.manifest import load_manifest

KEY = "k" * 32
ADA = {"email": "Ada@Mail.example", "first_name": "Ada", "consent_newsletter": "true"}
START = datetime(2026, 6, 20)
MODELS = ["dim_pending_confirmations", "dim_reachable_addresses", "fct_consents", "fct_events"]
Row = dict[str, Any]


class Shop:
    """The front door with the form that we ship, and the warehouse behind it."""

    def __init__(self, home: Path) -> None:
        self.installation = Installation(home)
        environ = {"MILLRACE_HOME": str(home), "MILLRACE_COLLECTOR_SIGNING_KEY": KEY}
        self.settings = read(environ)

    def visit(self, path: str, given: Row) -> int:
        """Post by a browser; what it brought is in the landing folder afterwards."""
        with TestClient(application(self.settings)) as client:
            return client.post(path, data=given).status_code

    def page(self, path: str) -> str:
        with TestClient(application(self.settings)) as client:
            return client.get(path).text

    def build(self, *more: str) -> None:
        soon = datetime.now(UTC) + timedelta(minutes=1)
        self.installation.build(*MODELS, *more, as_of=soon)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self.installation.rows(query)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    yield Shop(tmp_path_factory.mktemp("door"))


def test_a_person_comes_by_the_form_confirms_and_leaves(shop: Shop) -> None:
    """Until the confirmation the ledger says nothing; after it the address is reachable; after one click it is not."""
    pending = "select submission_id, channel, address, contact_id, submitted_at from marts.dim_pending_confirmations"
    reachable = "select contact_id, channel, address from marts.dim_reachable_addresses"
    page = shop.page("/forms/newsletter?anonymous_id=dev-1")
    [stamp] = re.findall(r'name="stamp" value="([^"]+)"', page)
    shown = tokens.open_stamp([KEY], stamp)
    slow = tokens.mint_stamp([KEY], "newsletter", shown.shown_at - timedelta(minutes=1))
    shop.visit("/forms/newsletter", {**ADA, "anonymous_id": "dev-1", "stamp": slow, "page": "p"})
    shop.visit("/forms/newsletter", {**ADA, "email": "bot@mail.example", "website": "x"})
    shop.build()

    [(submission, channel, address, contact, submitted)] = shop.rows(pending)
    assert (channel, address) == ("email", "ada@mail.example")
    people = shop.rows("select contact_id, email, first_name from marts.dim_contacts")
    assert people == [(contact, "ada@mail.example", "Ada")]
    events = shop.rows(
        "select contact_id, event_name, machine_evidence from marts.fct_events order by 3 nulls first"
    )
    assert events == [(contact, "Form Submitted", None), (None, "Form Submitted", "form honeypot")]
    device = shop.rows(
        "select contact_id from intermediate.int_identity__nodes where node = 'anon:dev-1'"
    )
    assert device == [(contact,)]
    assert shop.rows("select * from marts.fct_consents") == []
    assert shop.rows(reachable) == []

    sent = submitted.replace(tzinfo=UTC)
    token = tokens.mint_confirmation([KEY], submission, channel, address, sent)
    assert shop.visit(f"/confirm/{token}", {}) == 200
    shop.build()

    assert shop.rows(pending) == []
    assert shop.rows(reachable) == [(contact, "email", "ada@mail.example")]
    [(status, source, proof)] = shop.rows("select status, source, evidence from marts.fct_consents")
    assert (status, source) == ("double_opt_in", "forms")
    for path in (
        "consent.version", "consent.text", "submission.form", "submission.page", "submission.ip",
        "submission.user_agent", "submission.submitted_at", "confirmation.ip", "confirmation.at",
    ):  # fmt: skip
        [(found,)] = shop.rows(
            f"select json_extract_string(evidence, '$.{path}') from marts.fct_consents"
        )
        assert found, f"{path} is not in {proof}"

    leave = tokens.mint_unsubscribe([KEY], "email", "ada@mail.example")
    assert shop.visit(f"/unsubscribe/{leave}", {"List-Unsubscribe": "One-Click"}) == 200
    # A second click on the old confirmation revives nothing.
    assert shop.visit(f"/confirm/{token}", {}) == 200
    shop.build()
    assert shop.rows(reachable) == shop.rows(pending) == []


def test_what_the_link_seals_and_what_the_models_take_for_pending_end_together(shop: Shop) -> None:
    """One number in two languages."""
    path = shop.installation.settings.dbt_project / "dbt_project.yml"
    [days] = re.findall(r"confirm_within_days: (\d+)", path.read_text(encoding="utf-8"))
    assert timedelta(days=int(days)) == tokens.CONFIRM_WITHIN
    assert "dim_pending_confirmations" in load_manifest(shop.installation.settings).models


def submission(number: str, address: str, opt_in: str, hour: int, **more: Any) -> Row:
    return {
        "submission_id": number,
        "form": "letter",
        "email": address,
        "traits": {},
        "consents": [
            {"name": "n", "channel": "email", "purpose": "marketing", "text": "Yes", "version": "1",
             "opt_in": opt_in}
        ],
        "submitted_at": moment(hour),
        "evidence": {"form": "letter"},
        **more,
    }  # fmt: skip


def confirmation(number: str, address: str, hour: int) -> Row:
    return {
        "confirmation_id": f"{number}-{hour}",
        "submission_id": number,
        "channel": "email",
        "address": address,
        "confirmed_at": moment(hour),
        "evidence": {},
    }


def refusal(address: str, hour: int) -> Row:
    return {
        "preference_id": f"{address}-{hour}",
        "channel": "email",
        "address": address,
        "purpose": "marketing",
        "status": "opt_out",
        "method": "one_click",
        "occurred_at": moment(hour),
        "evidence": {},
    }


def moment(hour: int) -> str:
    return (START + timedelta(hours=hour)).isoformat() + "Z"


def histories() -> list[tuple[str, Row]]:
    """What two hundred people did: sent forms, confirmed some of them once or twice, left; some of them machines."""
    rng = random.Random(11)
    rows: list[tuple[str, Row]] = []
    for person in range(200):
        address = f"p{person}@mail.example"
        for number in range(rng.randint(1, 3)):
            key, hour = f"{person}-{number}", rng.randint(0, 100)
            kind = rng.choice(["single", "double", "double"])
            machine = {"suspicion": "honeypot"} if rng.random() < 0.15 else {}
            rows.append(("submissions", submission(key, address, kind, hour, **machine)))
            for _ in range(rng.randint(0, 2)):
                rows.append(
                    ("confirmations", confirmation(key, address, hour + rng.randint(1, 60)))
                )
        for _ in range(rng.randint(0, 2)):
            rows.append(("preferences", refusal(address, rng.randint(0, 160))))
    return rows


def reference(rows: list[tuple[str, Row]]) -> dict[str, str]:
    """What holds for each address: the newest word, at a tie the refusal; a confirmation counts from its submission."""
    confirmed = {row["submission_id"] for table, row in rows if table == "confirmations"}
    held: dict[str, tuple[str, int, str]] = {}
    for table, row in rows:
        if table == "preferences":
            said = (row["occurred_at"], 2, "opt_out")
            address = row["address"]
        elif table == "submissions" and not row.get("suspicion"):
            address = row["email"]
            if row["consents"][0]["opt_in"] == "single":
                said = (row["submitted_at"], 0, "opt_in")
            elif row["submission_id"] in confirmed:
                said = (row["submitted_at"], 1, "double_opt_in")
            else:
                continue
        else:
            continue
        held[address] = max(held.get(address, ("", 0, "")), said)
    return {address: status for address, (_, _, status) in held.items()}


def test_no_order_of_arrival_makes_consent_weaker(tmp_path: Path) -> None:
    """Submissions, confirmations and refusals in two loads of random parts, many twice: the outcome is one."""
    rows = histories()
    installation = Installation(tmp_path)
    rng = random.Random(7)
    shuffled = rng.sample(rows, len(rows))
    statuses = "select address, status from intermediate.int_consents__status"
    for part in range(2):
        for table in ("submissions", "confirmations", "preferences"):
            batch = [row for name, row in shuffled[part::2] + shuffled[:50] if name == table]
            installation.land(f"forms.{table}", batch)
        installation.build("int_consents__status")

    assert dict(installation.rows(statuses)) == reference(rows)

    # Every link is clicked once more, later than everything: nothing changes.
    again = [
        confirmation(row["submission_id"], row["address"], 200)
        for table, row in rows
        if table == "confirmations"
    ]
    installation.land("forms.confirmations", again)
    installation.build("int_consents__status")
    assert dict(installation.rows(statuses)) == reference(rows)
    assert AS_OF.replace(tzinfo=None) > START + timedelta(hours=200)


def test_pending_is_who_can_still_confirm_and_wants_to(tmp_path: Path) -> None:
    """Not whoever confirmed, left since, complained, waited too long, or is a machine; and each address once."""
    installation = Installation(tmp_path)
    installation.land(
        "forms.submissions",
        [
            submission("wait-1", "wait@mail.example", "double", 0),
            submission("wait-2", "wait@mail.example", "double", 5),
            submission("done", "done@mail.example", "double", 0),
            submission("left", "left@mail.example", "double", 0),
            submission("back", "back@mail.example", "double", 9),
            submission("spam", "spam@mail.example", "double", 9),
            submission("late", "late@mail.example", "double", -200),
            submission("tick", "tick@mail.example", "single", 0),
            submission("trap", "trap@mail.example", "double", 0, suspicion="honeypot"),
        ],
    )
    installation.land("forms.confirmations", [confirmation("done", "done@mail.example", 1)])
    installation.land(
        "forms.preferences", [refusal("left@mail.example", 1), refusal("back@mail.example", 1)]
    )
    complaint = {
        "email": "spam@mail.example",
        "timestamp": 1772000000,
        "event": "spamreport",
        "sg_event_id": "e1",
    }
    installation.land("sendgrid.events", [complaint])
    installation.build("dim_pending_confirmations")

    pending = installation.rows(
        "select submission_id from marts.dim_pending_confirmations order by 1"
    )
    assert pending == [("back",), ("wait-2",)]
