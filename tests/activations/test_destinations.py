"""What single destinations promise beyond the conformance suite."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import requests

from activations.destinations import connector
from activations.records import Records
from activations.sigv4 import Signer
from tests.activations.conftest import AS_OF, KINDS, Desk, desk_for
from tests.activations.scripted import answers, passes, path_of, sent_json, times_out
from tests.activations.test_described import check


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def desk_of(name: str, home: Path) -> Desk:
    return desk_for(KINDS[name], home)


def test_mailchimp_never_subscribes_anybody_again(home: Path) -> None:
    """Who left keeps the status that is there; the new value arrives nevertheless."""
    desk = desk_of("mailchimp", home)
    desk.vendor.put("person0@example.com", {}, "unsubscribed")
    desk.fill(desk.rows(3))

    assert desk.go().counts["delivered"] == 3
    statuses = {one["email"]: one["status"] for one in desk.vendor.members.values()}
    assert statuses == {
        "person0@example.com": "unsubscribed",
        "person1@example.com": "subscribed",
        "person2@example.com": "subscribed",
    }
    assert desk.vendor.state()["person0@example.com"]["FNAME"] == "Firstname0"


def test_mailchimp_takes_away_only_its_own_tags(home: Path) -> None:
    """A tag of somebody else's stays."""
    desk = desk_of("mailchimp", home)
    desk.fill(desk.rows(1))
    desk.go()
    desk.vendor.put("person0@example.com", {"tags": ["theirs"]}, None)
    desk.fill([{**desk.kind.row(0), "tags": "shop"}])
    desk.later()

    assert desk.vendor.state()["person0@example.com"]["tags"] == ["shop", "theirs"]


def test_activecampaign_never_puts_anybody_back_on_a_list(home: Path) -> None:
    """Who left is told apart, refused here for ever, and the others join."""
    desk = desk_of("activecampaign_lists", home)
    desk.vendor.contacts = ["person0@example.com"]
    desk.vendor.links = {("0", "3"): "2"}
    desk.fill(desk.rows(3))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (2, 1)
    assert desk.query("select code, state from activations.retries") == [("left", "barred")]
    assert desk.vendor.links[("0", "3")] == "2"


def test_salesforce_takes_many_by_bulk_job(home: Path) -> None:
    """Above 2,000 rows: one job, ids read from its results, one bad row alone, and emptied fields as #N/A."""
    desk = desk_of("salesforce", home)
    desk.vendor.bad_keys = {"c7"}
    desk.fill(desk.rows(2_500))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (2_499, 1)
    assert [path_of(r) for r in desk.vendor.requests if "composite" in path_of(r)] == []
    assert sum(check("salesforce", request) for request in desk.vendor.requests) == 7
    assert desk.query("select code from raw_activations.receipts where outcome = 'rejected'") == [
        ("INVALID_EMAIL_ADDRESS",)
    ]
    assert desk.query("select count(vendor_id) from activations.acknowledged") == [(2_499,)]
    desk.vendor.bad_keys = set()
    desk.fill([{**row, "Score__c": None} for row in desk.rows(2_500)])
    desk.later()
    assert {one.get("Score__c") for one in desk.vendor.state().values()} == {None}


def test_braze_sends_only_what_changed(home: Path) -> None:
    """Each attribute costs: one changed column of one user of thirty is one data point."""
    desk = desk_of("braze", home)
    desk.fill(desk.rows(30))
    desk.go()
    before = desk.vendor.points
    desk.fill([{**desk.kind.row(0), "score": 99}, *desk.rows(30)[1:]])
    desk.later()

    assert desk.vendor.points - before == 1


def test_hubspot_ties_a_task_to_its_contact(home: Path) -> None:
    """After the upsert, in one request for the batch."""
    desk = desk_of("hubspot.task", home)
    desk.fill(desk.rows(3))
    desk.go()

    assert {(name, to) for name, _, to in desk.vendor.ties} == {
        ("contacts", "500"),
        ("contacts", "501"),
        ("contacts", "502"),
    }
    assert len(desk.vendor.requests) == 2


def test_hubspot_moves_a_member_from_one_list_to_another(home: Path) -> None:
    """The record leaves the list that it was in."""
    desk = desk_of("hubspot.list_member", home)
    desk.fill(desk.rows(2))
    desk.go()
    desk.fill([{**desk.kind.row(0), "list_id": "13"}, desk.kind.row(1)])
    desk.later()

    assert desk.vendor.members == {("13", "7000"), ("12", "7001")}


@pytest.mark.parametrize(
    "name", ["sendgrid_mail", "brevo_mail", "brevo_sms", "slack", "activecampaign_crm"]
)
def test_a_message_in_doubt_is_found_by_our_key(name: str, home: Path) -> None:
    """The vendor took it, the answer was lost, and its own records say yes: sent once."""
    desk = desk_of(name, home)
    desk.vendor.faults = [times_out]
    desk.fill(desk.rows(2))

    assert desk.go().counts["in_doubt"] == 1
    assert desk.later().counts["unchanged"] == 2
    held = desk.vendor.records if name == "activecampaign_crm" else desk.vendor.messages
    assert len(held) == 2


@pytest.mark.parametrize(
    ("name", "column"),
    [("sendgrid_mail", "send_at"), ("brevo_mail", "send_at"), ("slack", "post_at")],
)
def test_a_time_is_handed_over_and_one_too_far_ahead_waits(
    name: str, column: str, home: Path
) -> None:
    """Inside the vendor's window it goes with its time; beyond, it stays here until it is nearer."""
    desk = desk_of(name, home)
    rows = [{**row, column: "2026-07-01 09:30:00"} for row in desk.rows(2)]
    rows[1][column] = "2026-12-24 09:30:00"
    desk.fill(rows)

    counts = desk.go().counts

    assert (counts["delivered"], counts["deferred"]) == (1, 1)
    sent = str([sent_json(request) for request in desk.vendor.writes()])
    assert "1782898200" in sent or "2026-07-01T09:30:00Z" in sent


def test_a_vendor_without_a_schedule_gets_a_message_when_its_time_has_come(home: Path) -> None:
    """Until then the row waits with us."""
    kind = KINDS["brevo_sms"]
    columns: Mapping[str, str] = {**kind.columns, "send_at": "timestamp"}
    desk = desk_of("brevo_sms", home)
    object.__setattr__(
        desk, "kind", type(kind)(**{**vars(kind), "columns": columns, "sample": _later})
    )
    desk.fill(desk.rows(1))

    assert desk.go().counts["deferred"] == 1
    assert desk.go(AS_OF + timedelta(days=1, hours=1)).counts["delivered"] == 1
    assert len(desk.vendor.messages) == 1


def _later(number: int) -> dict[str, Any]:
    return {**KINDS["brevo_sms"].sample(number), "send_at": "2026-07-01 00:30:00"}


def test_a_webhook_that_is_sent_again_keeps_its_id(home: Path) -> None:
    """The receiver can tell that it has the batch already."""
    desk = desk_of("webhook", home)
    desk.vendor.faults = [times_out]
    desk.fill(desk.rows(2))

    assert desk.go().counts["delivered"] == 2
    first, second = desk.vendor.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_are_whole_and_add_up_to_the_model(kind: str, home: Path, tmp_path: Path) -> None:
    """A real folder: no half file is left, and the last row by key is the state."""
    desk = desk_of("files", home)
    desk.vendor = None
    desk.environ |= {"MILLRACE_FILES_FOLDER": str(tmp_path / "out"), "MILLRACE_FILES_FORMAT": kind}
    desk.change(mode="mirror", on_remove="remove")
    desk.fill(desk.rows(3))
    desk.go()
    desk.fill([{**desk.kind.row(0), "score": None}, desk.kind.row(1)])
    desk.later()

    files = sorted((tmp_path / "out" / "sync_files_row").iterdir(), key=lambda path: path.name)
    assert [path.suffix for path in files] == [f".{kind}"] * 2
    state: dict[str, Any] = {}
    for path in files:
        if kind == "csv":
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
        else:
            rows = pq.read_table(path).to_pylist()
        for row in rows:
            state[row["row_id"]] = row
    held = {key: row["score"] for key, row in state.items() if row["operation"] != "remove"}
    assert {key: value or None for key, value in held.items()} in (
        {"r0": None, "r1": "1"},
        {"r0": None, "r1": 1},
    )


def test_a_folder_that_cannot_be_written_stops_the_run(home: Path, tmp_path: Path) -> None:
    """It says so, and the rows wait."""
    (tmp_path / "out").write_text("a file, not a folder")
    desk = desk_of("files", home)
    desk.vendor = None
    desk.environ |= {"MILLRACE_FILES_FOLDER": str(tmp_path / "out")}
    desk.fill(desk.rows(2))

    result = desk.go()

    assert result.counts["deferred"] == 2
    assert "cannot be written" in str(result.reason)


def test_amazons_signature_is_the_one_of_its_own_example() -> None:
    """The request, key, moment and signature of the vendor's published test suite (`get-vanilla`)."""
    signer = Signer(
        "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service"
    )
    request = requests.Request("GET", "https://example.amazonaws.com/").prepare()

    signed = signer.sign(request, datetime(2015, 8, 30, 12, 36, tzinfo=UTC))

    assert signed.headers["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, "
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


def test_iterable_tells_apart_why_it_refused_somebody(home: Path) -> None:
    """The old list of all failures stands beside those by kind, and hides none of them."""
    desk = desk_of("iterable", home)
    emails = [f"person{number}@example.com" for number in range(4)]
    desk.vendor.left_keys = {emails[0]}
    desk.vendor.kinds = {"invalidDataEmails": [emails[1]], "conflictEmails": [emails[2]]}
    desk.fill(desk.rows(4))

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (1, 3)
    told = desk.query("select code, message from activations.retries order by code")
    assert told == [
        ("conflictEmails", "another user there has this address or id"),
        ("forgottenEmails", "the person was erased there and is never taken again"),
        ("invalidDataEmails", "a field has another type there, which can never change"),
    ]


def test_iterable_takes_from_a_list_who_is_not_on_it(home: Path) -> None:
    """Nobody to take away is nothing to refuse."""
    desk = desk_of("iterable.list_member", home)
    desk.change(mode="mirror", on_remove="remove_from_list")
    desk.fill(desk.rows(3))
    desk.go()
    desk.vendor.users.pop("person0@example.com")
    desk.fill(desk.rows(3)[2:])

    counts = desk.go(override=True).counts

    assert (counts["delivered"], counts["rejected"]) == (2, 0)
    assert set(desk.vendor.users) == {"person2@example.com"}


def test_iterable_is_asked_about_a_message_in_doubt(home: Path) -> None:
    """What it lists was sent; what it does not list yet stays in doubt, and is not sent again."""
    desk = desk_of("iterable_messages", home)
    desk.vendor.faults = [times_out]
    desk.vendor.is_slow = True
    desk.fill(desk.rows(1))
    assert desk.go().counts["in_doubt"] == 1
    assert desk.later().counts["in_doubt"] == 1

    desk.vendor.is_slow = False
    desk.later()

    assert desk.query("select vendor_id from activations.acknowledged") == [("m-0",)]
    assert len(desk.vendor.messages) == 1


def test_iterable_says_that_a_batch_is_too_large_or_the_project_full(home: Path) -> None:
    """With 400 both: one is halved, the other ends the run, and no row is at fault."""
    desk = desk_of("iterable", home)
    full = {"code": "UniqueFieldsLimitExceeded", "msg": "no more fields"}
    desk.vendor.faults = [answers(400, body=full)]
    desk.fill(desk.rows(10))
    first = desk.go()
    assert (first.counts["deferred"], len(desk.vendor.requests)) == (10, 1)
    assert "no more fields" in str(first.reason)

    desk.vendor.faults = [answers(400, body={"code": "BatchTooLarge", "msg": "too many"})]
    assert desk.later().counts["delivered"] == 10

    assert [len(sent_json(one)["users"]) for one in desk.vendor.requests] == [10, 10, 5, 5]


def test_klaviyo_is_told_that_somebody_leaves_a_hundred_at_a_time(home: Path) -> None:
    """Taking part may be said a thousand at a time, leaving a hundred, and each says so."""
    desk = desk_of("klaviyo.subscription", home)
    desk.change(mode="mirror", on_remove="unsubscribe")
    desk.fill(desk.rows(150))
    desk.go()
    desk.fill(desk.rows(1))

    assert desk.go(override=True).counts["delivered"] == 149

    posts = [sent_json(one)["data"] for one in desk.vendor.writes()]
    assert [len(one["attributes"]["profiles"]["data"]) for one in posts] == [150, 100, 49]
    last = posts[-1]["attributes"]["profiles"]["data"][0]["attributes"]["subscriptions"]
    assert last == {"email": {"marketing": {"consent": "UNSUBSCRIBED"}}}


def test_pipedrive_names_a_person_as_participant(home: Path) -> None:
    """`person_id` is read-only; NULL takes the person away."""
    desk = desk_of("pipedrive_activities", home)
    desk.fill(desk.rows(1))
    desk.go()
    desk.fill([{**desk.kind.row(0), "person_id": None}])
    desk.go(override=True)

    sent = [sent_json(one)["participants"] for one in desk.vendor.writes()]
    assert sent == [[{"person_id": 500, "primary": True}], []]


def test_pipedrive_makes_no_record_without_a_name(home: Path) -> None:
    """Who has none is called by the address; what is there keeps its own."""
    desk = desk_of("pipedrive", home)
    desk.fill([{**desk.kind.row(0), "name": None}])

    assert desk.go().counts["delivered"] == 1

    [record] = desk.vendor.records.values()
    assert record["name"] == desk.kind.row(0)["emails"]


def test_listmonk_finds_an_address_however_it_is_written(home: Path) -> None:
    """It keeps addresses in lower case, and compares them as they are."""
    desk = desk_of("listmonk", home)
    desk.fill([{**desk.kind.row(0), "email": "Person0@Example.com"}])
    assert desk.go().counts["delivered"] == 1
    desk.fill([{**desk.kind.row(0), "email": "Person0@Example.com", "score": 9}])

    assert desk.later().counts["delivered"] == 1
    assert desk.vendor.state()["person0@example.com"]["score"] == 9


@pytest.mark.parametrize("key", ["m0", "welcome:2026/07 ü"], ids=["plain", "with signs"])
def test_braze_gets_a_send_id_that_it_takes(home: Path, key: str) -> None:
    """A key of letters and digits as it is; another one written so that the vendor takes it."""
    desk = desk_for(replace(KINDS["braze_messages"], object="transactional"), home)
    desk.fill([{**desk.kind.row(0), "message_key": key}])

    assert desk.go().counts["delivered"] == 1
    [sent] = [sent_json(one)["external_send_id"] for one in desk.vendor.writes()]
    assert (sent == key) is (key == "m0")


def test_pipedrive_makes_again_what_was_deleted_there(home: Path) -> None:
    """The remembered number is worth nothing then; whatever the search still finds, all values are back, once."""
    desk = desk_of("pipedrive", home)
    desk.fill(desk.rows(3))
    desk.go()
    desk.vendor.still_found = {1: desk.vendor.records.pop(1)}
    desk.fill([{**row, "label": 9} for row in desk.rows(3)])

    assert desk.later().counts["delivered"] == 3
    assert set(desk.vendor.records) == {2, 3, 4}
    again = desk.vendor.state()["p0"]
    assert (again["name"], again["label"]) == ("Firstname0", 9)

    desk.fill([{**row, "label": 10} for row in desk.rows(3)])
    before = len(desk.vendor.writes())
    assert desk.go(AS_OF + timedelta(days=2)).counts["delivered"] == 3
    assert [one.method for one in desk.vendor.writes()[before:]] == ["PATCH"] * 3


RECORDS = sorted(
    name for name, kind in KINDS.items() if issubclass(connector(kind.destination), Records)
)


def delete_there(desk: Desk) -> None:
    """Take away all that the vendor holds, as somebody there would."""
    desk.vendor.records.clear()


@pytest.mark.parametrize("name", RECORDS)
def test_numbered_records_are_made_again_when_deleted_there(home: Path, name: str) -> None:
    """The receipt's id is worth nothing then; all values are back, once, and later changes go to the new id."""
    desk, changing = desk_of(name, home), KINDS[name].changing

    def held() -> list[str]:
        return [str(one[changing]).strip("[]") for one in desk.vendor.state().values()]

    desk.fill(desk.rows(2))
    desk.go()
    delete_there(desk)
    desk.fill([{**row, changing: 77} for row in desk.rows(2)])

    assert desk.later().counts["delivered"] == 2
    assert held() == ["77", "77"]

    desk.fill([{**row, changing: 78} for row in desk.rows(2)])
    before = len(desk.vendor.writes())
    assert desk.go(AS_OF + timedelta(days=2)).counts["delivered"] == 2
    assert len(desk.vendor.writes()) == before + 2
    assert held() == ["78", "78"]


@pytest.mark.parametrize("name", [name for name in RECORDS if "note" not in name])
def test_a_record_made_again_without_an_answer_is_looked_for(home: Path, name: str) -> None:
    """Made in place of a deleted one, and the answer lost: found by what it holds, never made twice."""
    desk, changing = desk_of(name, home), KINDS[name].changing
    desk.fill(desk.rows(1))
    desk.go()
    delete_there(desk)
    desk.fill([{**desk.kind.row(0), changing: 77}])
    desk.vendor.faults = [passes, times_out]

    assert desk.later().counts["in_doubt"] == 1
    desk.go(AS_OF + timedelta(days=2))

    assert len(desk.vendor.state()) == 1
    held = desk.query("select state, count(*) from activations.retries group by state")
    assert held == []


def test_pipedrive_changes_what_somebody_made_in_its_place(home: Path) -> None:
    """A deleted record that was made anew under our key is found by it, and none is made beside it."""
    desk = desk_of("pipedrive", home)
    desk.fill(desk.rows(1))
    desk.go()
    desk.vendor.records = {7: desk.vendor.records.pop(1)}
    desk.fill([{**desk.kind.row(0), "label": 9}])

    assert desk.later().counts["delivered"] == 1
    assert desk.vendor.records[7]["label"] == 9


def test_pipedrive_never_takes_another_field_for_our_key(home: Path) -> None:
    """The search looks in all custom fields, in any case: who merely mentions our key is somebody else."""
    desk = desk_of("pipedrive", home)
    theirs = {"name": "Theirs", "custom_fields": {"a" * 40: "p0"}}
    other_case = {
        "name": "Theirs",
        "custom_fields": {desk.environ["MILLRACE_PIPEDRIVE_KEY_FIELD_PERSON"]: "P1"},
    }
    desk.vendor.made = 2
    desk.vendor.records = {1: theirs, 2: other_case}
    desk.fill(desk.rows(2))

    assert desk.go().counts["delivered"] == 2
    assert desk.vendor.records[1] == {"name": "Theirs", "custom_fields": {"a" * 40: "p0"}}
    assert desk.vendor.records[2]["name"] == "Theirs"
    assert desk.vendor.records[3]["name"] == "Firstname0"


def test_brevo_imports_nobody_without_a_list(home: Path) -> None:
    """An import must name a list; without one, many contacts go one by one."""
    desk = desk_of("brevo", home)
    desk.environ["MILLRACE_BREVO_LISTS"] = ""
    desk.fill(desk.rows(30))

    assert desk.go().counts["delivered"] == 30
    assert {path_of(one) for one in desk.vendor.writes()} == {"/v3/contacts"}


def test_sendgrid_makes_no_custom_field_of_its_own_names(home: Path) -> None:
    """Reserved names, the vendor's list of today included, go beside the custom fields, addresses as a list."""
    columns = {"email": "varchar", "phone_number": "varchar", "alternate_emails": "varchar"}
    columns |= {"phone_number_id": "varchar", "score": "bigint"}
    kind = replace(KINDS["sendgrid"], columns=columns, custom={})
    desk = desk_for(kind, home)
    desk.vendor.reserved = [
        {"id": "_rf10_T", "name": "phone_number", "field_type": "Text"},
        {"id": "_rf15_T", "name": "email_domains", "field_type": "Text", "read_only": True},
    ]
    row = {"email": "a@example.com", "phone_number": "+4420", "phone_number_id": "+4421"}
    desk.fill([{**row, "alternate_emails": "b@example.com, c@example.com", "score": 5}])

    assert desk.go().counts["delivered"] == 1
    made = [
        sent_json(one)
        for one in desk.vendor.requests
        if "field_definitions" in str(one.url) and one.method == "POST"
    ]
    put = next(one for one in desk.vendor.writes() if one.method == "PUT")
    [contact] = sent_json(put)["contacts"]
    assert [one["name"] for one in made] == ["score"]
    assert contact["alternate_emails"] == ["b@example.com", "c@example.com"]
    assert (contact["phone_number"], contact["phone_number_id"]) == ("+4420", "+4421")
    assert list(contact["custom_fields"].values()) == ["5"]


@pytest.mark.parametrize("count", [3, 30], ids=["one by one", "import"])
def test_brevo_gives_each_attribute_what_its_type_takes(home: Path, count: int) -> None:
    """Anything else would be dropped without a word: numbers, flags and days stay, all else is text."""
    columns = {"email": "varchar", "score": "bigint", "points": "bigint", "vip": "boolean"}
    columns |= {"flag": "boolean", "since": "timestamp"}
    desk = desk_for(replace(KINDS["brevo"], columns=columns, custom={}), home)
    desk.vendor.attributes |= {"SCORE": "float", "VIP": "boolean", "SINCE": "date"}
    rows = {"score": 5, "points": 7, "vip": True, "flag": False, "since": datetime(2026, 6, 1, 9)}
    desk.fill([{"email": f"p{number}@example.com", **rows} for number in range(count)])

    assert desk.go().counts["delivered"] == count
    held = {"SCORE": 5, "POINTS": "7", "VIP": True, "FLAG": "false", "SINCE": "2026-06-01"}
    assert desk.vendor.state() == {f"p{number}@example.com": held for number in range(count)}


@pytest.mark.parametrize("has_files", [True, False], ids=["named in a file", "no file"])
@pytest.mark.parametrize("name", ["brevo", "sendgrid"])
def test_a_file_says_whom_an_import_refused(home: Path, name: str, has_files: bool) -> None:
    """Two imports where the file can be had, halving where not; the others are in either way."""
    desk = desk_of(name, home)
    desk.vendor.has_files = has_files
    desk.fill(desk.rows(60))
    desk.vendor.bad_keys = {desk.kind.vendor_key(number) for number in (7, 40)}

    counts = desk.go().counts

    assert (counts["delivered"], counts["rejected"]) == (58, 2)
    assert len(desk.vendor.state()) == 58
    assert (len(desk.vendor.jobs) == 2) is has_files
    words = desk.query("select message from raw_activations.receipts where outcome = 'rejected'")
    assert len(words) == 2
    assert not any("person" in str(one) for one in words)
