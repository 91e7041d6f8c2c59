"""Messages in Dagster: one asset that dispatches the outbox, after all that decides who may be written to."""

from typing import Any

import dagster as dg

from activations.outbox import dispatch
from activations.outbox.definitions import definitions
from activations.outbox.dispatch import Dispatch
from orchestration import journeys
from orchestration.resources import Installation
from orchestration.syncs import GROUP
from warehouse import clock
from warehouse.manifest import Manifest
from warehouse.settings import Settings

KEY = dg.AssetKey(["outbox", "messages"])
PERMISSION = (
    "dim_contacts", "dim_contact_permissions", "dim_suppressions", "dim_subscriptions", "dim_pending_confirmations",
    "fct_help_requests",
)  # fmt: skip


def outbox_asset(settings: Settings, manifest: Manifest) -> dg.AssetsDefinition:
    """Proposes, decides, renders and hands over; needs no credentials to be defined."""
    defined = definitions(settings, manifest)
    names = {
        name for campaign in defined.campaigns for name in (campaign.segment, *campaign.without)
    }
    names |= {model for message in defined.messages.values() for model in message.reads.values()}
    names |= {"score_send_hour", *PERMISSION} & set(manifest.models)

    @dg.asset(
        key=KEY,
        group_name=GROUP,
        kinds={rule.destination for rule in defined.rules.channels.values()},
        owners=["team:growth"],
        deps=[
            journeys.KEY,
            *(dg.AssetKey([manifest.models[name].schema, name]) for name in sorted(names)),
        ],
        description="Messages of journeys, campaigns and forms, decided and handed over.",
    )
    def messages(
        context: dg.AssetExecutionContext, installation: Installation
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]
        here, known = installation.settings(), installation.manifest()
        now = definitions(here, known)
        for words in now.broken.values():
            context.log.error(words)
        done = dispatch.dispatch(here, now, known, clock.as_of(here), installation.environ())
        for one in done:
            context.log.info("%s: %s", one.channel, one.summary)
        return dg.MaterializeResult(metadata=metadata(done))

    return messages


def metadata(done: list[Dispatch]) -> dict[str, Any]:
    """One line and every count per channel."""
    shown: dict[str, Any] = {one.channel: one.summary for one in done}
    for one in done:
        shown |= {f"{one.channel} {name}": count for name, count in one.verdicts.items()}
        shown |= {f"{one.channel} {name}": count for name, count in one.counts.items()}
    return shown
