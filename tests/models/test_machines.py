"""Machines are told from people by rules, each with evidence; what they do counts nowhere, and nothing is deleted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.models.lineage import closure
from warehouse.connection import connect
from warehouse.contract import contracts
from warehouse.internal import ensure, set_clock
from warehouse.load import load_table
from warehouse.manifest import load_manifest
from warehouse.settings import Settings, load
from warehouse.transform import build

NOW = datetime(2026, 6, 30, tzinfo=UTC)
SENT = datetime(2026, 6, 1, 10, tzinfo=UTC)
PERSON = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
)
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO = "YahooMailProxy; https://help.yahoo.example"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1)"

# Opens and clicks an hour after delivery: vendor, event and what it says; then who did it, by which rule.
SINGLE: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("sendgrid", {"event": "open", "useragent": PERSON}, "human", None),
    ("sendgrid", {"event": "open"}, "human", None),
    ("sendgrid", {"event": "open", "useragent": PERSON, "sg_machine_open": False}, "human", None),
    ("sendgrid", {"event": "open", "useragent": PERSON, "sg_machine_open": True}, "prefetch", "M1"),
    ("brevo", {"event": "opened"}, "human", None),
    ("brevo", {"event": "proxy_open"}, "prefetch", "M2"),
    ("brevo", {"event": "unique_proxy_open"}, "prefetch", "M2"),
    ("mailgun", {"event": "opened", "client-info": {"bot": ""}}, "human", None),
    ("mailgun", {"event": "opened", "client-info": {"bot": "apple"}}, "prefetch", "M3-apple"),
    ("mailgun", {"event": "opened", "client-info": {"bot": "gmail"}}, "proxy", "M3-gmail"),
    ("mailgun", {"event": "clicked", "client-info": {"bot": "generic"}}, "scanner", "M3-generic"),
    ("sparkpost", {"type": "open", "user_agent_parsed": {"is_prefetched": False}}, "human", None),
    ("sparkpost", {"type": "open", "user_agent_parsed": {"is_prefetched": True}}, "prefetch", "M6-prefetch"),
    ("sparkpost", {"type": "open", "user_agent_parsed": {"is_proxy": True}}, "proxy", "M6-proxy"),
    ("sendgrid", {"event": "open", "useragent": "Mozilla/5.0"}, "prefetch", "M8"),
    ("sendgrid", {"event": "click", "useragent": "Mozilla/5.0", "url": "a"}, "human", None),
    ("sendgrid", {"event": "open", "useragent": GMAIL}, "proxy", "M9"),
    ("sendgrid", {"event": "open", "useragent": "Mozilla/5.0 (via ggpht.com)"}, "proxy", "M9"),
    ("sendgrid", {"event": "open", "useragent": YAHOO}, "proxy", "M10"),
    ("sendgrid", {"event": "click", "useragent": "Barracuda Sentinel (EE)", "url": "a"}, "scanner", "M11"),
    ("sendgrid", {"event": "open", "useragent": "Mimecast URL check"}, "scanner", "M11"),
    ("sendgrid", {"event": "click", "useragent": "agent TMES/1", "url": "a"}, "scanner", "M11"),
    ("sendgrid", {"event": "click", "useragent": "The Hermes Browser timestamps", "url": "a"}, "human", None),
    ("sendgrid", {"event": "click", "useragent": "", "url": "a"}, "scanner", "M11-blank"),
    ("sendgrid", {"event": "open", "useragent": ""}, "human", None),
    ("sendgrid", {"event": "click", "url": "a"}, "human", None),
    ("sendgrid", {"event": "click", "useragent": "Office (ms-office; MSOffice 16)", "url": "a"}, "scanner", "M11-blank"),
    ("sendgrid", {"event": "open", "useragent": "Office (ms-office; MSOffice 16)"}, "human", None),
    ("sendgrid", {"event": "click", "useragent": GOOGLEBOT, "url": "a"}, "bot", "M16"),
    ("sendgrid", {"event": "click", "useragent": "python-requests/2.32", "url": "a"}, "bot", "M16"),
    ("sendgrid", {"event": "open", "useragent": GOOGLEBOT}, "human", None),
    ("sendgrid", {"event": "click", "useragent": "Mozilla/5.0 (Linux; CUBOT_X18) Chrome/99", "url": "a"}, "human", None),
]  # fmt: skip

# Messages with several clicks: seconds after delivery and link; then who did each, by which rule.
BURSTS: dict[str, list[tuple[int, str, str, str | None]]] = {
    "fast click": [(3, "a", "scanner", "M13"), (6, "a", "human", None)],
    "click before delivery": [(-30, "a", "scanner", "M13")],
    "three at once": [(100, "a", "scanner", "M14"), (101, "b", "scanner", "M14"), (102, "c", "scanner", "M14"), (300, "a", "human", None)],
    "two at once": [(100, "a", "human", None), (101, "b", "human", None)],
    "one three times": [(100, "a", "human", None), (100, "a?", "human", None), (101, "a", "human", None)],
    "three in a minute": [(100, "a", "human", None), (120, "b", "human", None), (140, "c", "human", None)],
    "hidden link": [(100, "a", "scanner", "M14-trap"), (130, "x?id=1&mr_trap=1", "scanner", "M14-trap"), (200, "a", "human", None)],
    "leaves and stays": [(100, "a", "scanner", "M14-leave"), (100, "u/unsubscribe?t=1", "scanner", "M14-leave"), (110, "a", "human", None)],
    "leaves": [(100, "u/unsubscribe?t=1", "human", None), (104, "a", "human", None)],
}  # fmt: skip


def vendor_rows() -> dict[str, list[dict[str, Any]]]:
    """Every case as its vendor would post it, the message delivered at `SENT`; a message's number is its case's."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("sendgrid", "brevo", "mailgun", "sparkpost")}  # fmt: skip

    def sendgrid(message: str, key: str, seconds: int, **rest: Any) -> None:
        at = int(SENT.timestamp()) + seconds
        rows["sendgrid"].append({"email": "a@b.example", "sg_message_id": message, "sg_event_id": key, "timestamp": at, **rest})  # fmt: skip

    for number, (source, event, _, _) in enumerate(SINGLE):
        at = int(SENT.timestamp()) + 3600
        match source:
            case "sendgrid":
                sendgrid(f"s{number}", f"s{number}-d", 0, event="delivered")
                sendgrid(f"s{number}", f"s{number}-e", 3600, **event)
            case "brevo":
                rows["brevo"].append({"email": "a@b.example", "message-id": f"s{number}", "ts_epoch": at * 1000, **event})  # fmt: skip
            case "mailgun":
                rows["mailgun"].append({"id": f"s{number}", "timestamp": at, "recipient": "a@b.example", "message": {"headers": {"message-id": f"s{number}"}}, **event})  # fmt: skip
            case _:
                rows["sparkpost"].append({"event_id": f"s{number}", "timestamp": str(at), "message_id": f"s{number}", "rcpt_to": "a@b.example", **event})  # fmt: skip
    for name, clicks in BURSTS.items():
        sendgrid(name, f"{name}-d", 0, event="delivered")
        for number, (seconds, url, _, _) in enumerate(clicks):
            sendgrid(name, f"{name}-{number}", seconds, event="click", url=url, useragent=PERSON)
    sendgrid("opened at once", "o-d", 0, event="delivered")
    sendgrid("opened at once", "o-1", 1, event="open", useragent=PERSON)
    sendgrid("opened at once", "o-2", 2, event="open", useragent=PERSON)
    sendgrid("fetched at once", "f-d", 0, event="delivered")
    sendgrid("fetched at once", "f-1", 1, event="open", useragent=GMAIL)
    return rows


def site_rows() -> list[dict[str, Any]]:
    """Calls of a person and of bots, each of its own device."""
    calls = [
        ("person", "page", None, {}, PERSON),
        ("unknown", "page", None, {}, None),
        ("bot", "page", None, {}, GOOGLEBOT),
        ("bot", "track", "Product Viewed", {"product_id": "p"}, "HeadlessChrome/126"),
        ("scanner", "page", None, {}, "proofpoint probe"),
        (
            "buyer",
            "track",
            "Order Completed",
            {"order_id": "o1", "revenue": 5},
            "python-requests/2",
        ),
        ("gmail", "page", None, {}, GMAIL),
        ("giver", "track", "Product Added", {"price": "free"}, PERSON),
        ("rich", "track", "Product Added", {"price": 1e30}, PERSON),
    ]
    return [
        {
            "type": kind,
            "event": name,
            "messageId": f"m{number}",
            "anonymousId": device,
            "timestamp": (SENT + timedelta(minutes=number)).isoformat(),
            "properties": properties,
            "context": {"userAgent": agent} if agent else {},
        }
        for number, (device, kind, name, properties, agent) in enumerate(calls)
    ]


@dataclass(frozen=True)
class Built:
    """The warehouse after loading and building."""

    settings: Settings

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What a query finds."""
        with connect(self.settings) as con:
            return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Webhooks and site events landed, and every model built that judges or counts them."""
    settings = load({"MILLRACE_HOME": str(tmp_path_factory.mktemp("machines"))})
    for source, rows in {**vendor_rows(), "segment": site_rows()}.items():
        path = settings.landing / source / "events" / "a.ndjson"
        path.parent.mkdir(parents=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    manifest = load_manifest(settings)
    known = contracts(manifest)
    with connect(settings) as con:
        ensure(con, known)
        set_clock(con, NOW)
        loaded = [
            result
            for contract in known.values()
            for result in load_table(con, settings, contract, NOW)
        ]
    assert {result.status for result in loaded} == {"loaded"}
    names = closure(manifest, "int_messages__messages", "int_events__daily", "int_events__hourly")
    failed = [
        f"{r.name}: {r.message}" for r in build(settings, names, unit_tests=False) if not r.passed
    ]
    assert failed == []
    return Built(settings)


def judged(built: Built) -> dict[str, tuple[str, str | None, bool]]:
    """Who did each reaction, by which rule, and whether it counts, by vendor and message."""
    rows = built.rows(
        "select r.message_event_id, made_by, split_part(evidence, ' ', 1), is_human "
        "from intermediate.int_messages__reactions as r"
    )
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


@pytest.mark.parametrize("number", range(len(SINGLE)))
def test_each_rule_and_what_it_must_leave_alone(built: Built, number: int) -> None:
    """By the vendor's flag and by the user agent."""
    source, event, made_by, rule = SINGLE[number]
    found = built.rows(
        "select made_by, split_part(evidence, ' ', 1), is_human, evidence "
        "from intermediate.int_messages__reactions "
        f"where message_id like '{source}:s{number}' or message_id like '{source}:s{number}:%'"
    )

    assert [row[:3] for row in found] == [(made_by, rule, made_by in ("human", "proxy"))], event
    assert rule is None or ": " in found[0][3]


@pytest.mark.parametrize("name", sorted(BURSTS))
def test_speed_and_breadth(built: Built, name: str) -> None:
    """What no person does with a mouse, and what one does."""
    found = judged(built)

    for number, (_, _, made_by, rule) in enumerate(BURSTS[name]):
        counts = made_by == "human"
        assert found[f"sendgrid:{name}-{number}"] == (made_by, rule, counts), number


def test_an_open_within_a_second_is_a_scanners_unless_a_proxy_fetched_it(built: Built) -> None:
    """Google fetches when a person reads."""
    found = judged(built)

    assert found["sendgrid:o-1"] == ("scanner", "M13-open", False)
    assert found["sendgrid:o-2"] == ("human", None, True)
    assert found["sendgrid:f-1"] == ("proxy", "M9", True)


def test_messages_count_people_only_and_lose_nothing(built: Built) -> None:
    """The first open and click are a person's; machines are counted beside them."""
    [(opened, clicked, machines)] = built.rows(
        "select count(first_opened_at), count(first_clicked_at), sum(machine_event_count) "
        "from intermediate.int_messages__messages"
    )
    [(humans, others)] = built.rows(
        "select count(*) filter (is_human), count(*) filter (not is_human) "
        "from intermediate.int_messages__reactions"
    )
    [(events,)] = built.rows(
        "select count(*) from intermediate.int_messages__responses where event in ('opened', 'clicked')"
    )

    assert (machines, humans + others) == (others, events)
    assert (
        opened
        == built.rows(
            "select count(distinct message_id) from intermediate.int_messages__reactions "
            "where event = 'opened' and made_by in ('human', 'proxy')"
        )[0][0]
    )
    assert (
        clicked
        == built.rows(
            "select count(distinct message_id) from intermediate.int_messages__reactions "
            "where event = 'clicked' and made_by in ('human', 'proxy')"
        )[0][0]
    )


def test_bots_on_the_site_are_marked_and_not_counted(built: Built) -> None:
    """Page views of bots and scanners stay, with the reason; an order is an order."""
    marked = built.rows(
        "select anonymous_node, split_part(machine_evidence, ' ', 1) "
        "from intermediate.int_events__unioned where machine_evidence is not null order by all"
    )
    daily = built.rows("select distinct node from intermediate.int_events__daily order by 1")
    hourly = built.rows("select distinct node from intermediate.int_events__hourly order by 1")
    [(events,)] = built.rows("select count(*) from intermediate.int_events__unioned")

    assert marked == [("anon:bot", "M16"), ("anon:bot", "M16"), ("anon:scanner", "M11")]
    people = ["buyer", "giver", "gmail", "person", "rich", "unknown"]
    assert daily == [(f"anon:{name}",) for name in people]
    # What is put into a cart is no visit.
    assert hourly == [(f"anon:{name}",) for name in people if name not in ("giver", "rich")]
    assert events == len(site_rows())


def test_a_price_that_is_no_number_stops_nothing(built: Built) -> None:
    """The event counts, its value is not known."""
    rows = built.rows(
        "select value_cents from intermediate.int_events__unioned where anonymous_node in ('anon:giver', 'anon:rich')"
    )

    assert rows == [(None,), (None,)]
