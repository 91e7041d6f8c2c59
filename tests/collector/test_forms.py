"""What a form takes, refuses, suspects and keeps; and what the links in messages do, and do not do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from collector.app import application
from collector.errors import FormError
from collector.forms.limit import Limit
from collector.settings import Settings, read
from warehouse import tokens
from warehouse.errors import SettingsError

KEY, OLD_KEY = "k" * 32, "o" * 32
SHOP, EVIL = "https://www.shop.example", "https://evil.example"
ADA = {"email": "Ada@Mail.example ", "first_name": "Ada", "consent_news": "true"}
LETTER = """
title: The <letter>
fields:
  - {name: email, type: email, label: E-mail address, required: true}
  - {name: mobile, type: phone, label: Mobile number}
  - {name: first_name, type: text, label: First name}
  - {name: taste, type: select, label: Taste, options: [Sweet, "Salt & sour"]}
  - {name: gift, type: checkbox, label: It is a gift}
  - {name: campaign, type: hidden, value: none}
consents:
  - {name: news, channel: email, text: Send me the letter, version: "3", opt_in: double, required: true}
  - {name: texts, channel: sms, purpose: alerts, text: Text me, version: "1", opt_in: single}
after: {message: Look into your mail}
origins: [https://www.shop.example]
least_seconds: 0
"""
CALLBACK = """
title: Call me
fields: [{name: phone, type: phone, label: Phone, required: true}]
after: {redirect: "https://www.shop.example/thanks"}
"""


def open_door(home: Path, **more: str) -> Settings:
    forms = home / "models" / "forms"
    forms.mkdir(parents=True, exist_ok=True)
    (forms / "letter.yml").write_text(LETTER, encoding="utf-8")
    (forms / "callback.yml").write_text(CALLBACK, encoding="utf-8")
    environ = {"MILLRACE_HOME": str(home), "MILLRACE_COLLECTOR_SIGNING_KEY": f"{KEY},{OLD_KEY}"}
    return read({**environ, **more}, forms)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return open_door(tmp_path)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(application(settings), base_url="https://door.example") as found:
        yield found


def landed(settings: Settings, client: TestClient, table: str = "submissions") -> list[Any]:
    """Everything that the loader would see once the server has stopped."""
    client.__exit__(None, None, None)
    files = sorted((settings.landing / "forms" / table).glob("collector-*.ndjson"))
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def stamp_of(text: str) -> str:
    [found] = re.findall(r'name="stamp" value="([^"]+)"', text)
    return str(found)


def test_a_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    """No script, no font, no picture, one language, a label for each field; the form's words are escaped."""
    answer = client.get("/forms/letter")

    assert answer.status_code == 200
    assert "The &lt;letter&gt;" in answer.text and "<letter>" not in answer.text
    assert "Salt &amp; sour" in answer.text
    assert not re.search(r"<script|<link|<img|src=|@import|url\(", answer.text)
    ids = re.findall(r'<(?:input|select)[^>]* id="([^"]+)"', answer.text)
    assert len(ids) == 7
    assert all(f'<label for="{name}"' in answer.text for name in ids)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert f"frame-ancestors 'self' {SHOP}" in policy


def test_what_a_page_sends_lands(settings: Settings, client: TestClient) -> None:
    page = client.get("/forms/letter?campaign=spring&anonymous_id=dev-1")
    assert 'name="campaign" value="spring"' in page.text
    fields = {
        **ADA,
        "mobile": "+49 (30) 123-456",
        "taste": "Salt & sour",
        "campaign": "spring",
        "anonymous_id": "dev-1",
        "page": "https://www.shop.example/blog",
        "stamp": stamp_of(page.text),
        "consent_texts": "on",
        "shoe_size": "38",
    }

    answer = client.post("/forms/letter", data=fields, headers={"User-Agent": "Firefox"})

    [row] = landed(settings, client)
    assert answer.status_code == 200 and "Look into your mail" in answer.text
    assert (row["form"], row["email"], row["phone"]) == (
        "letter",
        "Ada@Mail.example",
        "+49 (30) 123-456",
    )
    assert row["traits"] == {"first_name": "Ada", "taste": "Salt & sour", "campaign": "spring"}
    assert [(c["purpose"], c["channel"], c["version"], c["opt_in"]) for c in row["consents"]] == [
        ("marketing", "email", "3", "double"),
        ("alerts", "sms", "1", "single"),
    ]
    assert (row["anonymous_id"], row["suspicion"], row["extra"]) == (
        "dev-1",
        None,
        {"shoe_size": "38"},
    )
    assert row["evidence"] | {"submission_id": "", "submitted_at": ""} == {
        "form": "letter",
        "submission_id": "",
        "page": "https://www.shop.example/blog",
        "ip": "testclient",
        "user_agent": "Firefox",
        "submitted_at": "",
    }
    assert row["submission_id"] == row["evidence"]["submission_id"]


@pytest.mark.parametrize("how", ["json", "multipart", "form"])
def test_every_way_to_post_is_read(settings: Settings, client: TestClient, how: str) -> None:
    if how == "json":
        answer = client.post("/forms/letter", json={**ADA, "consent_news": True, "gift": True})
        assert answer.json() == {"success": True, "message": "Look into your mail"}
    elif how == "multipart":
        files = {name: (None, value) for name, value in {**ADA, "gift": "yes"}.items()}
        answer = client.post("/forms/letter", files=files)
    else:
        answer = client.post("/forms/letter", data={**ADA, "gift": "on"})

    [row] = landed(settings, client)
    assert answer.status_code == 200
    assert (row["email"], row["traits"]["gift"]) == ("Ada@Mail.example", "true")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "ada"}, "email"),
        ({"email": "a@x.example, b@x.example"}, "email"),
        ({"email": "a" * 250 + "@x.example"}, "email"),
        ({"email": ["a@x.example"]}, "email"),
        ({"mobile": "030 123456"}, "mobile"),
        ({"first_name": "x" * 1001}, "first_name"),
        ({"taste": "Bitter"}, "taste"),
        ({"consent_news": ""}, "consent_news"),
        ({"consent_texts": True}, "mobile"),
    ],
)
def test_what_is_wrong_is_said_by_field(
    settings: Settings, client: TestClient, changes: dict[str, Any], field: str
) -> None:
    answer = client.post("/forms/letter", json={**ADA, **changes})

    assert answer.status_code == 422
    assert list(answer.json()["fields"]) == [field]
    assert landed(settings, client) == []


def test_the_page_comes_back_with_what_was_typed(client: TestClient) -> None:
    page = client.get("/forms/letter")
    stamp = stamp_of(page.text)
    typed = {
        "email": 'no"<b>',
        "first_name": "Ada",
        "taste": "Sweet",
        "gift": "true",
        "stamp": stamp,
        "page": "https://www.shop.example/x",
    }

    answer = client.post("/forms/letter", data=typed)

    assert answer.status_code == 422
    assert 'value="no&quot;&lt;b&gt;"' in answer.text and "<b>" not in answer.text
    assert 'value="Ada"' in answer.text and "<option selected>Sweet" in answer.text
    assert re.search(r'name="gift"[^>]* checked', answer.text)
    assert answer.text.count('aria-invalid="true"') == 2
    assert stamp_of(answer.text) == stamp
    assert 'name="page" value="https://www.shop.example/x"' in answer.text
    for wrong in re.findall(r'aria-describedby="([^"]+)"', answer.text):
        assert f'id="{wrong}"' in answer.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"no parts", "multipart/form-data", 400),
        (b"a=" + b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    ],
)
def test_a_body_nobody_can_read_is_refused(
    settings: Settings, client: TestClient, content: bytes, kind: str, status: int
) -> None:
    answer = client.post("/forms/letter", content=content, headers={"Content-Type": kind})
    assert answer.status_code == status
    assert landed(settings, client) == []


def test_what_looks_like_a_machine_is_kept_and_marked(tmp_path: Path) -> None:
    settings = open_door(tmp_path)
    (settings.forms / "letter.yml").write_text(LETTER.replace("least_seconds: 0", ""))
    now = datetime.now(UTC)
    early, long_ago = (
        tokens.mint_stamp([KEY], "letter", now - timedelta(seconds=seconds)) for seconds in (0, 60)
    )
    other = tokens.mint_stamp([KEY], "callback", now - timedelta(seconds=60))
    with TestClient(application(settings)) as client:
        for more in (
            {"website": "https://spam.example"},
            {"stamp": early},
            {"stamp": "made up"},
            {"stamp": other},
            {"stamp": long_ago},
            {},
            {"website": "x", "stamp": early},
        ):
            assert client.post("/forms/letter", data={**ADA, **more}).status_code == 200
        rows = landed(settings, client)

    assert [row["suspicion"] for row in rows] == [
        "honeypot",
        "too_fast",
        "stamp",
        "stamp",
        None,
        None,
        "honeypot, too_fast",
    ]


def test_a_second_click_is_no_second_submission(settings: Settings, client: TestClient) -> None:
    stamp = stamp_of(client.get("/forms/letter").text)
    for name in ("Ada", "Ada", "Eva"):
        client.post("/forms/letter", data={**ADA, "stamp": stamp, "first_name": name})

    first, second, corrected = (row["submission_id"] for row in landed(settings, client))
    assert first == second != corrected


def test_after_a_form_the_browser_goes_where_the_form_says(client: TestClient) -> None:
    fields = {"phone": "+49 30 123456"}
    page = client.get("/forms/callback")
    browser = client.post("/forms/callback", data=fields, follow_redirects=False)
    program = client.post("/forms/callback", json=fields)

    assert (browser.status_code, browser.headers["location"]) == (303, f"{SHOP}/thanks")
    assert program.json() == {"success": True, "redirect": f"{SHOP}/thanks"}
    # Without its target in the policy, browsers would not go there after a post.
    assert f"form-action 'self' {SHOP};" in page.headers["content-security-policy"]


def test_only_the_forms_origins_may_use_it(settings: Settings, client: TestClient) -> None:
    asks = {"Access-Control-Request-Method": "POST"}
    good = client.options("/forms/letter", headers={"Origin": SHOP, **asks})
    bad = client.options("/forms/letter", headers={"Origin": EVIL, **asks})
    posted = client.post("/forms/letter", json=ADA, headers={"Origin": SHOP})
    refused = client.post("/forms/letter", json=ADA, headers={"Origin": EVIL})
    wrong = client.post("/forms/letter", json={}, headers={"Origin": SHOP})
    own = client.post("/forms/letter", data=ADA, headers={"Origin": "https://door.example"})
    elsewhere = client.post(
        "/forms/callback", json={"phone": "+4930123456"}, headers={"Origin": SHOP}
    )

    assert (good.status_code, good.headers["access-control-allow-origin"]) == (204, SHOP)
    assert posted.headers["access-control-allow-origin"] == SHOP
    assert wrong.headers["access-control-allow-origin"] == SHOP
    assert [a.status_code for a in (bad, refused, elsewhere)] == [403, 403, 403]
    assert all("access-control-allow-origin" not in a.headers for a in (bad, refused, own))
    assert (own.status_code, len(landed(settings, client))) == (200, 2)


def test_one_address_may_not_post_all_day(tmp_path: Path) -> None:
    settings = open_door(tmp_path, MILLRACE_COLLECTOR_FORM_POSTS_PER_MINUTE="3")
    with TestClient(application(settings)) as client:
        answers = [client.post("/forms/letter", json=ADA) for _ in range(4)]
        page = client.post("/forms/letter", data=ADA, headers={"Accept": "text/html"})
        assert client.get("/forms/letter").status_code == 200
        assert len(landed(settings, client)) == 3

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3].headers["retry-after"]) <= 20
    assert page.status_code == 429 and "<main>" in page.text
    with pytest.raises(SettingsError, match="whole number"):
        open_door(tmp_path, MILLRACE_COLLECTOR_FORM_POSTS_PER_MINUTE="many")


def test_the_limit_fills_again_and_knows_who_is_who() -> None:
    moment = [0.0]
    limit = Limit(2, lambda: moment[0])

    assert [limit.wait("192.0.2.1") for _ in range(3)] == [0, 0, 30]
    # One household has a whole /64 of IPv6.
    assert [limit.wait(f"2001:db8::{n}") for n in range(1, 4)] == [0, 0, 30]
    assert limit.wait("2001:db8:0:1::1") == 0
    assert [limit.wait("::ffff:192.0.2.1"), limit.wait("192.0.2.2"), limit.wait("?")] == [30, 0, 0]
    moment[0] = 30.0
    assert [limit.wait("192.0.2.1") for _ in range(2)] == [0, 30]


def test_the_snippet_is_one_script_that_no_text_can_break(settings: Settings) -> None:
    text = LETTER.replace("The <letter>", "'</script><script>alert(1)</script>'")
    (settings.forms / "letter.yml").write_text(text, encoding="utf-8")
    with TestClient(application(settings), base_url="https://door.example") as client:
        answer = client.get("/forms/letter.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-store"
    assert "<" not in answer.text.split("given = ")[1].split("\n")[0]
    assert "https://door.example/forms/letter" in answer.text


def test_without_a_key_forms_and_links_are_closed(tmp_path: Path) -> None:
    forms = open_door(tmp_path).forms
    settings = read({"MILLRACE_HOME": str(tmp_path), "MILLRACE_COLLECTOR_WRITE_KEYS": "k"}, forms)
    with TestClient(application(settings)) as client:
        for path in ("/forms/letter", "/confirm/x", "/unsubscribe/x"):
            assert client.get(path).status_code == client.post(path).status_code == 503
        assert client.get("/forms/nothing").status_code == 404
        assert client.get("/healthz").status_code == 200


def test_a_broken_form_stops_the_start(settings: Settings) -> None:
    (settings.forms / "broken.yml").write_text("title: x")
    with pytest.raises(FormError, match=r"broken\.yml, line 1, fields: this is missing"):
        application(settings)


def confirm_link(now: datetime, keys: tuple[str, ...] = (KEY,)) -> str:
    return f"/confirm/{tokens.mint_confirmation(keys, 's1', 'email', 'ada@mail.example', now)}"


def test_opening_a_link_does_nothing(settings: Settings, client: TestClient) -> None:
    """Scanners open every link in a message, some of them with HEAD."""
    leave = f"/unsubscribe/{tokens.mint_unsubscribe([KEY], 'email', 'ada@mail.example')}"
    for link in (confirm_link(datetime.now(UTC)), leave):
        answer = client.get(link)
        assert (answer.status_code, answer.text.count("<button")) in ((200, 1), (200, 2))
        assert "ada@mail.example" not in answer.text
        assert "no-store" in answer.headers["cache-control"]
        assert client.head(link).status_code == 200

    assert landed(settings, client, "confirmations") == []
    assert landed(settings, client, "preferences") == []


def test_the_button_confirms(settings: Settings, client: TestClient) -> None:
    link = confirm_link(datetime.now(UTC) - timedelta(days=1), (OLD_KEY,))
    answer = client.post(link, headers={"User-Agent": "Firefox"})

    [row] = landed(settings, client, "confirmations")
    assert answer.status_code == 200 and "confirmed" in answer.text
    assert (row["submission_id"], row["channel"], row["address"]) == (
        "s1",
        "email",
        "ada@mail.example",
    )
    assert row["evidence"] == {
        "ip": "testclient",
        "user_agent": "Firefox",
        "at": row["confirmed_at"],
    }


@pytest.mark.parametrize(
    ("link", "status"),
    [
        (confirm_link(datetime(2026, 1, 1, tzinfo=UTC)), 410),
        (confirm_link(datetime.now(UTC), ("x" * 32,)), 404),
        (confirm_link(datetime.now(UTC))[:-1], 404),
        ("/confirm/" + tokens.mint_unsubscribe([KEY], "email", "a@x.example"), 404),
        ("/confirm/x", 404),
        ("/unsubscribe/x", 404),
    ],
    # Links are minted anew in every process: without names of their own, no two workers would collect the same tests.
    ids=["too old", "another key", "cut short", "of another kind", "no token", "no token to leave"],
)
def test_a_link_that_is_not_ours_or_too_old_does_nothing(
    settings: Settings, client: TestClient, link: str, status: int
) -> None:
    assert client.get(link).status_code == status
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == status
    assert landed(settings, client, "confirmations") == []
    assert landed(settings, client, "preferences") == []


LEAVE = "/unsubscribe/" + tokens.mint_unsubscribe((OLD_KEY,), "email", "ada@mail.example", ["tips"])


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
        {"content": b""},
    ],
)
def test_one_click_leaves_what_the_message_was_for(
    settings: Settings, client: TestClient, sent: dict[str, Any]
) -> None:
    """RFC 8058: no cookie, no second question, no redirect; form-encoded or multipart, by a key of years ago."""
    answer = client.post(LEAVE, follow_redirects=False, **sent)

    [row] = landed(settings, client, "preferences")
    assert answer.status_code == 200 and not answer.has_redirect_location
    assert {name: row[name] for name in ("channel", "address", "purpose", "status", "method")} == {
        "channel": "email",
        "address": "ada@mail.example",
        "purpose": "tips",
        "status": "opt_out",
        "method": "one_click",
    }


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({"purpose": ["marketing"]}, ["marketing"]),
        ({"purpose": ["tips", "marketing", "alerts"]}, ["tips", "marketing"]),
        ({"all": "yes"}, ["marketing", "tips"]),
    ],
)
def test_on_the_page_everybody_leaves_what_they_tick(
    settings: Settings, client: TestClient, fields: dict[str, Any], left: list[str]
) -> None:
    """Offered is what the message was for and what our forms ask for on that channel; `alerts` is for texts only."""
    page = client.get(LEAVE)
    offered = re.findall(r'name="purpose" value="([^"]+)"( checked)?', page.text)
    answer = client.post(LEAVE, data={"from": "page", **fields})

    rows = landed(settings, client, "preferences")
    assert offered == [("tips", " checked"), ("marketing", "")]
    assert answer.status_code == 200
    assert [row["purpose"] for row in rows] == left
    assert {row["method"] for row in rows} == {"preference_page"}


def test_nothing_ticked_is_asked_again(settings: Settings, client: TestClient) -> None:
    assert client.post(LEAVE, data={"from": "page"}).status_code == 422
    assert landed(settings, client, "preferences") == []


def test_events_stay_open_to_every_page_and_links_to_none(client: TestClient) -> None:
    headers = {"Origin": EVIL, "Access-Control-Request-Method": "POST"}
    assert client.options("/v1/track", headers=headers).status_code == 200
    answer = client.get(LEAVE, headers={"Origin": EVIL})
    assert "access-control-allow-origin" not in answer.headers
