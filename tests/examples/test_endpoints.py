"""The sample shop's endpoints answer, limit, remember and fail as the vendors do."""

from __future__ import annotations

import json
import signal
import smtplib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import requests

from examples.shop.endpoints import SAMPLE_NOW, Running, serve

ROOT = Path(__file__).parents[2]
ACCOUNT = "AC" + "0" * 32
SERVICE = "MG" + "0" * 32
ANNA, BERT = "+4915112345678", "+14155552345"


class Client:
    """One session with the credentials of all vendors; every call has a timeout."""

    def __init__(self, shop: Running) -> None:
        self.url = shop.url
        self.session = requests.Session()
        settings = shop.environment()
        self.ac_headers = {"Api-Token": settings["MILLRACE_ACTIVECAMPAIGN_TOKEN"]}
        self.twilio_auth = (ACCOUNT, settings["MILLRACE_TWILIO_AUTH_TOKEN"])
        self.slack_headers = {"Authorization": f"Bearer {settings['MILLRACE_SLACK_TOKEN']}"}
        self.hubspot_headers = {"Authorization": f"Bearer {settings['MILLRACE_HUBSPOT_TOKEN']}"}

    def ac(self, method: str, path: str, body: Any = None, **query: str) -> requests.Response:
        url = f"{self.url}/activecampaign/api/3{path}"
        headers = self.ac_headers
        return self.session.request(
            method, url, json=body, params=query, headers=headers, timeout=5
        )

    def sync(self, email: str, **columns: Any) -> requests.Response:
        return self.ac("POST", "/contact/sync", {"contact": {"email": email, **columns}})

    def text(self, to: str = ANNA, **form: str) -> requests.Response:
        url = f"{self.url}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        form = {"To": to, "Body": "Your cart waits", "MessagingServiceSid": SERVICE, **form}
        kept = {name: value for name, value in form.items() if value}
        return self.session.post(url, data=kept, auth=self.twilio_auth, timeout=5)

    def twilio(self, method: str, path: str, **more: Any) -> requests.Response:
        url = f"{self.url}/twilio/2010-04-01/Accounts/{ACCOUNT}/{path}"
        return self.session.request(method, url, auth=self.twilio_auth, timeout=5, **more)

    def deals(self, inputs: list[dict[str, Any]], kind: str = "upsert") -> requests.Response:
        url = f"{self.url}/hubspot/crm/v3/objects/deals/batch/{kind}"
        body = {"inputs": inputs}
        return self.session.post(url, json=body, headers=self.hubspot_headers, timeout=5)

    def say(self, text: str, channel: str = "C0SALES") -> dict[str, Any]:
        """Post to Slack, and what it answers."""
        headers = self.slack_headers
        body = {"channel": channel, "text": text}
        url = f"{self.url}/slack/api/chat.postMessage"
        found: dict[str, Any] = self.session.post(url, json=body, headers=headers, timeout=5).json()
        return found

    def hubspot(self, method: str, path: str, **more: Any) -> requests.Response:
        url = f"{self.url}/hubspot/crm/v3/{path}"
        return self.session.request(method, url, headers=self.hubspot_headers, timeout=5, **more)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Running]:
    with serve(tmp_path / "endpoints.sqlite") as running:
        yield running


@pytest.fixture
def client(shop: Running) -> Iterator[Client]:
    made = Client(shop)
    with made.session:
        yield made


def deal(number: int, trace: bool = True, **properties: Any) -> dict[str, Any]:
    """One input of a batch upsert."""
    made: dict[str, Any] = {"id": f"d{number}", "idProperty": "millrace_deal_id"}
    made["properties"] = {"dealname": f"Deal {number}", **properties}
    return {**made, "objectWriteTraceId": str(number)} if trace else made


def later(seconds: float) -> str:
    """A moment this long after the sample's clock, as Twilio wants it."""
    return (SAMPLE_NOW + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


# ActiveCampaign


def test_contact_is_upserted_by_email_whatever_its_case(client: Client, shop: Running) -> None:
    """The second write updates what it names, keeps the rest and clears an empty custom value."""
    field = client.ac("POST", "/fields", {"field": {"title": "Lead score", "type": "text"}})
    number = field.json()["field"]["id"]
    first = client.sync(
        "Anna@Example.org", firstName="Anna", fieldValues=[{"field": number, "value": "41"}]
    )
    second = client.sync("anna@example.org ", lastName="Ash")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["contact"]["id"] == second.json()["contact"]["id"]
    contact = shop.state()["activecampaign"]["contacts"]["anna@example.org"]
    assert (contact["firstName"], contact["lastName"]) == ("Anna", "Ash")
    assert contact["fields"] == {"Lead score": "41"}
    client.sync("anna@example.org", fieldValues=[{"field": number, "value": ""}])
    assert shop.state()["activecampaign"]["contacts"]["anna@example.org"]["fields"] == {}


def test_activecampaign_wants_its_token_and_valid_values(client: Client, shop: Running) -> None:
    """A wrong key is forbidden; a bad address and an unknown field are 422 and write nothing."""
    bare = requests.get(f"{client.url}/activecampaign/api/3/tags", timeout=5)
    assert bare.status_code == 403
    assert client.sync("not an address").status_code == 422
    unknown = client.sync("a@example.org", fieldValues=[{"field": 99, "value": "x"}])
    assert unknown.status_code == 422
    assert shop.state()["activecampaign"]["contacts"] == {}


def test_tag_is_given_once_and_taken_by_the_link_not_the_tag(client: Client) -> None:
    """Repeating a link returns the same one; deleting needs its own id."""
    contact = client.sync("a@example.org").json()["contact"]["id"]
    tag = client.ac("POST", "/tags", {"tag": {"tag": "vip", "tagType": "contact"}}).json()["tag"]
    assert client.ac("POST", "/tags", {"tag": {"tag": "vip"}}).status_code == 422
    body = {"contactTag": {"contact": int(contact), "tag": int(tag["id"])}}
    links = [client.ac("POST", "/contactTags", body).json()["contactTag"]["id"] for _ in range(2)]
    assert links[0] == links[1]
    assert len(client.ac("GET", f"/contacts/{contact}/contactTags").json()["contactTags"]) == 1
    assert client.ac("DELETE", f"/contactTags/{links[0]}").status_code == 200
    assert client.ac("DELETE", f"/contactTags/{links[0]}").status_code == 404


def test_listings_are_paged_by_twenty_unless_asked(client: Client) -> None:
    """A caller that reads one page of tags misses the rest, as at the vendor."""
    for number in range(25):
        client.ac("POST", "/tags", {"tag": {"tag": f"tag {number:02d}"}})
    first = client.ac("GET", "/tags").json()
    rest = client.ac("GET", "/tags", limit="100", offset="20").json()
    assert (len(first["tags"]), first["meta"]["total"], len(rest["tags"])) == (20, "25", 5)
    assert client.ac("GET", "/tags", search="24").json()["tags"][0]["tag"] == "tag 24"


def test_import_is_queued_then_reports_ids_and_refused_emails(
    client: Client, shop: Running
) -> None:
    """The result is not there at the first look; failures are addresses, successes are ids."""
    contacts = [{"email": "a@example.org", "first_name": "A", "tags": ["vip", "new"]}]
    contacts.append({"email": "b@nodomain"})
    batch = client.ac("POST", "/import/bulk_import", {"contacts": contacts}).json()
    assert batch["queued_contacts"] == 2
    first = client.ac("GET", "/import/info", batchId=batch["batchId"]).json()
    second = client.ac("GET", "/import/info", batchId=batch["batchId"]).json()
    assert first == {"status": "active", "success": [], "failure": []}
    assert second == {"status": "completed", "success": ["1"], "failure": ["b@nodomain"]}
    assert shop.state()["activecampaign"]["contacts"]["a@example.org"]["tags"] == ["new", "vip"]


@pytest.mark.parametrize(
    ("contacts", "flaw"),
    [
        ([{"email": f"c{n}@example.org"} for n in range(251)], "250"),
        ([{"email": f"c{n}@example.org", "last_name": "x" * 2_000} for n in range(201)], "400000"),
        ([{"email": "a@example.org"}, {"email": "broken"}], '"contact": 1'),
        ([], "required"),
    ],
)
def test_import_beyond_its_limits_queues_nothing(
    client: Client, shop: Running, contacts: list[dict[str, Any]], flaw: str
) -> None:
    """More than 250 contacts, 400 000 bytes or a malformed row refuse the whole batch with 400."""
    answer = client.ac("POST", "/import/bulk_import", {"contacts": contacts})
    assert answer.status_code == 400
    assert flaw in json.dumps(answer.json()["failureReasons"])
    assert shop.state()["activecampaign"]["contacts"] == {}


def test_activecampaign_lists_a_hundred_at_most_and_writes_numbers_as_text(
    client: Client, shop: Running
) -> None:
    """A larger limit is cut without a word; times bear the account's offset or are zero."""
    shop.plant("deal", *({"value": 100, "mdate": "2026-01-01T00:00:00-05:00"} for _ in range(120)))
    page = client.ac("GET", "/deals", limit="500").json()
    assert (len(page["deals"]), page["meta"]["total"]) == (100, "120")
    assert page["deals"][0]["value"] == "100"
    contact = client.sync("a@example.org").json()["contact"]
    assert contact["udate"].endswith("-05:00")
    assert contact["deleted_at"] == "0000-00-00 00:00:00"
    with pytest.raises(ValueError, match="no kind of object"):
        shop.plant("nonsense", {})


def test_activecampaign_lists_what_changed_after_a_moment(client: Client, shop: Running) -> None:
    """Contacts by id and change, deals by change, a contact's memberships and values."""
    number = client.sync("a@example.org").json()["contact"]["id"]
    body = {"contactList": {"contact": number, "list": "1", "status": 1}}
    client.ac("POST", "/contactLists", body)
    for since, count in (("2999-01-01", 0), ("2020-01-01T00:00:00-05:00", 1)):
        found = client.ac("GET", "/contacts", **{"filters[updated_after]": since}).json()
        assert len(found["contacts"]) == count
    assert client.ac("GET", "/contacts", id_greater=number).json()["contacts"] == []
    links = client.ac("GET", f"/contacts/{number}/contactLists").json()["contactLists"]
    assert [(link["list"], link["status"]) for link in links] == [("1", "1")]
    assert client.ac("GET", "/contactLists").json()["contactLists"] == links
    shop.plant("deal", {"id": 1, "mdate": "2026-01-01T00:00:00-05:00"})
    late = client.ac("GET", "/deals", **{"filters[updated_after]": "2026-01-02"}).json()
    assert late["deals"] == []


# Twilio


def test_every_post_makes_a_message_of_its_own(client: Client, shop: Running) -> None:
    """Sending is not idempotent, so a blind retry texts twice."""
    first, second = client.text(), client.text()
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["sid"] != second.json()["sid"]
    assert len(shop.state()["twilio"]["messages"]) == 2


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": "015112345678"}, 21211),
        ({"To": ""}, 21604),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1_601}, 21617),
        ({"MessagingServiceSid": ""}, 21603),
        ({"MessagingServiceSid": "MGnothex"}, 21705),
        ({"ScheduleType": "fixed"}, 35111),
        ({"SendAt": later(600)}, 35126),
        ({"ScheduleType": "fixed", "SendAt": later(299)}, 35114),
        ({"ScheduleType": "fixed", "SendAt": later(35 * 86_400 + 1)}, 35114),
        ({"ScheduleType": "fixed", "SendAt": "tomorrow"}, 35115),
        (
            {
                "ScheduleType": "fixed",
                "SendAt": later(600),
                "MessagingServiceSid": "",
                "From": BERT,
            },
            35118,
        ),
    ],
)
def test_twilio_refuses_with_its_own_code(
    client: Client, shop: Running, form: dict[str, str], code: int
) -> None:
    """Bad recipient, sender, text or schedule: 400, the vendor's code, and no message."""
    answer = client.text(
        **{"to": form.get("To", ANNA)} | {k: v for k, v in form.items() if k != "To"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert shop.state()["twilio"]["messages"] == []


@pytest.mark.parametrize("seconds", [300, 35 * 86_400])
def test_message_is_scheduled_within_the_window_and_can_be_cancelled_once(
    client: Client, seconds: int
) -> None:
    """300 seconds and 35 days are both inside; a cancelled message cannot be cancelled again."""
    made = client.text(ScheduleType="fixed", SendAt=later(seconds)).json()
    assert made["status"] == "scheduled"
    path = f"Messages/{made['sid']}.json"
    assert client.twilio("POST", path, data={"Status": "canceled"}).json()["status"] == "canceled"
    assert client.twilio("POST", path, data={"Status": "canceled"}).json()["code"] == 30409


def test_opted_out_recipient_is_refused_and_others_are_not(client: Client, shop: Running) -> None:
    """21610 tells that this number answered STOP."""
    shop.opt_out(ANNA)
    assert client.text(ANNA).json()["code"] == 21610
    assert client.text(BERT).status_code == 201


def test_messages_are_listed_by_recipient_newest_first(client: Client) -> None:
    """Listing is how a send of unknown outcome is looked up."""
    sids = [client.text(ANNA).json()["sid"], client.text(BERT).json()["sid"]]
    sids.append(client.text(ANNA).json()["sid"])
    page = client.twilio("GET", "Messages.json", params={"To": ANNA}).json()
    assert [one["sid"] for one in page["messages"]] == [sids[2], sids[0]]
    short = client.twilio("GET", "Messages.json", params={"PageSize": "2"}).json()
    assert short["next_page_uri"] is not None
    assert client.twilio("GET", "Messages.json", params={"DateSent>": "2999-01-01"}).json()[
        "messages"
    ] == []  # fmt: skip


def test_twilio_wants_basic_authentication(client: Client) -> None:
    """Without it: 401 and error 20003."""
    url = f"{client.url}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    answer = requests.post(url, data={"To": ANNA}, auth=(ACCOUNT, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


# HubSpot


def test_deals_are_created_then_updated_by_their_unique_property(
    client: Client, shop: Running
) -> None:
    """The second batch says what is new; a null or empty value clears the property."""
    first = client.deals([deal(1, amount="100"), deal(2)])
    second = client.deals([deal(1, amount=""), deal(3)])
    assert [one["new"] for one in first.json()["results"]] == [True, True]
    assert [one["new"] for one in second.json()["results"]] == [False, True]
    assert first.status_code == second.status_code == 200
    deals = shop.state()["hubspot"]["deals"]
    assert sorted(deals) == ["d1", "d2", "d3"]
    assert deals["d1"] == {"dealname": "Deal 1", "millrace_deal_id": "d1"}
    read = client.hubspot("GET", "objects/deals/d2", params={"idProperty": "millrace_deal_id"})
    assert read.json()["properties"]["dealname"] == "Deal 2"


def test_bad_rows_fail_alone_only_when_every_row_is_traceable(
    client: Client, shop: Running
) -> None:
    """207 names the row by its trace id; without trace ids the whole batch falls with 400."""
    rows = [deal(1), deal(2, amount="much"), deal(3, no_such_property="x")]
    partial = client.deals(rows)
    body = partial.json()
    assert (partial.status_code, body["numErrors"]) == (207, 2)
    assert [one["context"]["objectWriteTraceId"] for one in body["errors"]] == [["2"], ["3"]]
    assert list(shop.state()["hubspot"]["deals"]) == ["d1"]
    assert client.deals([deal(8, trace=False), deal(9, amount="much")]).status_code == 400
    assert list(shop.state()["hubspot"]["deals"]) == ["d1"]


@pytest.mark.parametrize(
    ("inputs", "status"),
    [
        ([deal(n) for n in range(101)], 400),
        ([], 400),
        ([deal(1), deal(1)], 409),
        ([{**deal(1), "idProperty": "dealname"}], 400),
        ([{**deal(1), "idProperty": "unheard_of"}], 400),
        ([{"id": "d1", "properties": {}}], 400),
    ],
)
def test_batch_that_breaks_a_rule_writes_nothing(
    client: Client, shop: Running, inputs: list[dict[str, Any]], status: int
) -> None:
    """Over 100 inputs, duplicates (409) and a property that is not unique refuse all rows."""
    assert client.deals(inputs).status_code == status
    assert shop.state()["hubspot"]["deals"] == {}


def test_batch_update_creates_nothing_and_archive_removes(client: Client, shop: Running) -> None:
    """An unknown deal is an error of an update; archiving goes by the vendor's id."""
    number = client.deals([deal(1)]).json()["results"][0]["id"]
    updated = client.deals([deal(1, amount="5"), deal(2)], "update")
    assert (updated.status_code, updated.json()["numErrors"]) == (207, 1)
    assert shop.state()["hubspot"]["deals"]["d1"]["amount"] == "5"
    assert client.deals([{"id": number}], "archive").status_code == 204
    assert shop.state()["hubspot"]["deals"] == {}


def test_unique_property_can_be_created_once_and_then_used(client: Client) -> None:
    """A second creation conflicts."""
    given = {"name": "ref", "label": "Ref", "type": "string", "fieldType": "text"}
    given |= {"groupName": "dealinformation", "hasUniqueValue": True}
    statuses = [
        client.hubspot("POST", "properties/deals", json=given).status_code for _ in range(2)
    ]
    assert statuses == [201, 409]
    assert client.deals([{**deal(1), "idProperty": "ref"}]).status_code == 200


# Faults


def test_nth_request_fails_with_retry_after_and_leaves_no_trace(
    client: Client, shop: Running
) -> None:
    """Only the second contact is refused; nothing of it is stored, its request is recorded."""
    shop.inject({"kind": "status", "status": 429, "retry_after": 7, "path": "sync", "nth": [2]})
    answers = [client.sync(f"{name}@example.org") for name in "abc"]
    assert [one.status_code for one in answers] == [201, 429, 201]
    assert answers[1].headers["Retry-After"] == "7"
    assert list(shop.state()["activecampaign"]["contacts"]) == ["a@example.org", "c@example.org"]
    assert [one["fault"] for one in shop.requests()] == [None, "status", None]


@pytest.mark.parametrize("kind", ["status", "timeout", "reset"])
@pytest.mark.parametrize("applied", [False, True])
def test_lost_answer_leaves_work_done_or_undone_as_told(
    client: Client, shop: Running, kind: str, applied: bool
) -> None:
    """A 500, a silence or a reset can come before or after the message was made."""
    shop.inject({"kind": kind, "seconds": 0.1, "applied": applied, "times": 1})
    if kind == "status":
        assert client.text().status_code == 500
    else:
        with pytest.raises(requests.ConnectionError):
            client.text()
    assert len(shop.state()["twilio"]["messages"]) == int(applied)
    assert client.text().status_code == 201


def test_slow_answer_outlasts_an_impatient_caller(client: Client, shop: Running) -> None:
    """The work is done although the caller gave up."""
    shop.inject({"kind": "slow", "seconds": 0.5, "times": 1})
    url = f"{client.url}/hubspot/crm/v3/objects/deals/batch/upsert"
    with pytest.raises(requests.ReadTimeout):
        requests.post(url, json={"inputs": [deal(1)]}, headers=client.hubspot_headers, timeout=0.1)
    assert list(shop.state()["hubspot"]["deals"]) == ["d1"]


def test_each_vendor_says_rate_limited_in_its_own_way(client: Client, shop: Running) -> None:
    """The bulk importer says it with 400 and a text; the others with 429."""
    shop.inject({"kind": "rate_limited", "retry_after": 2})
    bulk = client.ac("POST", "/import/bulk_import", {"contacts": [{"email": "a@example.org"}]})
    assert (bulk.status_code, bulk.json()["message"]) == (400, "Rate limit exceeded.")
    assert "Retry-After" not in bulk.headers
    single, text, deals = client.sync("a@example.org"), client.text(), client.deals([deal(1)])
    assert [one.status_code for one in (single, text, deals)] == [429, 429, 429]
    assert {one.headers["Retry-After"] for one in (single, text, deals)} == {"2"}
    assert text.json()["code"] == 20429
    assert deals.json()["category"] == "RATE_LIMITS"
    shop.heal()
    assert client.sync("a@example.org").status_code == 201


def test_rate_can_be_enforced_per_second(client: Client, shop: Running) -> None:
    """Five requests pass, the sixth within the same second does not."""
    shop.inject({"kind": "rate_limited", "path": "/activecampaign/", "per_second": 5})
    statuses = [client.ac("GET", "/tags").status_code for _ in range(6)]
    assert statuses == [200] * 5 + [429]


def test_partial_failure_refuses_the_poisoned_rows_only(client: Client, shop: Running) -> None:
    """Each vendor reports such rows where its callers have to look for them."""
    shop.inject({"kind": "partial", "rows_containing": "poison"})
    assert client.deals([deal(1), deal(2, dealname="poison")]).status_code == 207
    contacts = [{"email": "poison@example.org"}, {"email": "ok@example.org"}]
    batch = client.ac("POST", "/import/bulk_import", {"contacts": contacts}).json()["batchId"]
    results = [client.ac("GET", "/import/info", batchId=batch).json() for _ in range(2)]
    assert results[1]["failure"] == ["poison@example.org"]
    assert client.sync("poison@example.org").status_code == 422
    assert client.text(Body="poison").json()["code"] == 21211
    assert list(shop.state()["hubspot"]["deals"]) == ["d1"]


def test_probable_faults_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    """Which requests fail depends on the rule's seed and nothing else."""
    runs = []
    for seed in (1, 1, 2):
        rule = {"kind": "status", "status": 503, "probability": 0.5, "seed": seed}
        with serve(faults=[rule]) as shop, requests.Session() as session:
            url = f"{shop.url}/hubspot/crm/v3/objects/deals"
            runs.append([session.get(url, timeout=5).status_code for _ in range(20)])
    assert runs[0] == runs[1] != runs[2]
    assert set(runs[0]) == {401, 503}


def test_malformed_rule_says_what_is_known(client: Client) -> None:
    """The control path answers 400 and names the kinds and fields there are."""
    for rules in ([{"kind": "explode"}], [{"kind": "reset", "odds": 1}], [{}]):
        answer = requests.post(f"{client.url}/_faults", json=rules, timeout=5)
        assert answer.status_code == 400
        assert "use " in answer.json()["message"] or "one of" in answer.json()["message"]


# State and record


def letter(name: str) -> bytes:
    made = EmailMessage()
    made["Message-ID"], made["Subject"], made["From"] = f"<{name}@shop>", name, "a@shop.example"
    made.set_content(name)
    return made.as_bytes()


def test_mail_is_kept_as_it_came_and_copies_are_counted() -> None:
    """The same Message-ID twice is one message with two copies: what a dispatcher must never cause."""
    with serve() as shop:
        with smtplib.SMTP(*shop.mail_url.removeprefix("smtp://").split(":")) as server:
            for name in "aab":
                server.sendmail("a@shop.example", [f"{name}@example.org"], letter(name))
        kept = {row["message_id"]: row for row in shop.state()["mail"]["messages"]}
        raw = requests.get(f"{shop.url}/mail/messages/1", timeout=5).json()["raw"]

    assert {name: row["copies"] for name, row in kept.items()} == {"<a@shop>": 2, "<b@shop>": 1}
    assert kept["<b@shop>"]["to"] == ["b@example.org"]
    assert "Subject: a" in raw


def test_digest_ignores_the_order_of_arrival_and_the_time(tmp_path: Path) -> None:
    """Two shops with the same work in another order are equal; one message more differs."""
    digests = []
    for names in ("abc", "cab", "abcd"):
        with serve() as shop:
            client = Client(shop)
            with client.session:
                for name in names:
                    client.sync(f"{name}@example.org")
                    client.text(Body=name)
                    client.deals([deal(ord(name))])
                    client.say(name)
                    with smtplib.SMTP(*shop.mail_url.removeprefix("smtp://").split(":")) as server:
                        server.sendmail("a@shop.example", [f"{name}@example.org"], letter(name))
            digests.append(shop.state()["digest"])
    assert digests[0] == digests[1]
    assert all(digests[0][vendor] != digests[2][vendor] for vendor in digests[0])


def test_slack_says_how_it_went_in_the_body_and_keeps_every_message(
    client: Client, shop: Running
) -> None:
    """HTTP 200 either way; the same text twice is two messages."""
    assert client.say("hello")["ok"]
    assert client.say("hello")["ok"]
    assert client.say("hello", "C0NOBODY") == {"ok": False, "error": "channel_not_found"}
    assert shop.state()["slack"]["messages"] == [{"channel": "C0SALES", "text": "hello"}] * 2


def test_hubspot_ties_what_is_there_and_nothing_else(client: Client, shop: Running) -> None:
    """A pair is tied once; one that names nobody fails the whole batch."""
    made = client.deals([deal(1)]).json()["results"][0]["id"]
    contact = {"id": "a@example.org", "idProperty": "email", "properties": {}}
    people = client.hubspot("POST", "objects/contacts/batch/upsert", json={"inputs": [contact]})
    person = people.json()["results"][0]["id"]
    url = f"{client.url}/hubspot/crm/v4/associations/deals/contacts/batch/associate/default"
    for other, status in ((person, 200), (person, 200), ("999", 400)):
        pair = {"inputs": [{"from": {"id": made}, "to": {"id": other}}]}
        answer = client.session.post(url, json=pair, headers=client.hubspot_headers, timeout=5)
        assert answer.status_code == status
    assert len(shop.state()["hubspot"]["associations"]) == 1


def test_secrets_are_not_recorded(client: Client, shop: Running, tmp_path: Path) -> None:
    """Requests are kept with body and headers, credentials are left out, also of the file."""
    client.sync("a@example.org")
    client.text()
    client.deals([deal(1)])
    recorded = shop.requests()
    assert [one["method"] for one in recorded] == ["POST"] * 3
    assert json.loads(recorded[0]["body"])["contact"]["email"] == "a@example.org"
    assert recorded[1]["headers"]["content-type"] == "application/x-www-form-urlencoded"
    secrets = [value for name, value in shop.environment().items() if name.endswith("TOKEN")]
    assert not any(secret in json.dumps(recorded) for secret in secrets)
    assert all("left out" in json.dumps(one["headers"]) for one in recorded)


def test_own_paths_show_state_requests_and_faults_over_http(client: Client, shop: Running) -> None:
    """A script in another process sees what `serve` gives in this one."""
    client.sync("a@example.org")
    get = requests.get
    assert get(f"{client.url}/_state", timeout=5).json() == shop.state()
    short = get(f"{client.url}/_state?digest=1", timeout=5).json()
    assert short == {"digest": shop.state()["digest"]}
    assert get(f"{client.url}/_requests?after=0", timeout=5).json() == shop.requests()
    rules = [{"kind": "reset", "path": "x"}]
    assert requests.post(f"{client.url}/_faults", json=rules, timeout=5).status_code == 201
    assert get(f"{client.url}/_faults", timeout=5).json()[0]["kind"] == "reset"
    assert requests.delete(f"{client.url}/_faults", timeout=5).status_code == 204
    requests.post(f"{client.url}/_optouts", json=[BERT], timeout=5)
    assert shop.state()["twilio"]["opt_outs"] == [BERT]


def test_state_survives_the_end_of_the_server(tmp_path: Path) -> None:
    """What was answered was committed: the next server on the same file knows it, and counts on."""
    path = tmp_path / "endpoints.sqlite"
    states = []
    for _ in range(2):
        with serve(path) as shop:
            client = Client(shop)
            with client.session:
                states.append(shop.state())
                client.text()
    assert (len(states[0]["twilio"]["messages"]), len(states[1]["twilio"]["messages"])) == (0, 1)


def test_killed_server_has_kept_every_answered_request(tmp_path: Path) -> None:
    """SIGKILL right after an answer loses nothing; the module prints its address first."""
    path = tmp_path / "endpoints.sqlite"
    command = [sys.executable, "-m", "examples.shop.endpoints", "--port", "0", "--state", str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        form = {"To": ANNA, "Body": "hello", "MessagingServiceSid": SERVICE}
        messages = f"{url}/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
        auth = (ACCOUNT, "shop-twilio-token")
        answers = [requests.post(messages, data=form, auth=auth, timeout=5) for _ in range(20)]
        process.send_signal(signal.SIGKILL)
    assert [one.status_code for one in answers] == [201] * 20
    connection = sqlite3.connect(path)
    kept = connection.execute("select count(*) from objects where kind = 'message'").fetchone()
    connection.close()
    assert kept == (20,)


def test_many_callers_at_once_lose_and_double_nothing(client: Client, shop: Running) -> None:
    """Eight threads write 400 messages and the same contact 400 times."""

    def work(place: int) -> list[int]:
        mine = Client(shop)
        with mine.session:
            return [
                answer.status_code
                for number in range(50)
                for answer in (mine.text(Body=f"{place}/{number}"), mine.sync("a@example.org"))
            ]

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for one in pool.map(work, range(8)) for status in one]
    assert len(statuses) == 800
    assert statuses.count(201) == 401  # 400 messages and the contact's creation
    bodies = [one["body"] for one in shop.state()["twilio"]["messages"]]
    assert len(set(bodies)) == len(bodies) == 400
    assert len(shop.requests()) == 800
