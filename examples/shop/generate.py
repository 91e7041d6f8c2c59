"""Generates a year of the shop as landing files, block by block of contacts, and writes down what was planted.

Deterministic: the same contacts, seed and end give the same bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import track

from examples.shop import crm, mail, registry, sms, web, world
from examples.shop.people import People, make_people
from examples.shop.write import iso, write_csv, write_json_lines, write_parquet

BLOCK_CONTACTS = 25_000


def generate(
    home: Path, contacts: int, seed: int = 7, end: date = date(2026, 6, 30)
) -> dict[str, int]:
    """Write landing files and truths below `home`; returns rows per table. Nothing happens at or after `end`."""
    moment = int(datetime(end.year, end.month, end.day, tzinfo=UTC).timestamp())
    rows: dict[str, int] = {}
    firsts = range(0, contacts, BLOCK_CONTACTS)
    for block, first in enumerate(
        track(firsts, "generating", transient=True, disable=len(firsts) < 2)
    ):
        rng = np.random.default_rng([seed, block])
        people = make_people(rng, first, min(BLOCK_CONTACTS, contacts - first), moment)
        for table, count in _block(rng, people, home, block).items():
            rows[table] = rows.get(table, 0) + count
    landing = home / "landing"
    rows["crm.owners"] = write_csv(crm.owners(), landing / "crm" / "owners" / "owners.csv")
    rows["shop.products"] = write_csv(
        registry.products(), landing / "shop" / "products" / "products.csv"
    )
    truth = home / "shop" / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    weights = {"win_weights": world.WIN_WEIGHTS, "variant_click_rate": world.VARIANT_CLICK.tolist()}
    (truth / "weights.json").write_text(json.dumps(weights, indent=2, sort_keys=True))
    return rows


def _block(rng: np.random.Generator, people: People, home: Path, block: int) -> dict[str, int]:
    landing, truth, name = home / "landing", home / "shop" / "truth", f"block_{block:03}"
    sessions = web.make_sessions(rng, people)
    site = web.events(rng, people, sessions, block)
    mails = mail.make_mails(rng, people, sessions)
    sent = mail.events(rng, people, mails)
    texts = sms.events(rng, people, sessions, block)
    deals = crm.make_deals(rng, people, block)
    rows = {
        "shop.contacts": write_csv(
            registry.contacts(rng, people, block), landing / "shop" / "contacts" / f"{name}.csv"
        ),
        "shop.contact_tags": write_csv(
            registry.tags(rng, people), landing / "shop" / "contact_tags" / f"{name}.csv"
        ),
        "shop.consents": write_csv(
            registry.consents(rng, people), landing / "shop" / "consents" / f"{name}.csv"
        ),
        "segment.events": write_json_lines(
            web.json_lines(site), landing / "segment" / "events" / f"{name}.ndjson.gz"
        ),
        "sendgrid.events": write_json_lines(
            mail.json_lines(sent, block), landing / "sendgrid" / "events" / f"{name}.ndjson.gz"
        ),
        "twilio.message_status": write_json_lines(
            texts, landing / "twilio" / "message_status" / f"{name}.ndjson"
        ),
        "crm.accounts": write_csv(
            crm.accounts(people), landing / "crm" / "accounts" / f"{name}.csv"
        ),
    }
    for table in ("deals", "deal_stages", "deal_changes"):
        if deals:
            rows[f"crm.{table}"] = write_parquet(
                deals[table], landing / "crm" / table / f"{name}.parquet"
            )
    if deals:
        tasks = deals["tasks"].with_columns(iso("created_at"), iso("due_at"), iso("completed_at"))
        columns = (
            "task_id",
            "deal_id",
            "contact_id",
            "owner_id",
            "type",
            "direction",
            "created_at",
            "due_at",
            "completed_at",
        )
        rows["crm.tasks"] = write_csv(
            tasks.select(columns), landing / "crm" / "tasks" / f"{name}.csv"
        )
        write_parquet(deals["truth"], truth / f"deals_{name}.parquet")
    write_parquet(registry.truth(people), truth / f"contacts_{name}.parquet")
    return rows


def main(
    out: Annotated[Path, typer.Option(help="folder that gets landing/ and shop/truth/")],
    contacts: Annotated[int, typer.Option(help="how many contacts")] = 2000,
    seed: Annotated[int, typer.Option(help="another seed is another shop")] = 7,
    end: Annotated[
        datetime, typer.Option(help="the day after the last", formats=["%Y-%m-%d"])
    ] = datetime(2026, 6, 30),  # noqa: DTZ001
) -> None:
    """Generate the shop and print the rows per table."""
    rows = generate(out, contacts, seed, end.date())
    for table, count in sorted(rows.items()):
        print(f"{table:<24}{count:>12,}")
    print(f"{'in all':<24}{sum(rows.values()):>12,}")


if __name__ == "__main__":
    typer.run(main)
