"""The sample shop's generator: the same bytes every time, complete tables, and truths that can be found again."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from examples.shop.generate import generate
from warehouse.contract import contracts
from warehouse.manifest import load_manifest
from warehouse.settings import load

END = date(2026, 6, 30)
SOURCES = ("shop", "segment", "sendgrid", "twilio", "crm")


def digest(home: Path) -> dict[str, str]:
    """Name and sha256 of everything below a folder."""
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of 3 000 contacts."""
    home = tmp_path_factory.mktemp("shop")
    generate(home, 3000, 7, END)
    return home


def query(sql: str) -> list[tuple[Any, ...]]:
    """Rows of a query over files."""
    return duckdb.execute(sql).fetchall()


def test_same_seed_gives_the_same_bytes_and_another_seed_another_shop(tmp_path: Path) -> None:
    """Whoever generates the shop sees the same one."""
    for name, seed in (("one", 7), ("two", 7), ("three", 8)):
        generate(tmp_path / name, 300, seed, END)

    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    assert digest(tmp_path / "one") != digest(tmp_path / "three")


def test_every_table_of_the_shops_sources_is_written(shop: Path) -> None:
    """No contract of the sample's sources goes without a file."""
    wanted = {
        label for label in contracts(load_manifest(load({}))) if label.split(".")[0] in SOURCES
    }
    written = {
        ".".join(path.relative_to(shop / "landing").parts[:2])
        for path in (shop / "landing").rglob("*.*")
    }

    assert wanted <= written


def test_nothing_happens_at_or_after_the_end(shop: Path) -> None:
    """The sample's now is its end: nobody knows the future."""
    landing = shop / "landing"
    latest = [
        query(
            f"select max(\"timestamp\"::timestamp) from read_json('{landing}/segment/events/*.gz')"
        ),
        query(
            f"select max(to_timestamp(\"timestamp\")::timestamp) from read_json('{landing}/sendgrid/events/*.gz')"
        ),
        query(f"select max(entered_at) from '{landing}/crm/deal_stages/*.parquet'"),
        query(f"select max(created_at::timestamp) from read_csv('{landing}/crm/tasks/*.csv')"),
    ]

    assert [rows for rows in latest if str(rows[0][0]) >= "2026-06-30"] == []


def test_keys_of_events_are_unique(shop: Path) -> None:
    """Every event can be told from every other."""
    landing = shop / "landing"
    rows = query(
        f"select count(*) - count(distinct messageId) from read_json('{landing}/segment/events/*.gz') "
        f"union all select count(*) - count(distinct sg_event_id) from read_json('{landing}/sendgrid/events/*.gz')"
    )

    assert rows == [(0,), (0,)]


def test_two_in_a_hundred_people_are_there_twice(shop: Path) -> None:
    """Another id, the same address spelt differently."""
    [(people, rows)] = query(
        "select count(distinct lower(trim(email))), count(*) "
        f"from read_csv('{shop}/landing/shop/contacts/*.csv')"
    )

    assert people == 3000
    assert 0.01 < (rows - people) / people < 0.03


def test_visits_peak_where_it_was_planted(shop: Path) -> None:
    """A contact's visits fall within two hours of the planted peak three times as often as chance has it."""
    [(near,)] = query(
        "with visits as (select t.true_peak_hour as peak, "
        "extract(hour from timezone(e.context->>'timezone', timezone('UTC', e.\"timestamp\"::timestamp))) as hour "
        f"from read_json('{shop}/landing/segment/events/*.gz') as e "
        f"inner join '{shop}/shop/truth/contacts_*.parquet' as t on e.userId = t.contact_id "
        "where e.type = 'page') "
        "select avg(case when least(abs(hour - peak), 24 - abs(hour - peak)) <= 2 then 1.0 else 0 end) from visits"
    )

    assert near > 3 * 5 / 24 * 0.9


def test_deals_with_a_high_planted_chance_are_won_more_often(shop: Path) -> None:
    """The truth that was written down is the one that decided."""
    rows = query(
        "select ntile, avg((d.status = 'won')::int) from (select *, ntile(3) over (order by true_win_probability) as ntile "
        f"from '{shop}/shop/truth/deals_*.parquet') as t inner join '{shop}/landing/crm/deals/*.parquet' as d "
        "using (deal_id) where d.status <> 'open' group by ntile order by ntile"
    )
    low, middle, high = (share for _, share in rows)

    assert low < 0.25 < middle < 0.6 < high


def test_each_group_clicks_its_own_variant_most(shop: Path) -> None:
    """Of opened mails, the planted best variant of a group is clicked most."""
    rows = query(
        "with events as (select split_part(message_key, ':', 2) as contact_id, variant, message_key, event "
        f"from read_json('{shop}/landing/sendgrid/events/*.gz') "
        "where event in ('open', 'click') and sg_machine_open is null and url is distinct from 'https://shop.example/about'), "
        "opened as (select distinct contact_id, variant, message_key from events where event = 'open'), "
        "clicked as (select distinct message_key from events where event = 'click') "
        "select t.variant_group, t.true_best_variant, max_by(variant, rate) from ("
        "select t.variant_group, o.variant, avg((c.message_key is not null)::int) as rate from opened as o "
        f"inner join '{shop}/shop/truth/contacts_*.parquet' as t using (contact_id) "
        "left join clicked as c using (message_key) group by all) as r "
        f"inner join (select distinct variant_group, true_best_variant from '{shop}/shop/truth/contacts_*.parquet') as t "
        "using (variant_group) group by all"
    )

    assert len(rows) == 3
    assert [best for _, best, found in rows if best != found] == []
