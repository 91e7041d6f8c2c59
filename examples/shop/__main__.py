"""The sample shop end to end: generate it, start its endpoints, run the main job against them, print what happened.

Running it again loads and pushes nothing new; killing it at any moment and running it again ends in the same state.
"""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

END = date(2026, 6, 30)
TELEMETRY_OFF = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "GX_ANALYTICS_ENABLED": "false",
}


def environment(home: Path, url: str, mail_url: str = "") -> dict[str, str]:
    """The settings under which the shop runs; the secrets are those of its own local endpoints."""
    return {
        **TELEMETRY_OFF,
        "MILLRACE_HOME": str(home),
        "MILLRACE_AS_OF": f"{END.isoformat()}T00:00:00Z",
        "MILLRACE_ACTIVECAMPAIGN_URL": f"{url}/activecampaign",
        "MILLRACE_ACTIVECAMPAIGN_TOKEN": "shop-activecampaign-token",
        "MILLRACE_ACTIVECAMPAIGN_RATE_SCALE": "100",
        "MILLRACE_TWILIO_URL": f"{url}/twilio",
        "MILLRACE_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "MILLRACE_TWILIO_AUTH_TOKEN": "shop-twilio-token",
        "MILLRACE_TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
        "MILLRACE_TWILIO_RATE_SCALE": "100",
        "MILLRACE_HUBSPOT_URL": f"{url}/hubspot",
        "MILLRACE_HUBSPOT_TOKEN": "shop-hubspot-token",
        "MILLRACE_HUBSPOT_RATE_SCALE": "100",
        "MILLRACE_SLACK_URL": f"{url}/slack",
        "MILLRACE_SLACK_TOKEN": "shop-slack-token",
        "MILLRACE_SLACK_RATE_SCALE": "100",
        "MILLRACE_SMTP_URL": mail_url,
        "MILLRACE_SMTP_FROM": "The Shop <letter@shop.example>",
        "MILLRACE_SMTP_RATE_SCALE": "100",
        # `millrace collect` answers there, for whoever opens a link of the shop's messages.
        "MILLRACE_COLLECTOR_PUBLIC_URL": "http://127.0.0.1:8030",
        "MILLRACE_COLLECTOR_SIGNING_KEY": "the key of the sample shop is no secret at all",
    }


def main(
    home: Annotated[Path, typer.Option(help="folder for everything the shop makes")],
    contacts: Annotated[int, typer.Option(help="how many contacts to generate")] = 2000,
    seed: Annotated[int, typer.Option(help="another seed is another shop")] = 7,
) -> None:
    """Generate the shop unless it is there, then run the whole job against its local endpoints."""
    home = home.resolve()
    console = Console()
    os.environ.update(TELEMETRY_OFF)
    from examples.shop.endpoints import serve
    from examples.shop.generate import generate
    from warehouse.memory import look_seldom

    look_seldom()
    marker = home / "shop" / f"generated-{contacts}-{seed}"
    if not marker.exists():
        console.print(f"Generating a year of a shop with {contacts:,} contacts …")
        rows = generate(home, contacts, seed, END)
        console.print(f"  {sum(rows.values()):,} rows landed in {home / 'landing'}")
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.touch()
    with serve(state=home / "shop" / "endpoints.sqlite") as endpoints:
        os.environ.update(environment(home, endpoints.url, endpoints.mail_url))
        from cli import summary
        from cli.job import run_with_progress
        from warehouse.settings import load

        settings = load()
        succeeded = run_with_progress(settings, "main", console)
        if succeeded:
            summary.show(settings, console)
    from cli.exit import leave

    leave(0 if succeeded else 1)


if __name__ == "__main__":
    typer.run(main)
