"""What every connector to an ActiveCampaign account shares: address, token, and one rate for all of them."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar

from activations.connector import Rate
from activations.token_account import TokenAccount

API = "/api/3"
PER_SECOND = Rate(5, 1.0)


class ActiveCampaignAccount(TokenAccount, ABC):
    """One account, found by its own URL: https://developers.activecampaign.com/reference/authentication (2026-11)."""

    shares = "activecampaign"
    needs = ("MILLRACE_ACTIVECAMPAIGN_URL", "MILLRACE_ACTIVECAMPAIGN_TOKEN")
    url_in, key_in = needs
    scale_in = "MILLRACE_ACTIVECAMPAIGN_RATE_SCALE"
    header = ("Api-Token", "{}")
    rates: ClassVar[tuple[Rate, ...]] = (PER_SECOND,)
