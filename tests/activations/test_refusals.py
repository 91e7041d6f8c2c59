"""What vendors mean by an answer that is no plain yes: whose fault it is, and whether anything came of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.activations.conftest import KINDS, Desk, desk_for
from tests.activations.scripted import Answer, Handler, answers, path_of, query_of, sent_json


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def desk_of(name: str, home: Path) -> Desk:
    return desk_for(KINDS[name], home)


def told(desk: Desk) -> list[tuple[Any, ...]]:
    """What the warehouse remembers of rows that were refused."""
    return desk.query("select code, message from activations.retries order by key")


def test_hubspot_lacks_a_property(home: Path) -> None:
    """No row is at fault: the run ends at the first answer, in the vendor's words."""
    desk = desk_of("hubspot", home)
    words = 'Property values were not valid: [{"message":"Property \\"amuont\\" does not exist",'
    words += '"error":"PROPERTY_DOESNT_EXIST"}]'
    desk.vendor.faults = [answers(400, body={"category": "VALIDATION_ERROR", "message": words})]
    desk.fill(desk.rows(250))

    result = desk.go()

    assert (result.counts["deferred"], result.counts["rejected"]) == (250, 0)
    assert len(desk.vendor.requests) == 1
    assert "amuont" in str(result.reason)
    assert desk.later().counts["delivered"] == 250


def test_hubspot_refuses_an_association(home: Path) -> None:
    """The record is there and tied to nobody: its row is refused with the reason, and comes back."""
    desk = desk_of("hubspot.task", home)
    desk.vendor.bad_keys = {"501"}
    desk.fill(desk.rows(3))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (2, 1)
    assert told(desk) == [("OBJECT_NOT_FOUND", "no such object")]
    desk.vendor.bad_keys = set()
    assert desk.later().counts["delivered"] == 1
    assert {to for _, _, to in desk.vendor.ties} == {"500", "501", "502"}


def test_hubspot_names_no_traces(home: Path) -> None:
    """Results without them are told apart by the unique property; each record is tied to its own contact."""
    desk = desk_of("hubspot.task", home)

    def without_traces(request: requests.PreparedRequest, handle: Handler) -> Answer:
        status, headers, body = handle(request)
        sent = sent_json(request)["inputs"]
        for one, result in zip(sent, body["results"], strict=True):
            del result["objectWriteTraceId"]
            result["properties"] = {one["idProperty"]: one["id"]}
        return status, headers, body

    desk.vendor.faults = [without_traces]
    desk.fill(desk.rows(3))

    assert desk.go().counts["delivered"] == 3
    ids = desk.vendor.ids
    expected = {("contacts", ids[f"T{number}"], str(500 + number)) for number in range(3)}
    assert desk.vendor.ties == expected


def test_hubspot_has_no_such_list(home: Path) -> None:
    """Who belongs to a list that was deleted is refused, without asking again for each; the others join theirs."""
    desk = desk_of("hubspot.list_member", home)
    desk.fill(desk.rows(40))
    desk.go()
    desk.vendor.deleted = {"12"}
    moved = [{**row, "list_id": "13"} for row in desk.rows(40)[:30]]
    desk.fill([*moved, *({**row, "record_id": "99"} for row in desk.rows(40)[30:])])
    before = len(desk.vendor.requests)

    counts = desk.later().counts

    assert (counts["delivered"], counts["rejected"]) == (30, 10)
    assert len(desk.vendor.requests) - before == 2
    assert set(told(desk)) == {("LIST_MISSING", "there is no such list")}


def test_salesforce_deleted_what_a_row_refers_to(home: Path) -> None:
    """To an upsert that is a refusal like another; to a removal it is what was asked for."""
    desk = desk_of("salesforce", home)
    desk.change(mode="mirror", on_remove="delete")
    gone = {"statusCode": "ENTITY_IS_DELETED", "message": "entity is deleted", "fields": []}
    desk.vendor.faults = [answers(200, body=[{"success": False, "errors": [gone]}])]
    desk.fill(desk.rows(1))
    assert desk.go().counts["rejected"] == 1
    assert told(desk) == [("ENTITY_IS_DELETED", "entity is deleted")]

    desk.fill(desk.rows(2))
    assert desk.later().counts["delivered"] == 2
    never = {"statusCode": "INVALID_CROSS_REFERENCE_KEY", "message": "invalid cross reference id"}
    body = [{"success": False, "errors": [one]} for one in (gone, never)]
    desk.vendor.faults = [answers(200, body=body)]
    desk.fill([])

    counts = desk.later(override=True).counts
    assert (counts["delivered"], counts["rejected"]) == (2, 0)
    assert len(query_of(desk.vendor.writes()[-1])["ids"].split(",")) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(400, "INVALID_FIELD"), (404, "NOT_FOUND")], ids=["field", "key"]
)
def test_salesforce_lacks_a_field(home: Path, status: int, code: str) -> None:
    """No row is at fault: the run ends at the first answer, in the vendor's words."""
    desk = desk_of("salesforce", home)
    words = [{"errorCode": code, "message": "No such column Skore__c on sobject of type Contact"}]
    desk.vendor.faults = [answers(status, body=words)]
    desk.fill(desk.rows(150))

    result = desk.go()

    assert (result.counts["deferred"], result.counts["rejected"]) == (150, 0)
    assert len(desk.vendor.writes()) == 1
    assert "Skore__c" in str(result.reason)


def test_salesforce_makes_no_job(home: Path) -> None:
    """A job that is refused holds no rows yet: the run ends, and none is refused for it."""
    desk = desk_of("salesforce", home)
    words = "InvalidJob : Field name provided does not match an External ID for Contact"
    body = [{"errorCode": "INVALIDJOB", "message": words}]
    desk.vendor.faults = [answers(400, body=body)]
    desk.fill(desk.rows(2_100))

    result = desk.go()

    assert (result.counts["deferred"], result.counts["rejected"]) == (2_100, 0)
    assert len(desk.vendor.writes()) == 1
    assert "External ID" in str(result.reason)


def test_salesforce_says_why_a_job_failed(home: Path) -> None:
    """What it had not processed by then is refused with the job's own reason."""
    desk = desk_of("salesforce", home)
    desk.vendor.failure = "InvalidBatch : Field name not found : Score__c"
    desk.fill(desk.rows(2_100))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (2_000, 100)
    assert set(told(desk)) == {("Failed", desk.vendor.failure)}


def test_iterable_is_told_no_list(home: Path) -> None:
    """Members of no list are planned and not sent."""
    desk = desk_of("iterable.list_member", home)
    desk.environ["MILLRACE_ITERABLE_LIST"] = "vip"
    desk.fill(desk.rows(2))

    result = desk.go()

    assert "MILLRACE_ITERABLE_LIST" in str(result.reason)
    assert desk.vendor.requests == []


def test_customerio_gets_no_event_at_a_time_that_nobody_can_read(home: Path) -> None:
    """It would take the event for one of this moment: words and seconds are read, anything else is refused."""
    kind = KINDS["customerio.event"]
    times = ["2026-07-01T09:00:00Z", "1782896400", None, "yesterday"]
    desk = desk_for(replace(kind, columns={**kind.columns, "timestamp": "varchar"}), home)
    rows = [{**kind.row(place), "timestamp": time} for place, time in enumerate(times)]
    desk.fill(rows)

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (3, 1)
    [sent] = [json.loads(one.body or b"") for one in desk.vendor.writes()]
    assert [one.get("timestamp") for one in sent["batch"]] == [1782896400, 1782896400, None]
    assert [code for code, _ in told(desk)] == ["bad_time"]
    assert {path_of(one) for one in desk.vendor.writes()} == {"/api/v2/batch"}
